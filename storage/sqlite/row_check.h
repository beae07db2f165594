// Whether what was read of a row can be what was written: SQLite does not look into
// texts, and a changed bit in one would be told to clients as if it were sound.
//
// Thread rule: pure functions.
#ifndef POLICYTRACK_STORAGE_SQLITE_ROW_CHECK_H_
#define POLICYTRACK_STORAGE_SQLITE_ROW_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// INTERNAL / STORE_DAMAGED that names what is damaged, also in metadata `resource`.
absl::Status DamagedIn(absl::string_view resource, absl::string_view what);

// The same status, but that of damage which names nothing as DamagedIn `resource`.
absl::Status NameDamage(const absl::Status& status, absl::string_view resource);

// Returns DamagedIn the commit when a text in it is no UTF-8, or it is of no known kind.
absl::Status CheckCommit(const Commit& commit);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_ROW_CHECK_H_
