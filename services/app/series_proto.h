// Columns as the messages that clients read.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_SERIES_PROTO_H_
#define POLICYTRACK_SERVICES_APP_SERIES_PROTO_H_

#include <string>
#include <vector>

#include "core/columns.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack::app {

// Sets dimensions, output and frequency, not the points.
// REQUIRES: as many values as ids.
void DescribeSeries(const std::vector<std::string>& dimension_ids,
                    const std::vector<std::string>& values, const std::string& output,
                    v1::Frequency frequency, v1::Series* series);

// Appends the points [begin, end) of `columns`.
void AppendPoints(const Columns& columns, size_t begin, size_t end, v1::Series* series);

// One point as a row.
v1::Observation ToObservation(const std::vector<std::string>& dimension_ids,
                              const std::vector<std::string>& values, const std::string& output,
                              v1::Frequency frequency, const Columns& columns, size_t index);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_SERIES_PROTO_H_
