#include "services/app/progress_words.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/unit.h"

namespace policytrack::app {

// For reading: at most six significant digits, but whole numbers in full, since
// a target of 1234567 vehicles is not one of 1234570. Exact ones are beside it.
std::string NumberWords(double value) {
  constexpr double kNoLongerReadable = 1e15;
  constexpr double kTooSmallToWriteOut = 1e-4;
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size >= kNoLongerReadable || size < kTooSmallToWriteOut) {
    return absl::StrFormat("%.6g", value);
  }
  const int decimals = std::max(0, 5 - static_cast<int>(std::floor(std::log10(size))));
  std::string text = absl::StrFormat("%.*f", decimals, value);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string WithUnit(double value, const v1::TargetProgress& progress) {
  return absl::StrCat(NumberWords(value), " ",
                      UnitLabel(progress.unit(), progress.unit_multiplier()));
}

// In percent it would read as a relative one.
std::string ChangeWithUnit(double value, const v1::TargetProgress& progress) {
  if (progress.unit() != "percent" && progress.unit() != "percentage_points") {
    return WithUnit(value, progress);
  }
  const int multiplier = progress.unit_multiplier();
  return absl::StrCat(NumberWords(value), " ",
                      multiplier == 0 ? "" : absl::StrCat("10^", multiplier, " "),
                      "percentage points");
}

std::string StatusWords(v1::ProgressStatus status) {
  switch (status) {
    case v1::PROGRESS_STATUS_DETERIORATING:
      return "is moving away from its target";
    case v1::PROGRESS_STATUS_LIMITED:
      return "is moving towards its target far too slowly (limited progress)";
    case v1::PROGRESS_STATUS_MODERATE:
      return "is moving towards its target too slowly (moderate progress)";
    case v1::PROGRESS_STATUS_ON_TRACK:
      return "is on track";
    case v1::PROGRESS_STATUS_ACHIEVED:
      return "has reached its target";
    case v1::PROGRESS_STATUS_NO_DATA:
      return "has no data";
    default:
      return "cannot be assessed";
  }
}

std::string StatusName(v1::ProgressStatus status) {
  switch (status) {
    case v1::PROGRESS_STATUS_DETERIORATING:
      return "deteriorating";
    case v1::PROGRESS_STATUS_LIMITED:
      return "limited progress";
    case v1::PROGRESS_STATUS_MODERATE:
      return "moderate progress";
    case v1::PROGRESS_STATUS_ON_TRACK:
      return "on track";
    case v1::PROGRESS_STATUS_ACHIEVED:
      return "achieved";
    case v1::PROGRESS_STATUS_NO_DATA:
      return "no data";
    default:
      return "not assessable";
  }
}

}  // namespace policytrack::app
