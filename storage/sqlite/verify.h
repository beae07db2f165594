// The deep check of a database: its file, the chain of its commits, and that
// what is stored is what each commit says it wrote.
//
// Thread rule: that of the view's connection.
#ifndef POLICYTRACK_STORAGE_SQLITE_VERIFY_H_
#define POLICYTRACK_STORAGE_SQLITE_VERIFY_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/view.h"
#include "storage/sqlite/wal_scan.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// As many problems are told apart; all are counted.
inline constexpr size_t kMaxProblems = 20;

// Which store it is. Throws SQLite::Exception; callers guard.
StoreState StateOf(const View& view);

// Reads everything; with `first_only` up to the first problem. `progress` may be
// null. Damage is in the report.
// Returns CANCELLED when `progress` said so, and UNAVAILABLE / STORE_BUSY.
absl::StatusOr<VerifyReport> VerifyDatabase(const View& view, const Store::Progress& progress,
                                            bool first_only = false);

// Puts it in front of the other problems of the report.
void AddLogDamage(const LogDamage& damage, VerifyReport* report);

// Ok, or INTERNAL / STORE_DAMAGED with the first problem of the report.
absl::Status StatusOfReport(const VerifyReport& report);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_VERIFY_H_
