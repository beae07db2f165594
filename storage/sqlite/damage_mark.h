// What a check found is kept beside the database: to find damage takes a look at
// everything, which a start has no time for.
//
// Thread rule: free functions, any thread; one writes at a time.
#ifndef POLICYTRACK_STORAGE_SQLITE_DAMAGE_MARK_H_
#define POLICYTRACK_STORAGE_SQLITE_DAMAGE_MARK_H_

#include <string>

#include "absl/status/status.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

inline constexpr char kDamageMark[] = "policytrack.damaged";

// Makes the mark when the report has problems, and takes it away when it has none.
// Returns INTERNAL when that cannot be done.
absl::Status KeepInMind(const std::string& data_dir, const VerifyReport& report);

// Returns INTERNAL / STORE_DAMAGED, with what was found, when there is a mark.
absl::Status CheckMark(const std::string& data_dir);

// The same for who wants a copy, in words that a client may see.
absl::Status CheckMarkForCopy(const std::string& data_dir);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_DAMAGE_MARK_H_
