// How far one target has come: a view of the indicator's output and of the
// judgement that evaluation stored, or computed on demand.
//
// Thread rule: free functions, on the thread of the HistoryFigures.
#ifndef POLICYTRACK_SERVICES_APP_TARGET_PROGRESS_H_
#define POLICYTRACK_SERVICES_APP_TARGET_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/progress.pb.h"
#include "services/app/computed_reader.h"
#include "services/app/times.h"
#include "storage/store.h"

namespace policytrack::app {

// A target judged, and the period as an ordinal where there is one.
struct JudgedTarget {
  v1::TargetProgress progress;
  std::optional<int64_t> period;
  // What progress.reason says, one by one: why there is no status or why it is stale,
  // why newer periods have no value (progress_notes.h), and the amount of the year so
  // far, in the unit of the target, where that is what is judged.
  std::string reason;
  std::string newer;
  std::optional<double> amount_of_year;
};

// Judges at the latest period with a value, or at `period` where it is not
// empty. Returns INVALID_ARGUMENT / FIELD_INVALID, naming `period`, when that is
// not a period of the indicator's frequency, and what the store returns.
absl::StatusOr<JudgedTarget> JudgeTarget(HistoryFigures& figures, const v1::Measure& measure,
                                         const v1::Target& target, absl::string_view period);

// The values of a target's group in the order of the indicator's group_by.
absl::StatusOr<std::vector<std::string>> GroupValuesOf(HistoryFigures& figures,
                                                       const v1::Target& target);

// NOT_FOUND / RESOURCE_NOT_FOUND for a measure or a plan that is not there at
// `revision`, saying whether it was deleted or never existed and what to do.
// Returns what the store returns, and INTERNAL / STORE_DAMAGED when a stored
// body cannot be parsed.
absl::Status NotJudgeable(storage::ReadTransaction& tx, const std::string& name, int64_t revision);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_TARGET_PROGRESS_H_
