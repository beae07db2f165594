#include "plugins/builtin/attainment/path.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plugins/builtin/attainment/growth.h"

namespace attainment {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 5 % of 120 is not 6 exactly: a value on the edge of a tolerance is inside.
constexpr double kToleranceRounding = 1e-12;

}  // namespace

Goal::Goal(Relation relation, double value, std::optional<double> upper, double tolerance_percent)
    : relation_(relation), value_(value), lower_(-kInfinity), upper_(kInfinity) {
  const double width = std::abs(value) * (tolerance_percent / 100.0 + kToleranceRounding);
  switch (relation) {
    case Relation::kAtLeast:
      lower_ = value;
      break;
    case Relation::kAtMost:
      upper_ = value;
      break;
    case Relation::kAbout:
      lower_ = value - width;
      upper_ = value + width;
      break;
    case Relation::kWithin:
      lower_ = value;
      upper_ = upper.value_or(value);
      break;
  }
}

bool Goal::Met(double value) const { return value >= lower_ && value <= upper_; }

double Goal::Aim(double direction) const {
  if (relation_ != Relation::kWithin) return value_;
  return direction > 0 ? lower_ : upper_;
}

double Goal::AimFrom(double value) const {
  if (relation_ != Relation::kWithin) return value_;
  return std::min(std::max(value, lower_), upper_);
}

Line::Line(Waypoint baseline, std::vector<Waypoint> points, Shape shape)
    : points_({baseline}), shape_(shape) {
  for (const Waypoint& point : points) {
    if (point.period > points_.back().period) points_.push_back(point);
  }
}

std::optional<double> Line::At(int64_t period) const {
  if (period < points_.front().period) return std::nullopt;
  if (period == points_.front().period) return points_.front().value;
  for (size_t i = 1; i < points_.size(); ++i) {
    const Waypoint& a = points_[i - 1];
    const Waypoint& b = points_[i];
    if (period > b.period) continue;
    if (period == b.period) return b.value;
    const double part =
        static_cast<double>(period - a.period) / static_cast<double>(b.period - a.period);
    return shape_ == Shape::kCompound ? Between(a.value, b.value, part)
                                      : a.value + (b.value - a.value) * part;
  }
  if (points_.size() > 1) return points_.back().value;
  return std::nullopt;
}

}  // namespace attainment
