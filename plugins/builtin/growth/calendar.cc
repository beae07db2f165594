#include "plugins/builtin/growth/calendar.h"

#include "policytrack_plugin.h"

namespace growth {
namespace {

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

struct Day {
  int64_t year;
  int month;
  int day;
};

constexpr int64_t kDaysOf400Years = 146097;
constexpr int64_t kFromMarchOfYear0 = 719468;  // days to 1970-01-01

// Years are counted from 1 March, so that a leap day is the last day of one.
Day DayOf(int64_t number) {
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

// Week w holds Thursday w * 7, the day that decides to which year it belongs.
struct Week {
  int64_t year;
  int64_t number;  // from 1
};

Week WeekOf(int64_t period) {
  const int64_t thursday = period * 7;
  const int64_t year = DayOf(thursday).year;
  return {year, (thursday - DayNumber(year, 1, 1)) / 7 + 1};
}

// 4 January always lies in week 1.
int64_t FirstWeek(int64_t year) { return FloorDivide(DayNumber(year, 1, 4) + 3, 7); }

int64_t PeriodsInYear(uint32_t frequency) {
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

}  // namespace

int64_t DayNumber(int64_t year, int month, int day) {
  const int64_t from_march = month <= 2 ? year - 1 : year;
  const int64_t era = FloorDivide(from_march, 400);
  const int64_t year_of_era = from_march - era * 400;
  const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
  return era * kDaysOf400Years + of_era - kFromMarchOfYear0;
}

std::optional<int64_t> YearsBefore(uint32_t frequency, int64_t period, int64_t years) {
  if (frequency == PT_FREQUENCY_DAY) {
    const Day day = DayOf(period);
    const int64_t before = DayNumber(day.year - years, day.month, day.day);
    if (DayOf(before).day != day.day) return std::nullopt;
    return before;
  }
  if (frequency == PT_FREQUENCY_WEEK) {
    const Week week = WeekOf(period);
    const int64_t before = FirstWeek(week.year - years) + week.number - 1;
    if (WeekOf(before).year != week.year - years) return std::nullopt;
    return before;
  }
  return period - years * PeriodsInYear(frequency);
}

int64_t PartOfYear(uint32_t frequency, int64_t period) {
  if (frequency == PT_FREQUENCY_DAY) {
    const Day day = DayOf(period);
    return day.month * 32 + day.day;
  }
  if (frequency == PT_FREQUENCY_WEEK) return WeekOf(period).number;
  const int64_t periods = PeriodsInYear(frequency);
  return period - FloorDivide(period, periods) * periods;
}

int64_t MostPeriods(uint32_t frequency, int64_t years) {
  if (frequency == PT_FREQUENCY_DAY) return 366 * years;
  if (frequency == PT_FREQUENCY_WEEK) return 53 * years;
  return PeriodsInYear(frequency) * years;
}

int64_t PeriodsOfOneYear(uint32_t frequency) {
  if (frequency == PT_FREQUENCY_DAY) return 365;
  if (frequency == PT_FREQUENCY_WEEK) return 52;
  return PeriodsInYear(frequency);
}

}  // namespace growth
