// What the further assessments of a target say beside its own: the same pure function
// at the same period and as of the same revision, computed when asked and not stored.
//
// Thread rule: free functions, on the thread of the HistoryFigures.
#ifndef POLICYTRACK_SERVICES_APP_FURTHER_JUDGEMENTS_H_
#define POLICYTRACK_SERVICES_APP_FURTHER_JUDGEMENTS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/progress.pb.h"
#include "services/app/computed_reader.h"

namespace policytrack::app {

// Adds them to a target that is judged at `period`, and whether all agree. An
// assessment that cannot be computed says why and does not hide the others. Returns
// what the store returns.
absl::Status JudgeFurther(HistoryFigures& figures, const v1::Target& target,
                          std::optional<int64_t> period, v1::TargetProgress* progress);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_FURTHER_JUDGEMENTS_H_
