#include "plugins/fake/fake_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "plugins/checks/descriptor.h"
#include "plugins/checks/gate.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/checks/use.h"

namespace policytrack::plugins {
namespace {

google::protobuf::Struct ToStruct(const std::vector<Parameter>& parameters) {
  google::protobuf::Struct result;
  for (const Parameter& p : parameters) {
    google::protobuf::Value& value = (*result.mutable_fields())[p.name];
    if (p.type == v1::PARAMETER_TYPE_STRING) {
      value.set_string_value(p.text);
    } else if (p.type == v1::PARAMETER_TYPE_BOOLEAN) {
      value.set_bool_value(p.number != 0);
    } else {
      value.set_number_value(p.number);
    }
  }
  return result;
}

class FakeInstance final : public Instance {
 public:
  FakeInstance(v1::PluginDescriptor descriptor, Window window, std::vector<BoundInput> inputs,
               google::protobuf::Struct parameters, FakeEngine::ComputeFunction compute)
      : descriptor_(std::move(descriptor)),
        window_(window),
        inputs_(std::move(inputs)),
        parameters_(std::move(parameters)),
        compute_(std::move(compute)) {}

  Window window() const override { return window_; }

  absl::StatusOr<std::vector<Columns>> Compute(const std::vector<int64_t>& axis,
                                               const std::vector<InputView>& inputs,
                                               PeriodRange window) override {
    PT_RETURN_IF_ERROR(CheckInputs(inputs_, axis, inputs));
    const ConvertedInputs converted(inputs_, inputs);
    PT_ASSIGN_OR_RETURN(std::vector<Columns> outputs,
                        compute_(axis, converted.views(), window, parameters_));
    if (static_cast<int>(outputs.size()) != descriptor_.outputs_size()) {
      return ResultRefused(descriptor_.id(), "*", "is not one column for every declared output");
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      PT_RETURN_IF_ERROR(CheckResult(descriptor_, descriptor_.outputs(static_cast<int>(i)), axis,
                                     window, &outputs[i]));
    }
    return outputs;
  }

 private:
  v1::PluginDescriptor descriptor_;
  Window window_;
  std::vector<BoundInput> inputs_;
  google::protobuf::Struct parameters_;
  FakeEngine::ComputeFunction compute_;
};

}  // namespace

absl::Status FakeEngine::AddPlugin(const v1::PluginDescriptor& descriptor, Window window,
                                   ComputeFunction compute) {
  PT_RETURN_IF_ERROR(CheckDescriptor(descriptor, descriptor.id()));
  Entry entry;
  entry.plugin.set_name(absl::StrCat("plugins/", descriptor.id()));
  entry.plugin.set_state(v1::PLUGIN_STATE_ACTIVE);
  entry.plugin.set_digest(Sha256Hex(descriptor.id()));
  entry.plugin.set_descriptor_digest(Sha256Hex(DeterministicBytes(descriptor)));
  *entry.plugin.mutable_plugin_descriptor() = descriptor;
  entry.digest = Sha256Hex(entry.plugin.digest() + entry.plugin.descriptor_digest());
  entry.window = window;
  entry.compute = std::move(compute);
  absl::MutexLock lock(&mutex_);
  std::string name = entry.plugin.name();
  plugins_[std::move(name)] = std::move(entry);
  return absl::OkStatus();
}

void FakeEngine::SetState(absl::string_view name, v1::PluginState state,
                          absl::string_view message) {
  absl::MutexLock lock(&mutex_);
  v1::Plugin& plugin = plugins_.at(std::string(name)).plugin;
  plugin.set_state(state);
  plugin.set_state_message(std::string(message));
}

void FakeEngine::SetDigest(absl::string_view name, absl::string_view digest) {
  absl::MutexLock lock(&mutex_);
  plugins_.at(std::string(name)).digest = std::string(digest);
}

void FakeEngine::Apply(const v1::PluginRecord& record) {
  absl::MutexLock lock(&mutex_);
  applied_ = record;
}

bool FakeEngine::told_of_quarantine() const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(applied_.builds().begin(), applied_.builds().end(),
                     [](const v1::PluginBuildRecord& build) { return build.has_quarantine(); });
}

std::vector<v1::Plugin> FakeEngine::ListPlugins() const {
  absl::MutexLock lock(&mutex_);
  std::vector<v1::Plugin> result;
  for (const auto& entry : plugins_) result.push_back(entry.second.plugin);
  return result;
}

absl::StatusOr<v1::Plugin> FakeEngine::GetPlugin(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  const auto at = plugins_.find(std::string(name));
  if (at == plugins_.end()) return PluginNotFound(name);
  return at->second.plugin;
}

std::string FakeEngine::PluginDigest(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  const auto at = plugins_.find(std::string(name));
  if (at == plugins_.end() || at->second.plugin.state() != v1::PLUGIN_STATE_ACTIVE) return "";
  return at->second.digest;
}

absl::StatusOr<FakeEngine::Entry> FakeEngine::Active(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  const auto at = plugins_.find(std::string(name));
  if (at == plugins_.end()) return PluginNotFound(name);
  PT_RETURN_IF_ERROR(CheckActive(at->second.plugin));
  return at->second;
}

absl::StatusOr<std::unique_ptr<Instance>> FakeEngine::MakeInstance(
    absl::string_view name, const google::protobuf::Struct& parameters,
    const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) {
  PT_ASSIGN_OR_RETURN(Entry entry, Active(name));
  const v1::PluginDescriptor& descriptor = entry.plugin.plugin_descriptor();
  PT_RETURN_IF_ERROR(CheckUse(descriptor, assessment));
  PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved, ResolveParameters(descriptor, parameters));
  if (assessment != nullptr) {
    for (Parameter& p : AssessmentParameters(*assessment)) resolved.push_back(std::move(p));
  }
  PT_ASSIGN_OR_RETURN(std::vector<BoundInput> bound, BindInputs(descriptor, inputs));
  return std::unique_ptr<Instance>(std::make_unique<FakeInstance>(
      descriptor, entry.window, std::move(bound), ToStruct(resolved), std::move(entry.compute)));
}

absl::StatusOr<std::vector<std::string>> FakeEngine::EffectiveParameters(
    absl::string_view name, const google::protobuf::Struct& parameters) const {
  PT_ASSIGN_OR_RETURN(Entry entry, Active(name));
  PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved,
                      ResolveParameters(entry.plugin.plugin_descriptor(), parameters));
  return FormatParameters(resolved);
}

}  // namespace policytrack::plugins
