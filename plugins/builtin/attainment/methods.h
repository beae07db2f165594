// The formulas of attainment on plain numbers. README.md gives them with their
// sources.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHODS_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHODS_H_

#include <optional>

namespace attainment {

enum Status {
  kDeteriorating = 1,
  kLimited = 2,
  kModerate = 3,
  kOnTrack = 4,
  kAchieved = 5,
};

struct Verdict {
  Status status;
  double score;
  std::optional<double> ratio;  // actual over required, where there is a required one
};

// What is compared. Times are in years since the baseline and above 0.
struct Progress {
  double baseline = 0;
  double value = 0;
  double target = 0;     // for the methods with a target
  double years = 0;      // to the value
  double all_years = 0;  // to the target
  double direction = 1;  // 1 when more is wanted, -1 when less
};

// (to / from)^(1 / years) - 1.
double CompoundGrowth(double to, double from, double years);

// None when the formula is not defined: values of opposite signs.
std::optional<Verdict> OpenSdgWithTarget(const Progress& progress);
std::optional<Verdict> OpenSdgWithoutTarget(const Progress& progress,
                                            std::optional<double> natural_limit);
Verdict LinearPace(const Progress& progress);

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

// The value at the target's time if the pace so far holds; none when the
// formula is not defined.
std::optional<double> ProjectCompound(const Progress& progress);
double ProjectLinear(const Progress& progress);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHODS_H_
