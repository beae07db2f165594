// The values that filters compare with: read from text without a look at any
// field, and compared. Internal to the filter; see filter.h.
//
// Thread rule: free functions and plain data, any thread.
#ifndef POLICYTRACK_CORE_FILTER_VALUE_H_
#define POLICYTRACK_CORE_FILTER_VALUE_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace policytrack {

// A string that may be open at its ends.
struct FilterPattern {
  std::string text;
  bool open_start = false;
  bool open_end = false;

  bool Matches(absl::string_view value) const;
};

// A number, exact where it is a whole one of 64 bits.
struct FilterNumber {
  enum class Kind { kSigned, kUnsigned, kDouble };

  Kind kind = Kind::kSigned;
  int64_t signed_value = 0;
  uint64_t unsigned_value = 0;  // only above the largest signed one
  double double_value = 0;      // always set, nearest

  bool whole() const { return kind != Kind::kDouble; }
};

// Seconds and nanoseconds of the same sign: a time since 1970 or a duration.
struct FilterSeconds {
  int64_t seconds = 0;
  int32_t nanos = 0;

  auto operator<=>(const FilterSeconds&) const = default;
};

// All days from the first to the last, each as year*10000 + month*100 + day.
struct FilterDays {
  int32_t first = 0;
  int32_t last = 0;
};

// What a restriction compares with. Which member counts follows from the leaf
// of its path; for a Struct value, all that are set do.
struct FilterLiteral {
  bool presence = false;
  FilterPattern pattern;
  std::optional<FilterNumber> number;
  std::optional<bool> boolean;
  bool null = false;
  int32_t enum_number = 0;
  FilterSeconds seconds;
  FilterDays days;
};

// Each gives nothing when the text is not of the form, or out of range.
std::optional<FilterNumber> ParseFilterNumber(absl::string_view text);
std::optional<FilterSeconds> ParseFilterTimestamp(absl::string_view text);
std::optional<FilterSeconds> ParseFilterDuration(absl::string_view text);
std::optional<FilterDays> ParseFilterDays(absl::string_view text);

// The days of a google.type.Date; nothing when it has no year or is no date.
std::optional<FilterDays> DaysOf(int32_t year, int32_t month, int32_t day);

std::partial_ordering Compare(int64_t value, const FilterNumber& number);
std::partial_ordering Compare(uint64_t value, const FilterNumber& number);
std::partial_ordering Compare(double value, const FilterNumber& number);

// Whether `text` contains `part`, in time linear in both.
bool ContainsText(absl::string_view text, absl::string_view part);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_VALUE_H_
