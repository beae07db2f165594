// The floating-point environment that plugins compute in: round to nearest, no
// traps, denormals kept. A library compiled with -ffast-math turns
// flush-to-zero on for whoever loads it, so it is set before every call.
//
// Thread rule: affects the calling thread only; not to be shared.
#ifndef POLICYTRACK_PLUGINS_HOST_FLOAT_ENVIRONMENT_H_
#define POLICYTRACK_PLUGINS_HOST_FLOAT_ENVIRONMENT_H_

#include <cfenv>

namespace policytrack::plugins {

// Sets the default environment, and what was before when it ends.
class ScopedFloatEnvironment {
 public:
  ScopedFloatEnvironment();
  ~ScopedFloatEnvironment();
  ScopedFloatEnvironment(const ScopedFloatEnvironment&) = delete;
  ScopedFloatEnvironment& operator=(const ScopedFloatEnvironment&) = delete;

 private:
  std::fenv_t saved_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_FLOAT_ENVIRONMENT_H_
