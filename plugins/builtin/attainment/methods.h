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

// The scaling factor of the thresholds near a natural limit.
double LimitFactor(double baseline, double limit);

// The value at the target's time if the pace so far holds; none when the
// formula is not defined.
std::optional<double> ProjectCompound(const Progress& progress);
double ProjectLinear(const Progress& progress);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHODS_H_
