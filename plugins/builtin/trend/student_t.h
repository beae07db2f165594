// Quantiles of Student's t distribution.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_TREND_STUDENT_T_H_
#define POLICYTRACK_PLUGINS_BUILTIN_TREND_STUDENT_T_H_

#include <cstdint>

namespace trend {

// The probability that |T| is at most t, for T with so many degrees of freedom.
// REQUIRES: t >= 0 and freedom >= 1.
double StudentCentralProbability(double t, int64_t freedom);

// The t for which that probability is `confidence`, to about 1e-13 of it for
// confidences up to 0.999. REQUIRES: 0 < confidence < 1 and freedom >= 1.
double StudentQuantile(double confidence, int64_t freedom);

}  // namespace trend

#endif  // POLICYTRACK_PLUGINS_BUILTIN_TREND_STUDENT_T_H_
