// Numbers read strictly, whatever the locale: no thousands separators, no
// hexadecimal, no infinities, nothing before or after.
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_NUMBER_TEXT_H_
#define POLICYTRACK_CLIENTS_CLI_NUMBER_TEXT_H_

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/string_view.h"

namespace policytrack::cli {

// Nothing when the text is not a decimal number that a double can hold.
inline std::optional<double> ParseDouble(absl::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

// What is wrong with a text that is written as a decimal number and yet is none
// that a double can hold: "too large for a number" or "too close to zero"; ""
// when it is not written as a number, or fits.
inline absl::string_view OutOfRange(absl::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc::result_out_of_range || rest != end) return "";
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const bool small = text.find("e-") != text.npos || text.find("E-") != text.npos ||
                     text.substr(0, 2) == "0." || text.substr(0, 1) == ".";
  return small ? "too close to zero" : "too large for a number";
}

// Nothing when the text is not a whole number of this type.
template <typename Integer>
std::optional<Integer> ParseInteger(absl::string_view text) {
  Integer value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// The shortest text that gives the same double again; with an exponent only where it
// would be long without, so that 100000 stands beside 110000 as it is.
inline std::string FormatDouble(double value) {
  constexpr double kLongWithoutExponent = 1e15;
  constexpr double kTooSmallToWriteOut = 1e-4;
  const double size = std::abs(value);
  const bool plain = size < kLongWithoutExponent && (size >= kTooSmallToWriteOut || size == 0);
  char buffer[32];
  const auto [end, error] =
      plain ? std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed)
            : std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end);
}

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_NUMBER_TEXT_H_
