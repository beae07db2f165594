// The data set and the definitions around it as messages of the contract.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_BENCH_MESSAGES_H_
#define POLICYTRACK_BENCH_MESSAGES_H_

#include <string>
#include <vector>

#include "bench/figures.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation_service.pb.h"
#include "policytrack/v1/plan.pb.h"

namespace policytrack::bench {

// The ids under which everything is created.
inline constexpr char kDataset[] = "figures";
inline constexpr char kIndicator[] = "growth";
inline constexpr char kPlan[] = "plan";

using PushMessages = std::vector<v1::PushObservationsRequest>;

// A monthly dataset with one dimension, `region`.
v1::Dataset MakeDataset();
// Growth on the year before, region by region.
v1::Indicator MakeGrowth();
v1::Plan MakePlan();
// A measure with texts and sources as the measures of catalog/ have them, and
// one target on the growth of each of these series.
v1::Measure MakeMeasure(const Figures& figures, const std::vector<int>& series);

// The months [first, end) of every series, as columns and as rows with names.
PushMessages AsColumns(const Figures& figures, int first, int end);
// The same of the series [first_series, end_series) only.
PushMessages AsColumns(const Figures& figures, int first_series, int end_series, int first,
                       int end);
PushMessages AsRows(const Figures& figures, int first, int end);
// One observation.
v1::PushObservationsRequest OneRow(const Figures& figures, int series, int month);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_MESSAGES_H_
