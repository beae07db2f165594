#include "services/app/aggregate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/compensated_sum.h"
#include "core/observation_status.h"

namespace policytrack::app {

Columns Aggregate(const std::vector<Columns>& parts, v1::Aggregation aggregation) {
  std::vector<int64_t> periods;
  for (const Columns& part : parts) {
    periods.insert(periods.end(), part.periods.begin(), part.periods.end());
  }
  std::sort(periods.begin(), periods.end());
  periods.erase(std::unique(periods.begin(), periods.end()), periods.end());

  Columns result;
  result.reserve(periods.size());
  std::vector<size_t> next(parts.size(), 0);
  std::vector<bool> reported(parts.size(), false);
  for (const int64_t period : periods) {
    CompensatedSum sum;
    double smallest = 0;
    double largest = 0;
    int count = 0;
    int joint = 0;   // of these, values of two periods
    int hidden = 0;  // parts that are published with the next period
    bool nothing = false;
    bool missing = false;
    Flags quality = kNormal;
    Flags marks = 0;
    int64_t revision = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      const Columns& part = parts[i];
      const size_t at = next[i];
      if (at == part.size() || part.periods[at] != period) {
        missing = missing || reported[i];
        continue;
      }
      ++next[i];
      const Flags flags = part.flags[at];
      marks = static_cast<Flags>(marks | (flags & kBreak));
      if (!part.revisions.empty()) revision = std::max(revision, part.revisions[at]);
      if (IsNothing(flags)) {
        reported[i] = true;
        nothing = true;
        continue;
      }
      if (IsMissing(flags)) {
        // What a source says to be missing is a part, though it never had a value.
        reported[i] = reported[i] || IsMissingAtSource(flags);
        const bool with_next = ReasonOfFlags(flags) == v1::MISSING_REASON_JOINT_PERIOD;
        hidden += with_next ? 1 : 0;
        missing = missing || (reported[i] && !with_next);
        continue;
      }
      joint += (flags & kJoint) != 0 ? 1 : 0;
      reported[i] = true;
      const double value = part.values[at];
      sum.Add(value);
      smallest = count == 0 ? value : std::min(smallest, value);
      largest = count == 0 ? value : std::max(largest, value);
      quality = std::max(quality, PropagatedQuality(flags));
      ++count;
    }
    // Parts that are joint and parts that are not do not add up to either.
    missing = missing || (joint > 0 && joint < count) || (hidden > 0 && count > 0);
    if (missing || count == 0) {
      const v1::MissingReason why = !missing && hidden > 0 ? v1::MISSING_REASON_JOINT_PERIOD
                                    : !missing && nothing  ? v1::MISSING_REASON_CANNOT_EXIST
                                                           : v1::MISSING_REASON_PART_MISSING;
      result.Append(period, 0, static_cast<Flags>(MissingFlags(why) | marks), revision);
      continue;
    }
    if (joint > 0) marks = static_cast<Flags>(marks | kJoint);
    double value = 0;
    switch (aggregation) {
      case v1::AGGREGATION_MEAN:
        value = sum.Value() / count;
        break;
      case v1::AGGREGATION_MINIMUM:
        value = smallest;
        break;
      case v1::AGGREGATION_MAXIMUM:
        value = largest;
        break;
      default:
        value = sum.Value();
        break;
    }
    if (std::isfinite(value)) {
      result.Append(period, value, static_cast<Flags>(quality | marks), revision);
    } else {
      result.Append(
          period, 0,
          static_cast<Flags>(MissingFlags(v1::MISSING_REASON_UNDEFINED) | (marks & kBreak)),
          revision);
    }
  }
  return result;
}

}  // namespace policytrack::app
