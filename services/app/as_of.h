// Turning the AsOf of a request into a revision, the same for every read.
//
// Thread rule: free function, any thread.
#ifndef POLICYTRACK_SERVICES_APP_AS_OF_H_
#define POLICYTRACK_SERVICES_APP_AS_OF_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "policytrack/v1/common.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// storage::kPresent when `has_as_of` is false, else the revision meant.
// Returns INVALID_ARGUMENT / FIELD_INVALID, naming `as_of`, when neither point
// is set, for a revision below 1 or above the present one, and for a time that
// is no time or lies before the first commit.
absl::StatusOr<int64_t> ResolveAsOf(storage::ReadTransaction& tx, bool has_as_of,
                                    const v1::AsOf& as_of);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_AS_OF_H_
