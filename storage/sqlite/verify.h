// The deep check of a database: its file, the chain of its commits, and that
// what is stored is what each commit says it wrote.
//
// Thread rule: that of the view's connection.
#ifndef POLICYTRACK_STORAGE_SQLITE_VERIFY_H_
#define POLICYTRACK_STORAGE_SQLITE_VERIFY_H_

#include "absl/status/status.h"
#include "storage/sqlite/view.h"

namespace policytrack::storage::sqlite {

// Reads everything. Throws SQLite::Exception; callers guard.
// Returns INTERNAL / STORE_DAMAGED, with the first commit that does not match
// where it is one.
absl::Status VerifyAll(const View& view);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_VERIFY_H_
