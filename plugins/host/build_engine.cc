#include "plugins/host/build_engine.h"

#include <utility>
#include <vector>

#include "core/error.h"
#include "plugins/checks/use.h"

namespace policytrack::plugins {
namespace {

// Immutable after construction, hence safe from any thread.
class BuildEngine final : public Engine {
 public:
  BuildEngine(v1::Plugin plugin, std::string digest, InstanceMaker make, HeldBack held_back)
      : plugin_(std::move(plugin)),
        digest_(std::move(digest)),
        make_(std::move(make)),
        held_back_(std::move(held_back)) {}

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
    const v1::PluginDescriptor& descriptor = plugin_.plugin_descriptor();
    PT_RETURN_IF_ERROR(CheckUse(descriptor, assessment));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved, ResolveParameters(descriptor, parameters));
    if (assessment != nullptr) {
      for (Parameter& p : AssessmentParameters(*assessment)) resolved.push_back(std::move(p));
    }
    PT_ASSIGN_OR_RETURN(std::vector<BoundInput> bound, BindInputs(descriptor, inputs));
    return make_(resolved, std::move(bound));
  }

  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override {
    PT_RETURN_IF_ERROR(CheckName(name));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved,
                        ResolveParameters(plugin_.plugin_descriptor(), parameters));
    return FormatParameters(resolved);
  }

  void Apply(const v1::PluginRecord& record) override {
    if (!held_back_) return;
    const v1::PluginQuarantine* quarantine = nullptr;
    for (const v1::PluginBuildRecord& build : record.builds()) {
      if (build.build_digest() == digest_ && build.has_quarantine()) {
        quarantine = &build.quarantine();
      }
    }
    held_back_(digest_, quarantine);
  }

 private:
  absl::Status CheckName(absl::string_view name) const {
    return name == absl::string_view(plugin_.name()) ? absl::OkStatus() : PluginNotFound(name);
  }

  const v1::Plugin plugin_;
  const std::string digest_;
  const InstanceMaker make_;
  const HeldBack held_back_;
};

}  // namespace

std::shared_ptr<Engine> MakeBuildEngine(v1::Plugin plugin, std::string digest, InstanceMaker make,
                                        HeldBack held_back) {
  return std::make_shared<BuildEngine>(std::move(plugin), std::move(digest), std::move(make),
                                       std::move(held_back));
}

}  // namespace policytrack::plugins
