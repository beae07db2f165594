// A straight line through weighted points, by least squares.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_TREND_FIT_H_
#define POLICYTRACK_PLUGINS_BUILTIN_TREND_FIT_H_

#include <cstddef>
#include <optional>
#include <vector>

namespace trend {

struct Point {
  double x;
  double y;
  double weight;
};

// y = mean_y + slope (x - mean_x). The weights count relative to their mean.
struct Line {
  size_t count = 0;
  double mean_x = 0;
  double mean_y = 0;
  double slope = 0;
  double spread = 0;                // weighted sum of (x - mean_x)^2
  double residuals = 0;             // weighted sum of squared residuals
  std::optional<double> r_squared;  // none when all y are equal

  double At(double x) const { return mean_y + slope * (x - mean_x); }
  // The standard error of a further observation at x that has the mean weight.
  // REQUIRES: count > 2.
  double StandardError(double x) const;
};

// REQUIRES: at least two points, of different x, with weights above 0. What the
// line holds is not finite when the points are too large. The points are scratch to
// it and are not what they were.
Line Fit(std::vector<Point>* scratch);

}  // namespace trend

#endif  // POLICYTRACK_PLUGINS_BUILTIN_TREND_FIT_H_
