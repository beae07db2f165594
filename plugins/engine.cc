#include "plugins/engine.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "plugins/version.h"

namespace policytrack::plugins {
namespace {

// The one version that an engine without versions has.
class OnlyBuild final : public Build {
 public:
  OnlyBuild(Engine* engine, v1::Plugin plugin, std::string digest)
      : engine_(engine), plugin_(std::move(plugin)), digest_(std::move(digest)) {}

  const v1::Plugin& plugin() const override { return plugin_; }
  const std::string& digest() const override { return digest_; }
  const std::string& audit_message() const override { return plugin_.audit_message(); }
  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      const google::protobuf::Struct& parameters, const std::vector<InputMeta>& inputs,
      const AssessmentContext* assessment) const override {
    return engine_->MakeInstance(plugin_.name(), parameters, inputs, assessment);
  }
  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      const google::protobuf::Struct& parameters) const override {
    return engine_->EffectiveParameters(plugin_.name(), parameters);
  }

 private:
  Engine* const engine_;
  const v1::Plugin plugin_;
  const std::string digest_;
};

}  // namespace

std::string PluginReference(absl::string_view name, absl::string_view version) {
  return version.empty() ? std::string(name) : absl::StrCat(name, "@", version);
}

SplitReference SplitPluginReference(absl::string_view reference) {
  const size_t at = reference.find('@');
  if (at == absl::string_view::npos) return {reference, ""};
  return {reference.substr(0, at), reference.substr(at + 1)};
}

absl::StatusOr<std::shared_ptr<const Build>> Engine::Find(absl::string_view reference) const {
  const SplitReference split = SplitPluginReference(reference);
  PT_ASSIGN_OR_RETURN(const VersionRequest request, VersionRequest::Parse(split.version));
  PT_ASSIGN_OR_RETURN(v1::Plugin plugin, GetPlugin(split.name));
  const auto version = ParseVersion(plugin.plugin_descriptor().version());
  if (!split.version.empty() && (!version.has_value() || !request.Fits(*version))) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
                 absl::StrCat(split.name, " has no version ", split.version, "; it has ",
                              plugin.plugin_descriptor().version()),
                 {{"resource", std::string(split.name)}});
  }
  std::string digest = PluginDigest(split.name);
  // Instances are made through the engine, which is safe from any thread.
  return std::shared_ptr<const Build>(
      std::make_shared<OnlyBuild>(const_cast<Engine*>(this), std::move(plugin), std::move(digest)));
}

absl::StatusOr<v1::ReloadPluginsResponse> Engine::Reload(bool) {
  v1::ReloadPluginsResponse response;
  response.set_unchanged_count(static_cast<int32_t>(ListPlugins().size()));
  return response;
}

void Engine::Apply(const v1::PluginRecord&) {}
void Engine::Quarantine(absl::string_view, absl::string_view) {}
void Engine::SetQuarantineListener(std::function<void(const QuarantineEvent&)>) {}

}  // namespace policytrack::plugins
