// The period that lies whole years before another, by the calendar.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_GROWTH_CALENDAR_H_
#define POLICYTRACK_PLUGINS_BUILTIN_GROWTH_CALENDAR_H_

#include <cstdint>
#include <optional>

namespace growth {

// Days since 1970-01-01 of a day of the proleptic Gregorian calendar.
int64_t DayNumber(int64_t year, int month, int day);

// Months, quarters, half-years and years: the same one of the year before. Days:
// the same day of the same month; none for 29 February when that year has none.
// Weeks: the ISO week of the same number; none for week 53 when that year has
// none. `frequency` is a PT_FREQUENCY_ number.
std::optional<int64_t> YearsBefore(uint32_t frequency, int64_t period, int64_t years);

// Which part of its year a period is: equal for periods that are whole years
// apart.
int64_t PartOfYear(uint32_t frequency, int64_t period);

// The most periods that `years` years can have.
int64_t MostPeriods(uint32_t frequency, int64_t years);

// The fewest periods after which a year has passed.
int64_t PeriodsOfOneYear(uint32_t frequency);

}  // namespace growth

#endif  // POLICYTRACK_PLUGINS_BUILTIN_GROWTH_CALENDAR_H_
