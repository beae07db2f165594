// Writing the outcome of a pass: one commit of kind EVALUATION, with the cursor, and
// with what it says of plugins.
//
// Thread rule: a free function, any thread but the store's own.
#ifndef POLICYTRACK_SERVICES_APP_EVALUATION_WRITE_H_
#define POLICYTRACK_SERVICES_APP_EVALUATION_WRITE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "policytrack/v1/plugin.pb.h"
#include "services/app/evaluation_pass.h"
#include "services/app/figures.h"
#include "storage/store.h"

namespace policytrack::app {

// What a pass changes of series, by parent.
using OutputWrites = std::map<std::string, std::vector<storage::SeriesWrite>>;

OutputWrites WritesOf(std::map<std::string, ParentPatch> patches);

// Writes an outcome, `writes` in the place of its patches.
// Returns the revision that all outputs stand for then, and in `plugins` the records
// of plugins that it wrote, for the engine; else what the store returns.
absl::StatusOr<int64_t> WriteOutcome(storage::Store& store, const EvaluationPass::Outcome& outcome,
                                     const OutputWrites& writes,
                                     std::vector<v1::PluginRecord>* plugins);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EVALUATION_WRITE_H_
