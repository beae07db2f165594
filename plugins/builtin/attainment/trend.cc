#include "plugins/builtin/attainment/trend.h"

#include <algorithm>

namespace attainment {

namespace sdk = policytrack_plugin;

void WeightedLine::Add(double years_before, double value) {
  ++count_;
  years_ += years_before;
  weights_ += 1 / years_before;
  values_ += value;
  weighted_values_ += value / years_before;
}

std::optional<double> WeightedLine::AtTarget() const {
  if (count_ < 2) return std::nullopt;
  // The intercept of weighted least squares at x = t - T = 0. With w = 1 / -x the
  // sums of w x and w x y are -n and minus that of the values.
  const double n = count_;
  return (years_ * weighted_values_ - n * values_) / (years_ * weights_ - n * n);
}

int64_t Trend::PartOf(int64_t period) const {
  const int64_t part = period % options_.comparable;
  return part < 0 ? part + options_.comparable : part;
}

void Trend::Break() {
  ++breaks_;
  for (auto& [part, points] : parts_) points.neighbour.reset();
  if (options_.across_breaks || parts_.empty()) return;
  parts_.clear();
  cut_ = true;
}

Earlier Trend::Before(int64_t period) const {
  Earlier earlier;
  earlier.cut = cut_;
  const auto found = parts_.find(PartOf(period));
  if (found == parts_.end()) return earlier;
  const Part& part = found->second;
  earlier.last_count = static_cast<int>(part.last.size());
  earlier.last_value = part.last.front().value;
  earlier.last_years_before = Years(part.last.front().period, period);
  earlier.last.broken = part.last.front().breaks < breaks_;
  for (const Point& point : part.last) {
    earlier.last.quality = std::max(earlier.last.quality, point.quality);
  }
  earlier.line = part.line;
  earlier.all.quality = part.quality;
  earlier.all.broken = part.first_breaks < breaks_;
  return earlier;
}

void Trend::Add(int64_t period, double value, sdk::Flags flags) {
  const auto [found, added] = parts_.try_emplace(PartOf(period));
  Part& part = found->second;
  if (added) part.first_breaks = breaks_;
  const Point point{period, value, sdk::Quality(flags), breaks_};
  part.quality = std::max(part.quality, point.quality);
  if (part.last.size() == 5) part.last.pop_front();
  part.last.push_back(point);
  if (options_.target_period.has_value() && period < *options_.target_period) {
    part.line.Add(Years(period, *options_.target_period), value);
  }
  if (period < options_.pace_from) return;
  if (options_.pace_part_of.has_value() && PartOf(period) != PartOf(*options_.pace_part_of)) return;
  if (part.neighbour.has_value()) {
    const double pace = (value - part.neighbour->value) / Years(part.neighbour->period, period);
    fastest_rise_ = std::max(fastest_rise_.value_or(pace), pace);
    fastest_fall_ = std::min(fastest_fall_.value_or(pace), pace);
  }
  part.neighbour = point;
}

}  // namespace attainment
