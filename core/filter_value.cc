#include "core/filter_value.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"

namespace policytrack {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `count` digits off the front.
bool TakeDigits(absl::string_view* text, size_t count, int* value) {
  if (text->size() < count) return false;
  int result = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDigit((*text)[i])) return false;
    result = result * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(count);
  *value = result;
  return true;
}

bool TakeChar(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Takes a fraction of 1 to 9 digits, if a point is next.
bool TakeFraction(absl::string_view* text, int32_t* nanos) {
  *nanos = 0;
  if (!TakeChar(text, '.')) return true;
  int digits = 0;
  while (!text->empty() && IsDigit(text->front())) {
    if (++digits > 9) return false;
    *nanos = *nanos * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  if (digits == 0) return false;
  for (; digits < 9; ++digits) *nanos *= 10;
  return true;
}

// The form of a number: -, digits with an optional point, exponent.
bool IsNumberText(absl::string_view text, bool* has_exponent) {
  TakeChar(&text, '-');
  size_t digits = 0;
  const auto take_digits = [&] {
    size_t n = 0;
    while (!text.empty() && IsDigit(text.front())) {
      text.remove_prefix(1);
      ++n;
    }
    return n;
  };
  digits += take_digits();
  if (TakeChar(&text, '.')) digits += take_digits();
  if (digits == 0) return false;
  *has_exponent = false;
  if (TakeChar(&text, 'e') || TakeChar(&text, 'E')) {
    *has_exponent = true;
    if (!TakeChar(&text, '-')) TakeChar(&text, '+');
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

int32_t DayNumber(std::chrono::year_month_day date) {
  return static_cast<int>(date.year()) * 10000 +
         static_cast<int32_t>(static_cast<unsigned>(date.month())) * 100 +
         static_cast<int32_t>(static_cast<unsigned>(date.day()));
}

// Where `value` lies against the double, without rounding the integer.
template <typename Integer>
std::partial_ordering CompareExactly(Integer value, double number) {
  // Both limits are powers of two, or zero, and so exact as doubles.
  constexpr double kEnd =
      std::is_signed_v<Integer> ? 9223372036854775808.0 : 18446744073709551616.0;
  constexpr double kStart = std::is_signed_v<Integer> ? -9223372036854775808.0 : 0.0;
  if (number >= kEnd) return std::partial_ordering::less;
  if (number < kStart) return std::partial_ordering::greater;
  const double whole = std::floor(number);
  const Integer integer = static_cast<Integer>(whole);
  if (value != integer) return value <=> integer;
  return number > whole ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

template <typename Integer>
std::partial_ordering CompareIntegers(Integer value, const FilterNumber& number) {
  switch (number.kind) {
    case FilterNumber::Kind::kSigned:
      if (std::cmp_equal(value, number.signed_value)) return std::partial_ordering::equivalent;
      return std::cmp_less(value, number.signed_value) ? std::partial_ordering::less
                                                       : std::partial_ordering::greater;
    case FilterNumber::Kind::kUnsigned:
      if (std::cmp_equal(value, number.unsigned_value)) return std::partial_ordering::equivalent;
      return std::cmp_less(value, number.unsigned_value) ? std::partial_ordering::less
                                                         : std::partial_ordering::greater;
    case FilterNumber::Kind::kDouble:
      break;
  }
  return CompareExactly(value, number.double_value);
}

}  // namespace

bool ContainsText(absl::string_view text, absl::string_view part) {
  if (part.empty()) return true;
  if (text.size() < part.size()) return false;
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool FilterPattern::Matches(absl::string_view value) const {
  if (open_start && open_end) return ContainsText(value, text);
  if (open_start) return absl::EndsWith(value, text);
  if (open_end) return absl::StartsWith(value, text);
  return value == text;
}

std::optional<FilterNumber> ParseFilterNumber(absl::string_view text) {
  bool has_exponent = false;
  if (!IsNumberText(text, &has_exponent)) return std::nullopt;
  FilterNumber number;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number.double_value);
  if (parsed.ec == std::errc::result_out_of_range) {
    // Both too large and too small for a double end here; a smaller one than
    // the smallest would compare as zero, which it is not.
    return std::nullopt;
  }
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  absl::string_view whole = text;
  if (const size_t point = text.find('.'); point != absl::string_view::npos && !has_exponent) {
    if (text.find_first_not_of('0', point + 1) == absl::string_view::npos) {
      whole = text.substr(0, point);
    }
  }
  const char* const whole_end = whole.data() + whole.size();
  if (const auto result = std::from_chars(whole.data(), whole_end, number.signed_value);
      result.ec == std::errc() && result.ptr == whole_end) {
    number.kind = FilterNumber::Kind::kSigned;
  } else if (const auto wide = std::from_chars(whole.data(), whole_end, number.unsigned_value);
             wide.ec == std::errc() && wide.ptr == whole_end) {
    number.kind = FilterNumber::Kind::kUnsigned;
  } else {
    number.kind = FilterNumber::Kind::kDouble;
  }
  return number;
}

std::optional<FilterSeconds> ParseFilterTimestamp(absl::string_view text) {
  int year, month, day, hour, minute, second;
  if (!TakeDigits(&text, 4, &year) || !TakeChar(&text, '-') || !TakeDigits(&text, 2, &month) ||
      !TakeChar(&text, '-') || !TakeDigits(&text, 2, &day) ||
      !(TakeChar(&text, 'T') || TakeChar(&text, 't')) || !TakeDigits(&text, 2, &hour) ||
      !TakeChar(&text, ':') || !TakeDigits(&text, 2, &minute) || !TakeChar(&text, ':') ||
      !TakeDigits(&text, 2, &second)) {
    return std::nullopt;
  }
  FilterSeconds result;
  if (!TakeFraction(&text, &result.nanos)) return std::nullopt;
  int offset_minutes = 0;
  if (!TakeChar(&text, 'Z') && !TakeChar(&text, 'z')) {
    const bool west = TakeChar(&text, '-');
    int hours, minutes;
    if ((!west && !TakeChar(&text, '+')) || !TakeDigits(&text, 2, &hours) ||
        !TakeChar(&text, ':') || !TakeDigits(&text, 2, &minutes) || hours > 23 || minutes > 59) {
      return std::nullopt;
    }
    offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  if (!text.empty() || year < 1 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  result.seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
  return result;
}

std::optional<FilterSeconds> ParseFilterDuration(absl::string_view text) {
  constexpr int64_t kMaxSeconds = 315'576'000'000;  // of google.protobuf.Duration
  const bool negative = TakeChar(&text, '-');
  FilterSeconds result;
  size_t digits = 0;
  while (!text.empty() && IsDigit(text.front())) {
    result.seconds = result.seconds * 10 + (text.front() - '0');
    if (result.seconds > kMaxSeconds) return std::nullopt;
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0 || !TakeFraction(&text, &result.nanos) || text != "s") return std::nullopt;
  if (negative) {
    result.seconds = -result.seconds;
    result.nanos = -result.nanos;
  }
  return result;
}

std::optional<FilterDays> DaysOf(int32_t year, int32_t month, int32_t day) {
  if (year < 1 || year > 9999 || month < 0 || month > 12 || day < 0 || day > 31) {
    return std::nullopt;
  }
  if (month == 0) {
    if (day != 0) return std::nullopt;
    return FilterDays{year * 10000 + 101, year * 10000 + 1231};
  }
  const std::chrono::year_month in_month(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)));
  if (day == 0) {
    return FilterDays{DayNumber(in_month / std::chrono::day(1)),
                      DayNumber(in_month / std::chrono::last)};
  }
  const std::chrono::year_month_day date = in_month / std::chrono::day(static_cast<unsigned>(day));
  if (!date.ok()) return std::nullopt;
  return FilterDays{DayNumber(date), DayNumber(date)};
}

std::optional<FilterDays> ParseFilterDays(absl::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!TakeDigits(&text, 4, &year)) return std::nullopt;
  if (!text.empty()) {
    if (!TakeChar(&text, '-') || !TakeDigits(&text, 2, &month) || month == 0) return std::nullopt;
  }
  if (!text.empty()) {
    if (!TakeChar(&text, '-') || !TakeDigits(&text, 2, &day) || day == 0) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return DaysOf(year, month, day);
}

std::partial_ordering Compare(int64_t value, const FilterNumber& number) {
  return CompareIntegers(value, number);
}

std::partial_ordering Compare(uint64_t value, const FilterNumber& number) {
  return CompareIntegers(value, number);
}

std::partial_ordering Compare(double value, const FilterNumber& number) {
  return value <=> number.double_value;
}

}  // namespace policytrack
