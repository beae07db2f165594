// Going back from a computed value to the figures that it rests on: which are
// not there, which failed, and of which vintage the rest are.
//
// Thread rule: free functions, on the thread of the HistoryFigures.
#ifndef POLICYTRACK_SERVICES_APP_DATA_GAPS_H_
#define POLICYTRACK_SERVICES_APP_DATA_GAPS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/columns.h"
#include "policytrack/v1/measure.pb.h"
#include "services/app/calculation.h"
#include "services/app/computed_reader.h"

namespace policytrack::app {

// Why a target's indicator has no value, or none at `period`, in words: "no
// figures yet for datasets/x". `values` are those of its output for the group.
absl::StatusOr<std::string> WhyNoValue(HistoryFigures& figures, const v1::Target& target,
                                       const std::vector<std::string>& group, const Columns& values,
                                       std::optional<int64_t> period,
                                       const std::string& period_text);

// The failure of an indicator or of one that feeds it, in words; "" when there
// is none.
absl::StatusOr<std::string> FailureUpstream(HistoryFigures& figures, const std::string& indicator);

// The greatest revision of the datasets' points that make the figures of a period
// that feed a group of an indicator: of a year made of running totals that of
// December; 0 when there are none.
absl::StatusOr<int64_t> VintageOf(HistoryFigures& figures, const std::string& indicator,
                                  const std::vector<std::string>& group, int64_t period);

// The dimension values of a series that feeds an input: "region = henan", "" for
// a series without dimensions or of totals only.
std::string SeriesWords(const ResolvedInput& input, const std::string& key);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_DATA_GAPS_H_
