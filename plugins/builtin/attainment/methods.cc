#include "plugins/builtin/attainment/methods.h"

#include <algorithm>
#include <cmath>

namespace attainment {
namespace {

// Thresholds are inclusive, and a growth of exactly 1.5 % comes out of the
// computation as 0.01499999999999990: what differs by rounding is equal.
constexpr double kRatioRounding = 1e-9;
constexpr double kGrowthRounding = 1e-12;

// The exponential model cannot have 0.
constexpr double kInsteadOfZero = 0.001;
double NotZero(double value) { return value == 0 ? kInsteadOfZero : value; }

bool OppositeSigns(double a, double b) { return (a < 0 && b > 0) || (a > 0 && b < 0); }

// Growth towards what is wanted: from a baseline that is not 0 and has the sign
// of the value.
double WantedGrowth(const Progress& p, double baseline) {
  const double sign = p.baseline < 0 ? -1.0 : 1.0;
  // Zero after zero is no change; only the stand-in for the baseline differs.
  const double growth = p.value == p.baseline ? 0.0 : CompoundGrowth(p.value, baseline, p.years);
  return sign * p.direction * growth;
}

// Whether growth goes from one to the other, with their stand-ins, the way that
// they themselves lie: from 0.0005 down to 0 the stand-in would be a rise.
bool Grows(double from, double to) {
  const double a = NotZero(from);
  const double b = NotZero(to);
  return !OppositeSigns(a, b) && (from < to) == (a < b) && (from > to) == (a > b);
}

// Nothing was required (the baseline is the target), so that every change is
// infinitely much.
Verdict WithoutRequirement(double progress) {
  if (progress < 0) return {kDeteriorating, -5.0, std::nullopt};
  if (progress > 0) return {kOnTrack, 5.0, std::nullopt};
  return {kLimited, -2.5, std::nullopt};
}

}  // namespace

double CompoundGrowth(double to, double from, double years) {
  return std::pow(to / from, 1.0 / years) - 1.0;
}

std::optional<Verdict> OpenSdgWithTarget(const Progress& p) {
  const double baseline = NotZero(p.baseline);
  const double target = NotZero(p.target);
  if (OppositeSigns(baseline, p.value) || OppositeSigns(baseline, target)) return std::nullopt;
  const double actual = WantedGrowth(p, baseline);
  const double required = std::abs(CompoundGrowth(target, baseline, p.all_years));
  if (required == 0) return WithoutRequirement(actual);
  const double ratio = actual / required;
  Verdict verdict{kDeteriorating, 0, ratio};
  if (ratio >= 0.6 - kRatioRounding) {
    verdict.status = ratio >= 0.95 - kRatioRounding ? kOnTrack : kModerate;
    verdict.score = std::clamp(7.1429 * ratio - 4.2857, 0.0, 5.0);
  } else {
    verdict.status = ratio >= 0 ? kLimited : kDeteriorating;
    verdict.score = std::max(4.1667 * ratio - 2.5, -5.0);
  }
  return verdict;
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

std::optional<Verdict> OpenSdgWithoutTarget(const Progress& p,
                                            std::optional<double> natural_limit) {
  const double baseline = NotZero(p.baseline);
  if (OppositeSigns(baseline, p.value)) return std::nullopt;
  const double c = natural_limit.has_value() ? LimitFactor(p.baseline, *natural_limit) : 1.0;
  const double v = WantedGrowth(p, baseline);
  if (v < 0) return Verdict{kDeteriorating, std::max(125 * v - 2.5, -5.0), std::nullopt};
  if (c == 0) return Verdict{kOnTrack, 5, std::nullopt};
  if (v >= 0.015 * c - kGrowthRounding) {
    return Verdict{kOnTrack, std::min(500 * v / c - 5, 5.0), std::nullopt};
  }
  if (v >= 0.005 * c - kGrowthRounding) return Verdict{kModerate, 250 * v / c - 1.25, std::nullopt};
  return Verdict{kLimited, 500 * v / c - 2.5, std::nullopt};
}

Verdict LinearPace(const Progress& p) {
  const double actual = p.direction * (p.value - p.baseline) / p.years;
  const double required = std::abs((p.target - p.baseline) / p.all_years);
  if (required == 0) return WithoutRequirement(actual);
  const double ratio = actual / required;
  Verdict verdict{kDeteriorating, 0, ratio};
  if (ratio >= 0.5 - kRatioRounding) {
    verdict.status = ratio > 0.9 + kRatioRounding ? kOnTrack : kModerate;
    verdict.score = std::clamp(6.25 * (ratio - 0.5), 0.0, 5.0);
  } else {
    verdict.status = ratio >= 0 ? kLimited : kDeteriorating;
    verdict.score = std::max(5 * ratio - 2.5, -5.0);
  }
  return verdict;
}

std::optional<double> ProjectCompound(const Progress& p) {
  // The stand-in for a baseline of 0 judges, but gives no figure to believe.
  if (p.baseline == 0 || OppositeSigns(p.baseline, p.value)) return std::nullopt;
  return p.baseline * std::pow(p.value / p.baseline, p.all_years / p.years);
}

double ProjectLinear(const Progress& p) {
  return p.value + (p.value - p.baseline) / p.years * (p.all_years - p.years);
}

}  // namespace attainment
