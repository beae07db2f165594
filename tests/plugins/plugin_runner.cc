#include "tests/plugins/plugin_runner.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/period.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "plugins/host/host.h"
#include "tests/plugins/script_runner.h"

namespace policytrack::plugins {
namespace {

// The shipped plugins, opened once; null when they cannot be.
Engine* Shipped() {
  static Engine* const engine = OpenShippedWithLua().release();  // lives as long as the program
  return engine;
}

absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(const std::string& plugin,
                                                       v1::Frequency frequency,
                                                       const google::protobuf::Struct& parameters,
                                                       const std::vector<Feed>& feeds,
                                                       const AssessmentContext* assessment) {
  if (Shipped() == nullptr) return absl::InternalError("the shipped plugins are not there");
  return Shipped()->MakeInstance(absl::StrCat("plugins/", plugin), parameters,
                                 MetasOf(frequency, feeds), assessment);
}

}  // namespace

google::protobuf::Struct Parameters(const std::string& json) {
  google::protobuf::Struct parameters;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &parameters);
  EXPECT_TRUE(status.ok()) << json;
  return parameters;
}

int64_t Ordinal(v1::Frequency frequency, const std::string& text) {
  const auto period = ParsePeriod(frequency, text);
  EXPECT_TRUE(period.ok()) << period.status();
  return period.value_or(0);
}

std::unique_ptr<Engine> OpenShipped() {
  HostOptions options;
  options.plugin_dir = SHIPPED_PLUGIN_DIR;
  options.allow_list_file = SHIPPED_ALLOW_LIST;
  auto engine = OpenHost(options, [](absl::string_view line) {
    if (!absl::StartsWith(line, "plugins/lua cannot be used")) ADD_FAILURE() << line;
  });
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

double Run::Value(const std::string& output, int64_t period) const {
  const Columns& columns = outputs.at(output);
  const int64_t at = columns.Find(period);
  if (at < 0 || IsMissing(columns.flags[static_cast<size_t>(at)])) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return columns.values[static_cast<size_t>(at)];
}

Flags Run::FlagsAt(const std::string& output, int64_t period) const {
  const Columns& columns = outputs.at(output);
  const int64_t at = columns.Find(period);
  return at < 0 ? Flags{0xffff} : columns.flags[static_cast<size_t>(at)];
}

v1::MissingReason Run::Reason(const std::string& output, int64_t period) const {
  const Flags flags = FlagsAt(output, period);
  EXPECT_TRUE(flags != 0xffff && IsMissing(flags)) << output << " at " << period << " is there";
  return ReasonOfFlags(flags);
}

absl::StatusOr<Run> RunPlugin(const std::string& plugin, v1::Frequency frequency,
                              const std::string& parameters, const std::vector<Feed>& feeds,
                              const AssessmentContext* assessment, PeriodRange window) {
  return RunPlugin(plugin, frequency, Parameters(parameters), feeds, assessment, window);
}

absl::StatusOr<Run> RunPlugin(const std::string& plugin, v1::Frequency frequency,
                              const google::protobuf::Struct& parameters,
                              const std::vector<Feed>& feeds, const AssessmentContext* assessment,
                              PeriodRange window) {
  const FedInputs inputs(feeds);
  auto instance = MakeInstance(plugin, frequency, parameters, feeds, assessment);
  if (!instance.ok()) return instance.status();
  auto outputs = (*instance)->Compute(inputs.axis, inputs.views, window);
  if (!outputs.ok()) return outputs.status();
  const v1::Plugin described = *Shipped()->GetPlugin(absl::StrCat("plugins/", plugin));
  Run run;
  for (size_t i = 0; i < outputs->size(); ++i) {
    run.outputs[described.plugin_descriptor().outputs(static_cast<int>(i)).name()] =
        std::move((*outputs)[i]);
  }
  return run;
}

absl::StatusOr<Window> WindowOf(const std::string& plugin, v1::Frequency frequency,
                                const std::string& parameters, const std::vector<Feed>& feeds) {
  auto instance = MakeInstance(plugin, frequency, Parameters(parameters), feeds, nullptr);
  if (!instance.ok()) return instance.status();
  return (*instance)->window();
}

}  // namespace policytrack::plugins
