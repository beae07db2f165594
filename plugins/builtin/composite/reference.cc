#include "plugins/builtin/composite/reference.h"

#include <algorithm>
#include <cmath>

namespace composite {

namespace sdk = policytrack_plugin;

void Pool::Add(double value, sdk::Flags flags) {
  Pool one;
  one.count_ = 1;
  one.smallest_ = value;
  one.largest_ = value;
  one.mean_ = value;
  one.quality_ = sdk::Quality(flags);
  Add(one);
}

void Pool::Add(const Pool& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  // Two means and sums of squares as one (Chan, Golub and LeVeque), which does not
  // lose the spread of large values that are close to one another.
  const auto mine = static_cast<double>(count_);
  const auto theirs = static_cast<double>(other.count_);
  const double both = mine + theirs;
  const double distance = other.mean_ - mean_;
  mean_ += distance * theirs / both;
  squares_ += other.squares_ + distance * distance * mine * theirs / both;
  count_ += other.count_;
  smallest_ = std::min(smallest_, other.smallest_);
  largest_ = std::max(largest_, other.largest_);
  quality_ = std::max(quality_, other.quality_);
}

double Pool::StandardDeviation() const { return std::sqrt(squares_ / static_cast<double>(count_)); }

Reference::Reference(const sdk::Call& call, const sdk::Column& column, bool up_to_now)
    : up_to_now_(up_to_now) {
  const std::vector<sdk::Part> parts = column.parts();
  std::vector<Pool> so_far(parts.size());
  for (size_t i = 0; i < column.size(); ++i) {
    call.Poll();
    Pool pool;
    for (size_t p = 0; p < parts.size(); ++p) {
      if (!up_to_now || sdk::IsBreak(parts[p].flags(i))) so_far[p] = Pool();
      if (!parts[p].missing(i)) so_far[p].Add(parts[p].value(i), parts[p].flags(i));
      pool.Add(so_far[p]);
    }
    periods_.push_back(column.period(i));
    pools_.push_back(pool);
  }
}

const Pool* Reference::At(int64_t period) const {
  const auto after = std::upper_bound(periods_.begin(), periods_.end(), period);
  if (after == periods_.begin()) return nullptr;
  const auto at = after - periods_.begin() - 1;
  if (!up_to_now_ && periods_[static_cast<size_t>(at)] != period) return nullptr;
  return &pools_[static_cast<size_t>(at)];
}

}  // namespace composite
