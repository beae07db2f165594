// Copies of the database: made while it is used, and put in place of one that is
// lost.
//
// Thread rule: CopyDatabase that of the view's connection; RestoreCopy any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_BACKUP_H_
#define POLICYTRACK_STORAGE_SQLITE_BACKUP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sqlite/view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// See Store::CopyTo. The copy is one file: it needs no log beside it. Throws
// SQLite::Exception; callers guard. Only what the database's own file meets is an I/O
// error (IsIoError); what its disk refuses to the copy is not.
absl::StatusOr<StoreState> CopyDatabase(const View& view, const std::string& file,
                                        const Store::Progress& progress);

// Checks the whole of a copy and puts it into a directory that is missing or empty
// as its database. `expected_chain`, unless it is empty, is how the chain digest of
// the copy's last revision begins, in hexadecimal.
// Returns FAILED_PRECONDITION, with what is wrong and what to do, when the
// directory is not empty or cannot be used; when the copy is no database of ours,
// of a newer version, has a log beside it or another chain digest; INTERNAL /
// STORE_DAMAGED when it is damaged. The directory is as it was then.
absl::StatusOr<VerifyReport> RestoreCopy(const std::string& copy, const std::string& data_dir,
                                         absl::string_view expected_chain);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_BACKUP_H_
