#include "services/app/aggregate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace policytrack::app {
namespace {

// A sum with Neumaier's compensation.
class Sum {
 public:
  void Add(double value) {
    const double next = total_ + value;
    lost_ +=
        std::fabs(total_) >= std::fabs(value) ? (total_ - next) + value : (value - next) + total_;
    total_ = next;
  }
  double Value() const { return std::isfinite(total_) ? total_ + lost_ : total_; }

 private:
  double total_ = 0;
  double lost_ = 0;
};

}  // namespace

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
    Sum sum;
    double smallest = 0;
    double largest = 0;
    int count = 0;
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
      if (IsMissing(flags)) {
        missing = missing || reported[i];
        continue;
      }
      reported[i] = true;
      const double value = part.values[at];
      sum.Add(value);
      smallest = count == 0 ? value : std::min(smallest, value);
      largest = count == 0 ? value : std::max(largest, value);
      quality = std::max(quality, static_cast<Flags>(flags & kQualityMask));
      ++count;
    }
    if (missing || count == 0) {
      result.Append(period, 0,
                    static_cast<Flags>(MissingFlags(v1::MISSING_REASON_PART_MISSING) | marks),
                    revision);
      continue;
    }
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
      result.Append(period, 0,
                    static_cast<Flags>(MissingFlags(v1::MISSING_REASON_UNDEFINED) | marks),
                    revision);
    }
  }
  return result;
}

}  // namespace policytrack::app
