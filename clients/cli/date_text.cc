#include "clients/cli/date_text.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace policytrack::cli {
namespace {

// The number in `digits`, or -1 when anything but digits is in it.
int Digits(absl::string_view digits) {
  int number = 0;
  const bool all =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return all && absl::SimpleAtoi(digits, &number) ? number : -1;
}

}  // namespace

absl::StatusOr<google::type::Date> ParseDate(absl::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError(absl::StrCat(
      "`", text, "` is not a date; write 2024-11-09, 2024-11 or 2024, in quotes or without"));
  const bool form = text.size() == 4 || (text.size() == 7 && text[4] == '-') ||
                    (text.size() == 10 && text[4] == '-' && text[7] == '-');
  if (!form) return wrong;
  google::type::Date date;
  date.set_year(Digits(text.substr(0, 4)));
  if (text.size() >= 7) date.set_month(Digits(text.substr(5, 2)));
  if (text.size() == 10) date.set_day(Digits(text.substr(8, 2)));
  if (date.year() < 1 || date.month() < 0 || date.day() < 0) return wrong;
  const absl::CivilDay day(date.year(), text.size() >= 7 ? date.month() : 1,
                           text.size() == 10 ? date.day() : 1);
  // CivilDay carries over what is out of range.
  if ((text.size() >= 7 && day.month() != date.month()) ||
      (text.size() == 10 && day.day() != date.day())) {
    return absl::InvalidArgumentError(absl::StrCat("`", text, "` is not in the calendar"));
  }
  return date;
}

std::string FormatDate(const google::type::Date& date) {
  std::string text = absl::StrFormat("%04d", date.year());
  if (date.month() > 0) absl::StrAppendFormat(&text, "-%02d", date.month());
  if (date.month() > 0 && date.day() > 0) absl::StrAppendFormat(&text, "-%02d", date.day());
  return text;
}

}  // namespace policytrack::cli
