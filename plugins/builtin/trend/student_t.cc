#include "plugins/builtin/trend/student_t.h"

#include <cmath>

#include "policytrack_sum.hpp"

namespace trend {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kMostSteps = 100;
// From there on the expansion is as good as the sum and costs the same for any
// number.
constexpr int64_t kExactUpTo = 2000;

// The density at 0: gamma((v + 1) / 2) / (sqrt(v pi) gamma(v / 2)), by going from
// v - 2 to v; the quotient of the gammas is a product of (v - 1) / (v - 2).
double DensityAtZero(int64_t freedom) {
  const double v = static_cast<double>(freedom);
  double quotient = freedom % 2 == 1 ? 1.0 / kPi : 0.5;  // of v = 1 and 2, without 1 / sqrt(v)
  for (int64_t k = freedom % 2 == 1 ? 3 : 4; k <= freedom; k += 2) {
    quotient *= static_cast<double>(k - 1) / static_cast<double>(k - 2);
  }
  // At v = 2 the formula gives 1 / (2 sqrt(2)), at v = 1 it gives 1 / pi.
  return quotient / std::sqrt(v);
}

// The z for which a normal variable is within z of its mean with this
// probability, by Newton's method from 0: concave like that of Student's t.
double NormalQuantile(double confidence) {
  double z = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * kPi);
    const double next = z + (confidence - std::erf(z / std::sqrt(2.0))) / (2 * density);
    if (!(next > z)) break;
    z = next;
  }
  return z;
}

// Abramowitz and Stegun 26.7.5: the expansion about the normal quantile in one
// over the degrees of freedom. What it leaves out is of the fifth order.
double ExpandedQuantile(double confidence, double v) {
  const double z = NormalQuantile(confidence);
  const double s = z * z;
  const double g1 = z * (s + 1) / 4;
  const double g2 = z * ((5 * s + 16) * s + 3) / 96;
  const double g3 = z * (((3 * s + 19) * s + 17) * s - 15) / 384;
  const double g4 = z * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v;
}

}  // namespace

// Abramowitz and Stegun 26.7.3 and 26.7.4: for whole degrees of freedom a finite
// sum, of positive terms alone.
double StudentCentralProbability(double t, int64_t freedom) {
  const double v = static_cast<double>(freedom);
  const double angle = std::atan2(t, std::sqrt(v));
  const double sine = std::sin(angle);
  const double cosine = std::cos(angle);
  policytrack_plugin::Sum sum;
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1.0;
  for (int64_t k = odd ? 3 : 2; k <= freedom; k += 2) {
    sum.Add(term);
    term *= cosine * cosine * static_cast<double>(k - 1) / static_cast<double>(k);
    // What is left adds up to less than this over the square of the sine.
    if (term < 1e-17 * sine * sine * sum.Value()) break;
  }
  return odd ? 2.0 / kPi * (angle + sine * sum.Value()) : sine * sum.Value();
}

// By Newton's method from 0. The probability is concave in t, so that each step
// falls short of the root and the next one comes nearer, until rounding turns
// one back. The longest way, with one degree of freedom and 0.999, takes 20.
double StudentQuantile(double confidence, int64_t freedom) {
  const double v = static_cast<double>(freedom);
  if (freedom > kExactUpTo) return ExpandedQuantile(confidence, v);
  const double at_zero = DensityAtZero(freedom);
  double t = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    const double density = at_zero * std::pow(1 + t * t / v, -(v + 1) / 2);
    const double missing = confidence - StudentCentralProbability(t, freedom);
    const double next = t + missing / (2 * density);
    if (!(next > t)) break;
    t = next;
  }
  return t;
}

}  // namespace trend
