// What must be known beside a judgement, so that its figure is not taken for
// another: periods after it that have no value, and what a year has had so far.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_PROGRESS_NOTES_H_
#define POLICYTRACK_SERVICES_APP_PROGRESS_NOTES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/columns.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"

namespace policytrack::app {

// "2024 has no value because ...": of the last periods behind position `at`, when
// there are any. What has no value by its nature, such as a holiday, is not named.
std::string NewerWithoutValue(const Columns& values, int64_t at, v1::Frequency frequency);

// Under a method that holds a year's sum against what is due of it: the sum of the
// flows of the year up to the position. nullopt under others, of other series and of
// weeks, which belong to no calendar year.
std::optional<double> AmountOfYear(const v1::Target& target, const Columns& values, int64_t at,
                                   v1::Frequency frequency, v1::Accumulation accumulation);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PROGRESS_NOTES_H_
