// The `at_least_revision` of reads: waiting until evaluation has passed it.
//
// Thread rule: free function, any thread; blocks.
#ifndef POLICYTRACK_SERVICES_APP_AWAIT_REVISION_H_
#define POLICYTRACK_SERVICES_APP_AWAIT_REVISION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "services/app/evaluator.h"
#include "storage/store.h"

namespace policytrack::app {

// Waits, at most 10 seconds. 0 does not wait.
// Returns INVALID_ARGUMENT / FIELD_INVALID, naming `at_least_revision`, when it is
// negative, above the present revision, or given together with as_of;
// DEADLINE_EXCEEDED / EVALUATION_BEHIND when evaluation did not pass it in time.
absl::Status AwaitRevision(const storage::Store& store, Evaluator& evaluator, bool has_as_of,
                           int64_t at_least_revision);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_AWAIT_REVISION_H_
