#include "plugins/host/self_test.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "plugins/checks/feed.h"
#include "plugins/checks/golden_vectors.h"

namespace policytrack::plugins {
namespace {

absl::Status RunCase(const FoundBuild& build, const GoldenCase& golden) {
  PT_ASSIGN_OR_RETURN(
      const std::unique_ptr<Instance> instance,
      build.engine->MakeInstance(build.plugin.name(), golden.parameters,
                                 MetasOf(golden.frequency, golden.feeds),
                                 golden.assessment.has_value() ? &*golden.assessment : nullptr));
  const FedInputs fed(golden.feeds);
  if (fed.axis.empty()) return absl::OkStatus();
  PT_ASSIGN_OR_RETURN(const std::vector<Columns> outputs,
                      instance->Compute(fed.axis, fed.views, {fed.axis.front(), fed.axis.back()}));
  return CompareWithGolden(build.plugin.plugin_descriptor(), golden, outputs);
}

}  // namespace

absl::Status GoldenSelfTest(const FoundBuild& build) {
  if (build.golden.empty()) return absl::OkStatus();
  PT_ASSIGN_OR_RETURN(const std::vector<GoldenCase> cases,
                      ParseGoldenVectors(build.golden, build.plugin.plugin_descriptor()));
  for (const GoldenCase& golden : cases) {
    if (const absl::Status status = RunCase(build, golden); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat("golden vector `", golden.name,
                                                      "`: ", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::plugins
