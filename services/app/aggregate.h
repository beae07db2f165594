// Aggregation: several series of one group become one, period by period.
//
// Thread rule: free function, any thread.
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
// same order give the same bits. REQUIRES: an aggregation other than none.
Columns Aggregate(const std::vector<Columns>& parts, v1::Aggregation aggregation);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_AGGREGATE_H_
