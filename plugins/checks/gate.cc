#include "plugins/checks/gate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::plugins {
namespace {

// The values that are well without a closer look; never one that is not finite, even
// where a declared range has room for it.
struct Bounds {
  explicit Bounds(const v1::ValueRange& range) {
    // The constants first, which is what a bound that is no number leaves.
    if (range.has_minimum()) minimum = std::max(minimum, range.minimum());
    if (range.has_maximum()) maximum = std::min(maximum, range.maximum());
  }
  double minimum = std::numeric_limits<double>::lowest();
  double maximum = std::numeric_limits<double>::max();
};

// Whether nothing is wrong with a point that has a value and no mark but its quality,
// as nearly all have.
bool IsPlain(const Bounds& bounds, Flags flags, double value) {
  return flags <= kForecast && value >= bounds.minimum && value <= bounds.maximum && value != 0;
}

// What is wrong with a point, or "".
std::string CheckPoint(const v1::ValueRange& range, Flags defined, Flags flags, double* value) {
  if ((flags & ~defined) != 0) return absl::StrCat("undefined flags ", absl::Hex(flags));
  if ((flags & kQualityMask) > kForecast) {
    return absl::StrCat("undefined quality ", flags & kQualityMask);
  }
  if (IsMissing(flags)) {
    if (!v1::MissingReason_IsValid(flags >> 8)) {
      return absl::StrCat("undefined reason ", flags >> 8);
    }
    if ((flags & kJoint) != 0) return "a joint mark on a point that is missing";
    *value = 0;
    return "";
  }
  if ((flags >> 8) != 0) return "a reason for missing on a point that has a value";
  if (!std::isfinite(*value)) return absl::StrCat("the value ", *value, ", which is not finite");
  if ((range.has_minimum() && *value < range.minimum()) ||
      (range.has_maximum() && *value > range.maximum())) {
    return absl::StrCat("the value ", *value, ", which is outside its declared range");
  }
  if (*value == 0) *value = 0.0;  // -0.0 is 0.0
  return "";
}

}  // namespace

absl::Status ResultRefused(const std::string& plugin, const std::string& output,
                           absl::string_view message) {
  return Error(absl::StatusCode::kInternal, reason::kResultRefused,
               absl::StrCat("plugins/", plugin, " gave a result that was refused: output `", output,
                            "` ", message),
               {{"plugin", absl::StrCat("plugins/", plugin)}, {"output", output}});
}

absl::Status CheckResult(const v1::PluginDescriptor& plugin, const v1::PluginOutput& output,
                         const std::vector<int64_t>& axis, PeriodRange window, Columns* columns) {
  const size_t n = columns->periods.size();
  if (columns->values.size() != n || columns->flags.size() != n) {
    return ResultRefused(plugin.id(), output.name(), "has columns of different length");
  }
  columns->revisions.clear();
  const bool joint = std::any_of(plugin.inputs().begin(), plugin.inputs().end(),
                                 [](const v1::PluginInput& input) { return input.joint(); });
  const Flags defined = joint ? kDefinedFlags : static_cast<Flags>(kDefinedFlags & ~kJoint);
  const Bounds bounds(output.range());
  auto axis_at = axis.begin();
  for (size_t i = 0; i < n; ++i) {
    const int64_t period = columns->periods[i];
    if (i > 0 && period <= columns->periods[i - 1]) {
      return ResultRefused(plugin.id(), output.name(),
                           absl::StrCat("has period ", period, " after period ",
                                        columns->periods[i - 1], ": periods must increase"));
    }
    while (axis_at != axis.end() && *axis_at < period) ++axis_at;
    if (axis_at == axis.end() || *axis_at != period) {
      return ResultRefused(plugin.id(), output.name(),
                           absl::StrCat("has period ", period, ", which is not on the axis"));
    }
    if (!window.Contains(period)) {
      return ResultRefused(plugin.id(), output.name(),
                           absl::StrCat("has period ", period, ", which is not in the window"));
    }
    if (IsPlain(bounds, columns->flags[i], columns->values[i])) continue;
    const std::string wrong =
        CheckPoint(output.range(), defined, columns->flags[i], &columns->values[i]);
    if (!wrong.empty()) {
      return ResultRefused(plugin.id(), output.name(),
                           absl::StrCat("has at period ", period, " ", wrong));
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::plugins
