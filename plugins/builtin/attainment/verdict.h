// What a method says of a value: a status, a score and a ratio, and where on the
// scale of scores a status lies.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_VERDICT_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_VERDICT_H_

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

// Many thresholds are inclusive, and a growth of exactly 1.5 % comes out of the
// computation as 0.01499999999999990: what differs by rounding is equal.
inline constexpr double kRatioRounding = 1e-9;
inline constexpr double kGrowthRounding = 1e-12;

// The score of `x` in the band of a status, which `x` crosses from `from` to `to`:
// deteriorating from -5 to -2.5, limited to 0, moderate to 2.5, on track to 5. What
// lies outside has the score of the nearer end.
double ScoreInBand(Status status, double x, double from, double to);

// Nothing was required, the baseline being the target, so that every change is
// infinitely much. `progress` is positive towards the target.
Verdict WithoutRequirement(double progress);

// Of a pace, actual over required, on a straight line.
Verdict OfPace(double ratio);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_VERDICT_H_
