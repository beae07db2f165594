#include "core/period_calendar.h"

#include "absl/time/civil_time.h"
#include "core/period.h"

namespace policytrack {
namespace {

constexpr absl::CivilDay kEpochDay(1970, 1, 1);

int64_t FloorDivide(int64_t number, int64_t by) {
  return number / by - (number % by != 0 && (number < 0) != (by < 0) ? 1 : 0);
}

// The period of `frequency` that a month, year * 12 + month - 1, lies in.
int64_t PeriodOfMonth(v1::Frequency frequency, int64_t month, int year_start_month) {
  const int64_t shift = frequency == v1::FREQUENCY_YEAR ? year_start_month - 1 : 0;
  return FloorDivide(month - shift, MonthsIn(frequency));
}

int64_t FirstMonthOf(v1::Frequency frequency, int64_t period, int year_start_month) {
  const int64_t shift = frequency == v1::FREQUENCY_YEAR ? year_start_month - 1 : 0;
  return period * MonthsIn(frequency) + shift;
}

int64_t MonthOfDay(int64_t day) {
  const absl::CivilDay civil = kEpochDay + day;
  return civil.year() * 12 + civil.month() - 1;
}

int64_t FirstDayOfMonth(int64_t month) {
  const int64_t year = FloorDivide(month, 12);
  return absl::CivilDay(year, month - year * 12 + 1, 1) - kEpochDay;
}

// The ordinal of the week of a day: weeks begin on Monday, 1969-12-29 is one.
int64_t WeekOfDay(int64_t day) { return FloorDivide(day + 3, 7); }
int64_t FirstDayOfWeek(int64_t week) { return week * 7 - 3; }

}  // namespace

bool IsFebruary(int64_t month) { return month - FloorDivide(month, 12) * 12 == 1; }

int64_t PeriodCalendar::Up(int64_t source) const {
  if (from_ == to_) return source;
  if (from_ == v1::FREQUENCY_DAY) {
    return to_ == v1::FREQUENCY_WEEK ? WeekOfDay(source)
                                     : PeriodOfMonth(to_, MonthOfDay(source), year_start_month_);
  }
  const int64_t last_month = FirstMonthOf(from_, source, year_start_month_) + MonthsIn(from_) - 1;
  return PeriodOfMonth(to_, last_month, year_start_month_);
}

int64_t PeriodCalendar::First(int64_t period) const {
  if (from_ == to_) return period;
  if (from_ == v1::FREQUENCY_DAY) {
    return to_ == v1::FREQUENCY_WEEK
               ? FirstDayOfWeek(period)
               : FirstDayOfMonth(FirstMonthOf(to_, period, year_start_month_));
  }
  return FloorDivide(FirstMonthOf(to_, period, year_start_month_), MonthsIn(from_));
}

}  // namespace policytrack
