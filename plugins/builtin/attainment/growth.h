// Compound growth on plain numbers: what the methods that think in percent a year
// share. README.md gives the formulas with their sources.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_GROWTH_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_GROWTH_H_

#include <optional>

namespace attainment {

// The exponential model cannot have 0: a stand-in for it.
double NotZero(double value);

bool OppositeSigns(double a, double b);

// (to / from)^(1 / years) - 1.
double CompoundGrowth(double to, double from, double years);

// The growth from a baseline to a value, positive in the direction (1 or -1) that
// is wanted. REQUIRES: they are not of opposite signs.
double WantedGrowth(double baseline, double value, double years, double direction);

// The value `all_years` after the baseline if it goes on growing as in the first
// `years`. REQUIRES: baseline and value are not of opposite signs.
double GrowOn(double baseline, double value, double years, double all_years);

// What is due at a part (0 to 1) of the time from one point of a way to the next,
// by compound growth. A straight line where that is not defined: points of
// opposite signs, or a stand-in for 0 that turns the way round.
double Between(double from, double to, double part);

// The change in the first year of the way by compound growth from a value to the
// target. The straight one where that is not defined, as for Between; from a value
// of 0, which has no growth; and when less than a year is left.
double CompoundPace(double value, double target, double years);

// The scaling factor of the thresholds near a natural limit.
double LimitFactor(double baseline, double limit);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_GROWTH_H_
