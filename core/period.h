// Periods: (frequency, ordinal) and their text.
//
// Ordinals: day since 1970-01-01, ISO week since the week of 1969-12-29, month
// year*12+month-1, quarter year*4+quarter-1, half-year year*2+half-1, year.
// Fiscal years are years with a stated first month, named by the year in which
// they start. Years go from 1 to 9999.
#ifndef POLICYTRACK_CORE_PERIOD_H_
#define POLICYTRACK_CORE_PERIOD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack {

// The ordinal of a text of exactly this frequency's form: 2024-09-05, 2024-W07,
// 2024-09, 2024-Q3, 2024-S1, 2024.
// Returns INVALID_ARGUMENT / FIELD_INVALID with a message that names the form
// expected and, if the text is of another frequency, that frequency. `field` is
// the field that the error names.
absl::StatusOr<int64_t> ParsePeriod(v1::Frequency frequency, absl::string_view text,
                                    absl::string_view field = "period");

// Months in a period; 0 for days and weeks.
int MonthsIn(v1::Frequency frequency);

// The text of an ordinal in range; REQUIRES: IsValidPeriod(frequency, ordinal).
std::string FormatPeriod(v1::Frequency frequency, int64_t ordinal);

// Whether the ordinal lies in years 1 to 9999.
bool IsValidPeriod(v1::Frequency frequency, int64_t ordinal);

// Periods in a year: 365.25 for days, 365.25/7 for weeks, 12, 4, 2, 1; NaN for a
// frequency that is none.
double PeriodsPerYear(v1::Frequency frequency);

// The calendar year that a period ends in (for weeks the ISO year).
int64_t YearOf(v1::Frequency frequency, int64_t ordinal);

// First and last day of the period; a year starts in `year_start_month` (1 to 12),
// which matters to years alone. REQUIRES: IsValidPeriod(frequency, ordinal).
absl::CivilDay FirstDay(v1::Frequency frequency, int64_t ordinal, int year_start_month = 1);
absl::CivilDay LastDay(v1::Frequency frequency, int64_t ordinal, int year_start_month = 1);

// "month", "quarter" and so on, for messages.
absl::string_view FrequencyWord(v1::Frequency frequency);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_PERIOD_H_
