#include "plugins/builtin/attainment/growth.h"

#include <cmath>

namespace attainment {
namespace {

// Whether growth goes from one to the other, with their stand-ins, the way that
// they themselves lie: from 0.0005 down to 0 the stand-in would be a rise.
bool Grows(double from, double to) {
  const double a = NotZero(from);
  const double b = NotZero(to);
  return !OppositeSigns(a, b) && (from < to) == (a < b) && (from > to) == (a > b);
}

}  // namespace

double NotZero(double value) {
  constexpr double kInsteadOfZero = 0.001;
  return value == 0 ? kInsteadOfZero : value;
}

bool OppositeSigns(double a, double b) { return (a < 0 && b > 0) || (a > 0 && b < 0); }

double CompoundGrowth(double to, double from, double years) {
  return std::pow(to / from, 1.0 / years) - 1.0;
}

double WantedGrowth(double baseline, double value, double years, double direction) {
  const double sign = baseline < 0 ? -1.0 : 1.0;
  // Zero after zero is no change; only the stand-in for the baseline differs.
  const double growth = value == baseline ? 0.0 : CompoundGrowth(value, NotZero(baseline), years);
  return sign * direction * growth;
}

double GrowOn(double baseline, double value, double years, double all_years) {
  if (value == baseline) return baseline;
  const double from = NotZero(baseline);
  return from * std::pow(value / from, all_years / years);
}

double Between(double from, double to, double part) {
  if (!Grows(from, to)) return from + (to - from) * part;
  return NotZero(from) * std::pow(NotZero(to) / NotZero(from), part);
}

double CompoundPace(double value, double target, double years) {
  // At one year both are the same. With less, a year of growth would go beyond the
  // target: from 10 to 20 in a month by 40950.
  if (years < 1 || value == 0 || !Grows(value, target)) return (target - value) / years;
  return value * CompoundGrowth(NotZero(target), value, years);
}

double LimitFactor(double baseline, double limit) {
  constexpr double kExponent = 4.44;
  const double y = std::abs(baseline);
  const double l = std::abs(limit);
  if (y >= 2 * l) return 1;
  const double closeness = y <= l ? y / l : (2 * l - y) / l;
  return 1 - std::pow(closeness, kExponent);
}

}  // namespace attainment
