// Writing the outcome of a pass: one commit of kind EVALUATION, with the cursor, and
// with what it says of plugins.
//
// Thread rule: a free function, any thread but the store's own.
#ifndef POLICYTRACK_SERVICES_APP_EVALUATION_WRITE_H_
#define POLICYTRACK_SERVICES_APP_EVALUATION_WRITE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "policytrack/v1/plugin.pb.h"
#include "services/app/evaluation_pass.h"
#include "storage/store.h"

namespace policytrack::app {

// Returns the revision that all outputs stand for then, and in `plugins` the records
// of plugins that it wrote, for the engine; else what the store returns.
absl::StatusOr<int64_t> WriteOutcome(storage::Store& store, const EvaluationPass::Outcome& outcome,
                                     std::vector<v1::PluginRecord>* plugins);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EVALUATION_WRITE_H_
