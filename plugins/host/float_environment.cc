#include "plugins/host/float_environment.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace policytrack::plugins {

ScopedFloatEnvironment::ScopedFloatEnvironment() {
  std::fegetenv(&saved_);
  std::fesetenv(FE_DFL_ENV);
#if defined(__x86_64__)
  // Older C libraries leave flush-to-zero and denormals-are-zero as they are.
  _mm_setcsr(0x1f80);
#endif
}

ScopedFloatEnvironment::~ScopedFloatEnvironment() { std::fesetenv(&saved_); }

}  // namespace policytrack::plugins
