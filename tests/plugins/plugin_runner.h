// Runs a shipped plugin on figures, through the host, as the service does.
#ifndef POLICYTRACK_TESTS_PLUGINS_PLUGIN_RUNNER_H_
#define POLICYTRACK_TESTS_PLUGINS_PLUGIN_RUNNER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"
#include "plugins/checks/feed.h"
#include "plugins/engine.h"

namespace policytrack::plugins {

// `{"years": 3, "method": "cagr"}` as parameters; fails the test when malformed.
google::protobuf::Struct Parameters(const std::string& json);

// The ordinal of a period's text; fails the test when malformed.
int64_t Ordinal(v1::Frequency frequency, const std::string& text);

// The shipped plugins, loaded; fails the test when they cannot be. `lua` is there and
// not active: it runs in a worker only.
std::unique_ptr<Engine> OpenShipped();

// The outputs of a run, by name.
struct Run {
  std::map<std::string, Columns> outputs;

  // The value of an output at a period; NaN when it is missing or not there.
  double Value(const std::string& output, int64_t period) const;
  // Its flags; 0xffff when it is not there.
  Flags FlagsAt(const std::string& output, int64_t period) const;
  // Why it is missing; fails the test when it is not.
  v1::MissingReason Reason(const std::string& output, int64_t period) const;
};

// Runs a plugin on feeds; the axis is the union of the aligned feeds' periods.
absl::StatusOr<Run> RunPlugin(const std::string& plugin, v1::Frequency frequency,
                              const std::string& parameters, const std::vector<Feed>& feeds,
                              const AssessmentContext* assessment = nullptr,
                              PeriodRange window = {});
absl::StatusOr<Run> RunPlugin(const std::string& plugin, v1::Frequency frequency,
                              const google::protobuf::Struct& parameters,
                              const std::vector<Feed>& feeds, const AssessmentContext* assessment,
                              PeriodRange window);

// How far a plugin that is so fed says that changed inputs reach.
absl::StatusOr<Window> WindowOf(const std::string& plugin, v1::Frequency frequency,
                                const std::string& parameters, const std::vector<Feed>& feeds);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_PLUGIN_RUNNER_H_
