#include "clients/cli/sdmx_period.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "clients/cli/number_text.h"
#include "core/error.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;
constexpr absl::string_view kMidnight = "T00:00:00";

std::string DayText(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

// 2024-09-05, and nothing else; a day that does not exist is none.
std::optional<absl::CivilDay> ParseDay(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = ParseInteger<int>(text.substr(0, 4));
  const auto month = ParseInteger<int>(text.substr(5, 2));
  const auto day = ParseInteger<int>(text.substr(8, 2));
  if (!year.has_value() || !month.has_value() || !day.has_value()) return std::nullopt;
  const absl::CivilDay civil(*year, *month, *day);
  if (DayText(civil) != text) return std::nullopt;
  return civil;
}

std::string WeekText(absl::CivilDay monday) {
  const absl::CivilDay thursday = monday + 3;
  return absl::StrFormat("%04d-W%02d", thursday.year(), (absl::GetYearDay(thursday) - 1) / 7 + 1);
}

// The period that begins on this day and is so long, if there is one.
std::optional<std::string> PeriodOf(absl::CivilDay start, absl::string_view duration) {
  if (duration == "P1D") return DayText(start);
  if (duration == "P7D" || duration == "P1W") {
    if (absl::GetWeekday(start) != absl::Weekday::monday) return std::nullopt;
    return WeekText(start);
  }
  if (start.day() != 1) return std::nullopt;
  const int month = start.month();
  const std::string year = absl::StrFormat("%04d", start.year());
  if (duration == "P1M") return absl::StrFormat("%s-%02d", year, month);
  if (duration == "P3M" && month % 3 == 1) return absl::StrCat(year, "-Q", month / 3 + 1);
  if (duration == "P6M" && month % 6 == 1) return absl::StrCat(year, "-S", month / 6 + 1);
  if ((duration == "P1Y" || duration == "P12M") && month == 1) return year;
  return std::nullopt;
}

absl::StatusOr<std::string> PeriodOfRange(absl::string_view text) {
  const size_t slash = text.find('/');
  absl::string_view start = text.substr(0, slash);
  absl::ConsumeSuffix(&start, kMidnight);
  if (const auto day = ParseDay(start)) {
    if (auto period = PeriodOf(*day, text.substr(slash + 1))) return *std::move(period);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "TIME_PERIOD: `", CutText(text, kMaxShownBytes),
      "` is not the range of one day, ISO week, month, quarter, half-year or calendar year, such "
      "as 2024-07-01/P3M; write the period itself, such as 2024-Q3"));
}

// What stands after the year of a reporting period, such as M09.
std::optional<std::string> PeriodOfReporting(absl::string_view year, char letter,
                                             absl::string_view rest) {
  const auto number = ParseInteger<int>(rest);
  if (!number.has_value() || *number < 1) return std::nullopt;
  if (letter == 'A' && rest == "1") return std::string(year);
  if (letter == 'M' && rest.size() == 2) return absl::StrCat(year, "-", rest);
  if (letter == 'D' && rest.size() == 3) {
    const auto in_year = ParseInteger<int>(year);
    if (!in_year.has_value()) return std::nullopt;
    const absl::CivilDay day = absl::CivilDay(*in_year, 1, 1) + (*number - 1);
    if (day.year() == *in_year) return DayText(day);
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::string> PeriodOfSdmx(absl::string_view text) {
  if (absl::StrContains(text, '/')) return PeriodOfRange(text);
  if (absl::string_view day = text; absl::ConsumeSuffix(&day, kMidnight) && ParseDay(day)) {
    return std::string(day);
  }
  if (text.size() < 7 || text[4] != '-') return std::string(text);
  if (text[5] == 'T') {
    return absl::InvalidArgumentError(
        absl::StrCat("TIME_PERIOD: `", CutText(text, kMaxShownBytes),
                     "` is a trimester, four months, which no dataset is of; send its months, "
                     "quarters or the year"));
  }
  return PeriodOfReporting(text.substr(0, 4), text[5], text.substr(6)).value_or(std::string(text));
}

}  // namespace policytrack::cli
