// Holds a build to its golden vectors before it is used.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_SELF_TEST_H_
#define POLICYTRACK_PLUGINS_HOST_SELF_TEST_H_

#include "absl/status/status.h"
#include "plugins/versions/build_source.h"

namespace policytrack::plugins {

// A SelfTest. Ok when it gives its golden vectors, or has none.
// Returns the error that is met first, naming the case.
absl::Status GoldenSelfTest(const FoundBuild& build);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_SELF_TEST_H_
