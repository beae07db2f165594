#include "plugins/builtin/trend/fit.h"

#include <algorithm>
#include <cmath>

#include "policytrack_sum.hpp"

namespace trend {
namespace {

using policytrack_plugin::Sum;

}  // namespace

double Line::StandardError(double x) const {
  const double n = static_cast<double>(count);
  const double distance = x - mean_x;
  return std::sqrt(residuals / (n - 2) * (1 + 1 / n + distance * distance / spread));
}

// In passes: the means first, then everything about the means, so that large
// figures with small changes lose nothing. y is taken relative to the first
// point's, which makes the deviations of equal figures exactly 0.
Line Fit(std::vector<Point>* scratch) {
  std::vector<Point>& points = *scratch;
  Line line;
  line.count = points.size();
  const double n = static_cast<double>(line.count);
  const double origin = points.front().y;
  Sum weights;
  for (const Point& p : points) weights.Add(p.weight);
  const double mean_weight = weights.Value() / n;
  Sum sum_x;
  Sum sum_y;
  for (Point& p : points) {
    p.weight /= mean_weight;
    p.y -= origin;
    sum_x.Add(p.weight * p.x);
    sum_y.Add(p.weight * p.y);
  }
  line.mean_x = sum_x.Value() / n;
  const double mean_y = sum_y.Value() / n;
  line.mean_y = origin + mean_y;
  Sum xx;
  Sum xy;
  Sum yy;
  for (Point& p : points) {
    p.x -= line.mean_x;
    p.y -= mean_y;
    xx.Add(p.weight * p.x * p.x);
    xy.Add(p.weight * p.x * p.y);
    yy.Add(p.weight * p.y * p.y);
  }
  line.spread = xx.Value();
  line.slope = xy.Value() / line.spread;
  Sum squares;
  for (const Point& p : points) {
    const double residual = p.y - line.slope * p.x;
    squares.Add(p.weight * residual * residual);
  }
  line.residuals = squares.Value();
  if (yy.Value() > 0) {
    // Between 0 and 1, but for rounding.
    line.r_squared = std::clamp(1 - line.residuals / yy.Value(), 0.0, 1.0);
  }
  return line;
}

}  // namespace trend
