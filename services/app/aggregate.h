// Aggregation: several series of one group become one, period by period.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_AGGREGATE_H_
#define POLICYTRACK_SERVICES_APP_AGGREGATE_H_

#include <vector>

#include "core/columns.h"
#include "policytrack/v1/indicator.pb.h"

namespace policytrack::app {

// A part counts from the first period at which it has a value; where it then
// has none, the aggregate is missing with PART_MISSING. The quality is the
// worst of the parts, a break that of any part, the revision the greatest. Sums
// are compensated and taken in the order of `parts`, so the same parts in the
// same order give the same bits. REQUIRES: an aggregation other than none and
// the weighted mean.
Columns Aggregate(const std::vector<Columns>& parts, v1::Aggregation aggregation);

// The weighted mean, by the same rules: quality, break and revision are those of
// the weights too. A part without weight where it has a value makes the mean
// missing with PART_MISSING, a negative weight with UNDEFINED, weights that sum
// to 0 with ZERO_BASE. REQUIRES: one column of weights for each part.
Columns WeightedMean(const std::vector<Columns>& parts, const std::vector<Columns>& weights);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_AGGREGATE_H_
