#include "plugins/builtin/attainment/years.h"

#include "policytrack_plugin.hpp"

namespace attainment {
namespace {

constexpr int64_t kMonthsOfYear = 12;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t Modulo(int64_t a, int64_t b) { return a - FloorDivide(a, b) * b; }

// Months that a period of the frequency has; 0 for days and weeks.
int64_t MonthsOf(uint32_t frequency) {
  switch (frequency) {
    case PT_FREQUENCY_MONTH:
      return 1;
    case PT_FREQUENCY_QUARTER:
      return 3;
    case PT_FREQUENCY_HALF_YEAR:
      return 6;
    case PT_FREQUENCY_YEAR:
      return kMonthsOfYear;
    default:
      return 0;
  }
}

// Days from 1970-01-01 to the first day of a month of the proleptic Gregorian
// calendar, the month counted as year * 12 + month - 1. Years are counted from
// 1 March, so that a leap day is the last day of one.
int64_t FirstDay(int64_t month) {
  constexpr int64_t kDaysOf400Years = 146097;
  constexpr int64_t kFromMarchOfYear0 = 719468;
  const int64_t from_march = month - 2;
  const int64_t year = FloorDivide(from_march, kMonthsOfYear);
  const int64_t of_year = (153 * Modulo(from_march, kMonthsOfYear) + 2) / 5;
  const int64_t era = FloorDivide(year, 400);
  const int64_t year_of_era = year - era * 400;
  return era * kDaysOf400Years + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year -
         kFromMarchOfYear0;
}

// The last day of the first year ending with `end_month` (0 to 11) that ends on or
// after a day.
int64_t YearEndFrom(int64_t day, int64_t end_month) {
  // The year before that of the day, or the one before that.
  const int64_t about = FloorDivide(day * 400, 146097) + 1970 - 1;
  int64_t month = about * kMonthsOfYear + end_month;
  while (FirstDay(month + 1) - 1 < day) month += kMonthsOfYear;
  return FirstDay(month + 1) - 1;
}

// Week w, since that of 1969-12-29, has its Thursday on day 7 w, and belongs to the
// year of that day.
int64_t LastWeek(int64_t last_day_of_year) { return FloorDivide(last_day_of_year, 7); }

}  // namespace

Years::Years(uint32_t frequency, int64_t end_month) : frequency_(frequency), end_month_(end_month) {
  const int64_t months = MonthsOf(frequency);
  const bool ends = months > 0 ? months == kMonthsOfYear || end_month % months == 0
                               : frequency == PT_FREQUENCY_DAY || end_month == kMonthsOfYear;
  if (!ends) {
    throw policytrack_plugin::Refused(
        "no period of this frequency ends with month " + std::to_string(end_month) +
        ", which is the last one of the year; set year_end_month to one that does");
  }
}

int64_t Years::EndOf(int64_t period) const {
  const int64_t months = MonthsOf(frequency_);
  if (months == kMonthsOfYear) return period;
  if (months > 0) {
    const int64_t periods = kMonthsOfYear / months;
    return period + Modulo(end_month_ / months - 1 - period, periods);
  }
  if (frequency_ == PT_FREQUENCY_WEEK) {
    return LastWeek(YearEndFrom(period * 7, kMonthsOfYear - 1));
  }
  return YearEndFrom(period, end_month_ - 1);
}

int64_t Years::EndBefore(int64_t end) const {
  const int64_t months = MonthsOf(frequency_);
  if (months > 0) return end - kMonthsOfYear / months;
  // The longest year back is its end or lies before it.
  return EndOf(end - (frequency_ == PT_FREQUENCY_WEEK ? 53 : 366));
}

}  // namespace attainment
