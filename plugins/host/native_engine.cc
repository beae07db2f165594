#include "plugins/host/native_engine.h"

#include <utility>
#include <vector>

#include "core/error.h"
#include "plugins/checks/use.h"

namespace policytrack::plugins {
namespace {

// Immutable after construction, hence safe from any thread.
class NativeEngine final : public Engine {
 public:
  NativeEngine(v1::Plugin plugin, std::string digest, std::shared_ptr<const NativePlugin> native)
      : plugin_(std::move(plugin)), digest_(std::move(digest)), native_(std::move(native)) {}

  std::vector<v1::Plugin> ListPlugins() const override { return {plugin_}; }

  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override {
    PT_RETURN_IF_ERROR(CheckName(name));
    return plugin_;
  }

  std::string PluginDigest(absl::string_view name) const override {
    return CheckName(name).ok() ? digest_ : "";
  }

  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) override {
    PT_RETURN_IF_ERROR(CheckName(name));
    const v1::PluginDescriptor& descriptor = native_->descriptor;
    PT_RETURN_IF_ERROR(CheckUse(descriptor, assessment));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved, ResolveParameters(descriptor, parameters));
    if (assessment != nullptr) {
      for (Parameter& p : AssessmentParameters(*assessment)) resolved.push_back(std::move(p));
    }
    PT_ASSIGN_OR_RETURN(std::vector<BoundInput> bound, BindInputs(descriptor, inputs));
    return MakeNativeInstance(native_, resolved, std::move(bound));
  }

  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override {
    PT_RETURN_IF_ERROR(CheckName(name));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved,
                        ResolveParameters(native_->descriptor, parameters));
    return FormatParameters(resolved);
  }

 private:
  absl::Status CheckName(absl::string_view name) const {
    return name == absl::string_view(plugin_.name()) ? absl::OkStatus() : PluginNotFound(name);
  }

  const v1::Plugin plugin_;
  const std::string digest_;
  const std::shared_ptr<const NativePlugin> native_;
};

}  // namespace

std::shared_ptr<Engine> MakeNativeEngine(v1::Plugin plugin, std::string digest,
                                         std::shared_ptr<const NativePlugin> native) {
  return std::make_shared<NativeEngine>(std::move(plugin), std::move(digest), std::move(native));
}

}  // namespace policytrack::plugins
