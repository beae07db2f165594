#include "core/period.h"

#include <array>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

constexpr int64_t kMinYear = 1;
constexpr int64_t kMaxYear = 9999;
constexpr absl::CivilDay kEpochDay(1970, 1, 1);
constexpr absl::CivilDay kEpochWeek(1969, 12, 29);  // the Monday of its week

constexpr std::array<v1::Frequency, 6> kFrequencies = {
    v1::FREQUENCY_DAY,     v1::FREQUENCY_WEEK,      v1::FREQUENCY_MONTH,
    v1::FREQUENCY_QUARTER, v1::FREQUENCY_HALF_YEAR, v1::FREQUENCY_YEAR};

// What a frequency's texts look like, for messages.
struct Form {
  const char* word;
  const char* text;  // with article, example and range
};

Form FormOf(v1::Frequency frequency) {
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return {"day", "a day such as 2024-09-05"};
    case v1::FREQUENCY_WEEK:
      return {"week", "an ISO 8601 week such as 2024-W07"};
    case v1::FREQUENCY_MONTH:
      return {"month", "a month such as 2024-09"};
    case v1::FREQUENCY_QUARTER:
      return {"quarter", "a quarter such as 2024-Q3"};
    case v1::FREQUENCY_HALF_YEAR:
      return {"half-year", "a half-year such as 2024-S1"};
    case v1::FREQUENCY_YEAR:
      return {"year", "a year such as 2024"};
    default:
      return {"period", "a period"};
  }
}

enum class Outcome { kGood, kOtherForm, kNoSuchPeriod };

struct Parsed {
  Outcome outcome = Outcome::kOtherForm;
  int64_t ordinal = 0;
};

// A number of exactly so many ASCII digits at `at`, or -1.
int Digits(absl::string_view text, size_t at, size_t count) {
  int number = 0;
  for (size_t i = at; i < at + count; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// The Monday of week 1: the week with January 4th in it.
absl::CivilDay FirstMonday(int64_t iso_year) {
  const absl::CivilDay fourth(iso_year, 1, 4);
  return absl::PrevWeekday(fourth + 1, absl::Weekday::monday);
}

int64_t WeekOrdinal(absl::CivilDay monday) { return (monday - kEpochWeek) / 7; }

int64_t WeeksInYear(int64_t iso_year) {
  return (FirstMonday(iso_year + 1) - FirstMonday(iso_year)) / 7;
}

Parsed Known(bool exists, int64_t ordinal) {
  return exists ? Parsed{Outcome::kGood, ordinal} : Parsed{Outcome::kNoSuchPeriod, 0};
}

Parsed ParseDay(absl::string_view text, int year) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return {};
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  if (month < 0 || day < 0) return {};
  // A civil day rolls over what does not exist: it must come out as it went in.
  const absl::CivilDay civil(year, month, day);
  return Known(
      year >= kMinYear && civil.year() == year && civil.month() == month && civil.day() == day,
      civil - kEpochDay);
}

Parsed ParseWeek(absl::string_view text, int year) {
  if (text.size() != 8 || text[4] != '-' || text[5] != 'W') return {};
  const int week = Digits(text, 6, 2);
  if (week < 0) return {};
  if (year < kMinYear || week < 1 || week > WeeksInYear(year)) return Known(false, 0);
  return Known(true, WeekOrdinal(FirstMonday(year)) + week - 1);
}

Parsed ParseMonth(absl::string_view text, int year) {
  if (text.size() != 7 || text[4] != '-') return {};
  const int month = Digits(text, 5, 2);
  if (month < 0) return {};
  return Known(year >= kMinYear && month >= 1 && month <= 12, int64_t{year} * 12 + month - 1);
}

// 2024-Q3 and 2024-S1: a letter and one digit from 1 to `parts`.
Parsed ParsePart(absl::string_view text, int year, char letter, int parts) {
  if (text.size() != 7 || text[4] != '-' || text[5] != letter) return {};
  const int part = Digits(text, 6, 1);
  if (part < 0) return {};
  return Known(year >= kMinYear && part >= 1 && part <= parts, int64_t{year} * parts + part - 1);
}

Parsed ParseAs(v1::Frequency frequency, absl::string_view text) {
  if (text.size() < 4) return {};
  const int year = Digits(text, 0, 4);
  if (year < 0) return {};
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return ParseDay(text, year);
    case v1::FREQUENCY_WEEK:
      return ParseWeek(text, year);
    case v1::FREQUENCY_MONTH:
      return ParseMonth(text, year);
    case v1::FREQUENCY_QUARTER:
      return ParsePart(text, year, 'Q', 4);
    case v1::FREQUENCY_HALF_YEAR:
      return ParsePart(text, year, 'S', 2);
    case v1::FREQUENCY_YEAR:
      if (text.size() != 4) return {};
      return Known(year >= kMinYear, year);
    default:
      return {};
  }
}

absl::Status Refuse(v1::Frequency frequency, absl::string_view text, Outcome outcome,
                    absl::string_view field) {
  const Form form = FormOf(frequency);
  if (outcome == Outcome::kNoSuchPeriod) {
    return FieldInvalid(
        field, absl::StrCat(Quoted(text), " names no ", form.word,
                            " that exists; years go from 0001 to 9999; must be ", form.text));
  }
  for (const v1::Frequency other : kFrequencies) {
    if (other != frequency && ParseAs(other, text).outcome == Outcome::kGood) {
      return FieldInvalid(
          field, absl::StrCat(Quoted(text), " is a ", FormOf(other).word, "; must be ", form.text));
    }
  }
  return FieldInvalid(field, absl::StrCat(Quoted(text), " is not a ", form.word, "; must be ",
                                          form.text, ", in exactly this form"));
}

struct IsoWeek {
  int64_t year;
  int week;
};

IsoWeek IsoWeekOf(int64_t ordinal) {
  // The Thursday of a week lies in the year that the week belongs to.
  const absl::CivilDay thursday = kEpochWeek + 7 * ordinal + 3;
  return {thursday.year(), (absl::GetYearDay(thursday) - 1) / 7 + 1};
}

}  // namespace

int MonthsIn(v1::Frequency frequency) {
  switch (frequency) {
    case v1::FREQUENCY_MONTH:
      return 1;
    case v1::FREQUENCY_QUARTER:
      return 3;
    case v1::FREQUENCY_HALF_YEAR:
      return 6;
    case v1::FREQUENCY_YEAR:
      return 12;
    default:
      return 0;
  }
}

absl::StatusOr<int64_t> ParsePeriod(v1::Frequency frequency, absl::string_view text,
                                    absl::string_view field) {
  const Parsed parsed = ParseAs(frequency, text);
  if (parsed.outcome == Outcome::kGood) return parsed.ordinal;
  return Refuse(frequency, text, parsed.outcome, field);
}

std::string FormatPeriod(v1::Frequency frequency, int64_t ordinal) {
  // Out of range there is no text; the number shows what came in.
  if (!IsValidPeriod(frequency, ordinal)) return absl::StrCat("(period ", ordinal, ")");
  switch (frequency) {
    case v1::FREQUENCY_DAY: {
      const absl::CivilDay day = kEpochDay + ordinal;
      return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
    }
    case v1::FREQUENCY_WEEK: {
      const IsoWeek week = IsoWeekOf(ordinal);
      return absl::StrFormat("%04d-W%02d", week.year, week.week);
    }
    case v1::FREQUENCY_MONTH:
      return absl::StrFormat("%04d-%02d", ordinal / 12, ordinal % 12 + 1);
    case v1::FREQUENCY_QUARTER:
      return absl::StrFormat("%04d-Q%d", ordinal / 4, ordinal % 4 + 1);
    case v1::FREQUENCY_HALF_YEAR:
      return absl::StrFormat("%04d-S%d", ordinal / 2, ordinal % 2 + 1);
    default:
      return absl::StrFormat("%04d", ordinal);
  }
}

bool IsValidPeriod(v1::Frequency frequency, int64_t ordinal) {
  switch (frequency) {
    case v1::FREQUENCY_DAY: {
      static_assert(absl::CivilDay(1, 1, 1) - kEpochDay == -719162);
      static_assert(absl::CivilDay(9999, 12, 31) - kEpochDay == 2932896);
      return ordinal >= -719162 && ordinal <= 2932896;
    }
    case v1::FREQUENCY_WEEK:
      // From 0001-W01, which begins on 0001-01-01, to 9999-W52.
      return ordinal >= -102737 && ordinal <= 418985;
    case v1::FREQUENCY_MONTH:
    case v1::FREQUENCY_QUARTER:
    case v1::FREQUENCY_HALF_YEAR:
    case v1::FREQUENCY_YEAR: {
      const int64_t in_year = 12 / MonthsIn(frequency);
      return ordinal >= kMinYear * in_year && ordinal < (kMaxYear + 1) * in_year;
    }
    default:
      return false;
  }
}

double PeriodsPerYear(v1::Frequency frequency) {
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return 365.25;
    case v1::FREQUENCY_WEEK:
      return 365.25 / 7;
    case v1::FREQUENCY_MONTH:
    case v1::FREQUENCY_QUARTER:
    case v1::FREQUENCY_HALF_YEAR:
    case v1::FREQUENCY_YEAR:
      return 12.0 / MonthsIn(frequency);
    default:
      // No number is right; this one cannot be taken for one.
      return std::numeric_limits<double>::quiet_NaN();
  }
}

int64_t YearOf(v1::Frequency frequency, int64_t ordinal) {
  if (!IsValidPeriod(frequency, ordinal)) return 0;
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return (kEpochDay + ordinal).year();
    case v1::FREQUENCY_WEEK:
      return IsoWeekOf(ordinal).year;
    default:
      return ordinal / (12 / MonthsIn(frequency));
  }
}

absl::CivilDay FirstDay(v1::Frequency frequency, int64_t ordinal, int year_start_month) {
  if (!IsValidPeriod(frequency, ordinal)) return absl::CivilDay(0, 1, 1);
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return kEpochDay + ordinal;
    case v1::FREQUENCY_WEEK:
      return kEpochWeek + 7 * ordinal;
    case v1::FREQUENCY_YEAR:
      return absl::CivilDay(ordinal, year_start_month, 1);
    default: {
      const int months = MonthsIn(frequency);
      const int64_t in_year = 12 / months;
      return absl::CivilDay(ordinal / in_year, ordinal % in_year * months + 1, 1);
    }
  }
}

absl::CivilDay LastDay(v1::Frequency frequency, int64_t ordinal, int year_start_month) {
  const absl::CivilDay first = FirstDay(frequency, ordinal, year_start_month);
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return first;
    case v1::FREQUENCY_WEEK:
      return first + 6;
    default:
      return absl::CivilDay(absl::CivilMonth(first) + MonthsIn(frequency)) - 1;
  }
}

absl::string_view FrequencyWord(v1::Frequency frequency) { return FormOf(frequency).word; }

}  // namespace policytrack
