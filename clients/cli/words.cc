#include "clients/cli/words.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "clients/cli/number_text.h"

namespace policytrack::cli {

std::string StatusWord(v1::ProgressStatus status) {
  switch (status) {
    case v1::PROGRESS_STATUS_NO_DATA:
      return "no data yet";
    case v1::PROGRESS_STATUS_UNSPECIFIED:
      return "not stated";
    default:
      return EnumWord(v1::ProgressStatus_Name(status), "PROGRESS_STATUS_");
  }
}

std::string EnumWord(absl::string_view name, absl::string_view prefix) {
  if (absl::StartsWith(name, prefix)) name.remove_prefix(prefix.size());
  if (name == "UNSPECIFIED") return "";
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

std::string ShortNumber(double value) {
  if (value == std::round(value) && std::abs(value) < 1e15) return absl::StrFormat("%.0f", value);
  const double size = std::abs(value);
  if (size >= 1e15 || size < 1e-4) return ExactNumber(value);
  // Six significant digits, then without zeros at the end.
  const int decimals = std::max(0, 5 - static_cast<int>(std::floor(std::log10(size))));
  std::string text = absl::StrFormat("%.*f", decimals, value);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

std::string MissingWord(v1::MissingReason reason) {
  switch (reason) {
    case v1::MISSING_REASON_INPUT_MISSING:
      return "an input is missing";
    case v1::MISSING_REASON_PART_MISSING:
      return "a part is missing";
    case v1::MISSING_REASON_ZERO_BASE:
      return "the base is zero";
    case v1::MISSING_REASON_UNDEFINED:
      return "not defined for these values";
    case v1::MISSING_REASON_TOO_FEW_POINTS:
      return "too few points";
    case v1::MISSING_REASON_SERIES_BREAK:
      return "the series breaks";
    case v1::MISSING_REASON_PERIOD_INCOMPLETE:
      return "the period is not complete yet";
    case v1::MISSING_REASON_JOINT_PERIOD:
      return "published with the next period";
    case v1::MISSING_REASON_NOT_AVAILABLE:
      return "no value at the source";
    case v1::MISSING_REASON_CANNOT_EXIST:
      return "cannot exist";
    case v1::MISSING_REASON_NOT_COLLECTED:
      return "not collected";
    case v1::MISSING_REASON_HOLIDAY:
      return "holiday or weekend";
    case v1::MISSING_REASON_SUPPRESSED:
      return "suppressed";
    case v1::MISSING_REASON_INCLUDED_ELSEWHERE:
      return "included in another category";
    case v1::MISSING_REASON_DEROGATION:
      return "not reported by derogation";
    default:
      return "no value";
  }
}

std::string ExactNumber(double value) { return FormatDouble(value); }

std::string TimeWord(const google::protobuf::Timestamp& time) {
  const char* format = time.nanos() % 1000000 == 0 ? "%Y-%m-%dT%H:%M:%E3SZ"
                       : time.nanos() % 1000 == 0  ? "%Y-%m-%dT%H:%M:%E6SZ"
                                                   : "%Y-%m-%dT%H:%M:%E9SZ";
  return absl::FormatTime(format,
                          absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                          absl::UTCTimeZone());
}

}  // namespace policytrack::cli
