// Runs the shipped plugin `lua` in this process, which no host does: its tests, and
// those of what stands above it, need no worker so.
#ifndef POLICYTRACK_TESTS_PLUGINS_SCRIPT_RUNNER_H_
#define POLICYTRACK_TESTS_PLUGINS_SCRIPT_RUNNER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugins/engine.h"
#include "plugins/host/host.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {

// The host of a folder that has `lua` in it, with `lua` in use.
absl::StatusOr<std::unique_ptr<Engine>> OpenHostWithLua(
    const HostOptions& options, const std::function<void(absl::string_view)>& log);

// All shipped plugins, `lua` among them; null when they cannot be opened.
std::unique_ptr<Engine> OpenShippedWithLua(absl::Duration call_deadline = absl::Seconds(30));

// Runs a script on feeds, as RunPlugin runs a plugin. `parameters` are those of the
// plugin; `inputs` are the names of the feeds unless it says otherwise.
absl::StatusOr<Run> RunScript(v1::Frequency frequency, google::protobuf::Struct parameters,
                              const std::vector<Feed>& feeds, PeriodRange window = {});
absl::StatusOr<Run> RunExpression(const std::string& expression, const std::vector<Feed>& feeds);
absl::StatusOr<Run> RunCode(const std::string& code, const std::vector<Feed>& feeds);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_SCRIPT_RUNNER_H_
