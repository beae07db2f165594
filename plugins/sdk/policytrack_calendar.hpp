// The calendar of period ordinals, C++17, header only: which period lies whole
// years before another, where a year begins, which ordinal a text means.
// `frequency` is a PT_FREQUENCY_ number throughout. Years are calendar years,
// for weeks ISO years, unless the month in which they begin is given; a fiscal
// year is one period of PT_FREQUENCY_YEAR.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CALENDAR_HPP_
#define POLICYTRACK_CALENDAR_HPP_

#include <cstdint>
#include <optional>
#include <string>

#include "policytrack_plugin.hpp"

namespace policytrack_plugin POLICYTRACK_PLUGIN_HIDDEN_ {
namespace internal {

inline int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

inline constexpr int64_t kDaysOf400Years = 146097;
inline constexpr int64_t kFromMarchOfYear0 = 719468;  // days to 1970-01-01

struct Day {
  int64_t year;
  int month;
  int day;
};

// Years are counted from 1 March, so that a leap day is the last day of one.
inline Day DayOf(int64_t number) {
  const int64_t shifted = number + kFromMarchOfYear0;
  const int64_t era = FloorDivide(shifted, kDaysOf400Years);
  const int64_t of_era = shifted - era * kDaysOf400Years;
  const int64_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36524 - of_era / (kDaysOf400Years - 1)) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * of_year + 2) / 153;
  const int day = static_cast<int>(of_year - (153 * month_from_march + 2) / 5 + 1);
  const int month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

}  // namespace internal

// Days since 1970-01-01 of a day of the proleptic Gregorian calendar.
inline int64_t DayNumber(int64_t year, int month, int day) {
  const int64_t from_march = month <= 2 ? year - 1 : year;
  const int64_t era = internal::FloorDivide(from_march, 400);
  const int64_t year_of_era = from_march - era * 400;
  const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
  return era * internal::kDaysOf400Years + of_era - internal::kFromMarchOfYear0;
}

namespace internal {

// Week w holds Thursday w * 7, the day that decides to which year it belongs.
struct Week {
  int64_t year;
  int64_t number;  // from 1
};

inline Week WeekOf(int64_t period) {
  const int64_t thursday = period * 7;
  const int64_t year = DayOf(thursday).year;
  return {year, (thursday - DayNumber(year, 1, 1)) / 7 + 1};
}

// 4 January always lies in week 1.
inline int64_t FirstWeek(int64_t year) { return FloorDivide(DayNumber(year, 1, 4) + 3, 7); }

inline int64_t EqualPeriods(uint32_t frequency) {
  switch (frequency) {
    case PT_FREQUENCY_MONTH:
      return 12;
    case PT_FREQUENCY_QUARTER:
      return 4;
    case PT_FREQUENCY_HALF_YEAR:
      return 2;
    default:
      return 1;
  }
}

// The number in `text` from `begin`, of exactly `digits` digits.
inline std::optional<int> Digits(const std::string& text, size_t begin, size_t digits) {
  if (text.size() < begin + digits) return std::nullopt;
  int number = 0;
  for (size_t i = begin; i < begin + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

}  // namespace internal

// Months, quarters, half-years and years: the same one `years` years before.
// Days: the same day of the same month; none for 29 February when that year has
// none. Weeks: the ISO week of the same number; none for week 53 when that year
// has none.
inline std::optional<int64_t> YearsBefore(uint32_t frequency, int64_t period, int64_t years) {
  if (frequency == PT_FREQUENCY_DAY) {
    const internal::Day day = internal::DayOf(period);
    const int64_t before = DayNumber(day.year - years, day.month, day.day);
    if (internal::DayOf(before).day != day.day) return std::nullopt;
    return before;
  }
  if (frequency == PT_FREQUENCY_WEEK) {
    const internal::Week week = internal::WeekOf(period);
    const int64_t before = internal::FirstWeek(week.year - years) + week.number - 1;
    if (internal::WeekOf(before).year != week.year - years) return std::nullopt;
    return before;
  }
  return period - years * internal::EqualPeriods(frequency);
}

// Whether a year that begins in this month begins with a period. Weeks have the
// ISO year and no other.
inline bool YearBeginsWithPeriod(uint32_t frequency, int year_start_month) {
  if (frequency == PT_FREQUENCY_WEEK) return year_start_month == 1;
  if (frequency == PT_FREQUENCY_DAY || frequency == PT_FREQUENCY_YEAR) return true;
  return (year_start_month - 1) % (12 / internal::EqualPeriods(frequency)) == 0;
}

// The first period of the year that a period belongs to.
// REQUIRES: YearBeginsWithPeriod(frequency, year_start_month).
inline int64_t FirstOfYear(uint32_t frequency, int64_t period, int year_start_month = 1) {
  if (frequency == PT_FREQUENCY_DAY) {
    const internal::Day day = internal::DayOf(period);
    return DayNumber(day.month < year_start_month ? day.year - 1 : day.year, year_start_month, 1);
  }
  if (frequency == PT_FREQUENCY_WEEK) return internal::FirstWeek(internal::WeekOf(period).year);
  if (frequency == PT_FREQUENCY_YEAR) return period;
  const int64_t periods = internal::EqualPeriods(frequency);
  const int64_t shift = (year_start_month - 1) / (12 / periods);
  return internal::FloorDivide(period - shift, periods) * periods + shift;
}

// Which part of its year a period is: equal for periods that are whole years
// apart.
inline int64_t PartOfYear(uint32_t frequency, int64_t period) {
  if (frequency == PT_FREQUENCY_DAY) {
    const internal::Day day = internal::DayOf(period);
    return day.month * 32 + day.day;
  }
  return period - FirstOfYear(frequency, period) + 1;
}

// The most periods that `years` years can have.
inline int64_t MostPeriods(uint32_t frequency, int64_t years) {
  if (frequency == PT_FREQUENCY_DAY) return 366 * years;
  if (frequency == PT_FREQUENCY_WEEK) return 53 * years;
  return internal::EqualPeriods(frequency) * years;
}

// The fewest periods after which a year has passed.
inline int64_t PeriodsOfOneYear(uint32_t frequency) {
  if (frequency == PT_FREQUENCY_DAY) return 365;
  if (frequency == PT_FREQUENCY_WEEK) return 52;
  return internal::EqualPeriods(frequency);
}

// A period of this frequency as a text, for messages.
inline const char* PeriodExample(uint32_t frequency) {
  switch (frequency) {
    case PT_FREQUENCY_DAY:
      return "2024-09-05";
    case PT_FREQUENCY_WEEK:
      return "2024-W07";
    case PT_FREQUENCY_MONTH:
      return "2024-09";
    case PT_FREQUENCY_QUARTER:
      return "2024-Q3";
    case PT_FREQUENCY_HALF_YEAR:
      return "2024-S1";
    default:
      return "2024";
  }
}

// The ordinal of a text of exactly this frequency's form, as PeriodExample
// shows it, in the years 1 to 9999; for parameters that name a period.
inline std::optional<int64_t> ParsePeriod(uint32_t frequency, const std::string& text) {
  const std::optional<int> year = internal::Digits(text, 0, 4);
  if (!year.has_value() || *year == 0 || text.size() != std::strlen(PeriodExample(frequency))) {
    return std::nullopt;
  }
  if (frequency == PT_FREQUENCY_YEAR) return *year;
  if (text[4] != '-') return std::nullopt;
  if (frequency == PT_FREQUENCY_QUARTER || frequency == PT_FREQUENCY_HALF_YEAR) {
    const int parts = frequency == PT_FREQUENCY_QUARTER ? 4 : 2;
    const std::optional<int> part = internal::Digits(text, 6, 1);
    if (text[5] != (parts == 4 ? 'Q' : 'S') || !part.has_value() || *part < 1 || *part > parts) {
      return std::nullopt;
    }
    return int64_t{*year} * parts + *part - 1;
  }
  if (frequency == PT_FREQUENCY_WEEK) {
    const std::optional<int> week = internal::Digits(text, 6, 2);
    if (text[5] != 'W' || !week.has_value() || *week < 1) return std::nullopt;
    const int64_t period = internal::FirstWeek(*year) + *week - 1;
    if (internal::WeekOf(period).year != *year) return std::nullopt;
    return period;
  }
  const std::optional<int> month = internal::Digits(text, 5, 2);
  if (!month.has_value() || *month < 1 || *month > 12) return std::nullopt;
  if (frequency == PT_FREQUENCY_MONTH) return int64_t{*year} * 12 + *month - 1;
  const std::optional<int> day = internal::Digits(text, 8, 2);
  if (text[7] != '-' || !day.has_value() || *day < 1) return std::nullopt;
  const int64_t period = DayNumber(*year, *month, *day);
  if (internal::DayOf(period).day != *day) return std::nullopt;
  return period;
}

}  // namespace POLICYTRACK_PLUGIN_HIDDEN_

#endif  // POLICYTRACK_CALENDAR_HPP_
