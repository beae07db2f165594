#include "tests/plugins/script_runner.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/digest.h"
#include "core/error.h"
#include "gtest/gtest.h"
#include "plugins/checks/descriptor.h"
#include "plugins/checks/use.h"
#include "plugins/host/native_instance.h"

namespace policytrack::plugins {
namespace {

constexpr char kLua[] = "plugins/lua";

std::string Contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// An engine and `lua`.
class EngineWithLua final : public Engine {
 public:
  EngineWithLua(std::unique_ptr<Engine> others, std::shared_ptr<const NativePlugin> lua,
                std::string digest)
      : others_(std::move(others)), lua_(std::move(lua)), digest_(std::move(digest)) {}

  std::vector<v1::Plugin> ListPlugins() const override {
    std::vector<v1::Plugin> plugins = others_->ListPlugins();
    for (v1::Plugin& plugin : plugins) {
      if (plugin.name() == kLua) plugin = *GetPlugin(kLua);
    }
    return plugins;
  }

  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override {
    absl::StatusOr<v1::Plugin> plugin = others_->GetPlugin(name);
    if (!plugin.ok() || name != kLua) return plugin;
    plugin->set_state(v1::PLUGIN_STATE_ACTIVE);
    plugin->clear_state_message();
    return plugin;
  }

  std::string PluginDigest(absl::string_view name) const override {
    return name == kLua ? digest_ : others_->PluginDigest(name);
  }

  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) override {
    if (name != kLua) return others_->MakeInstance(name, parameters, inputs, assessment);
    PT_RETURN_IF_ERROR(CheckUse(lua_->descriptor, assessment));
    PT_ASSIGN_OR_RETURN(const std::vector<Parameter> resolved,
                        ResolveParameters(lua_->descriptor, parameters));
    PT_ASSIGN_OR_RETURN(std::vector<BoundInput> bound, BindInputs(lua_->descriptor, inputs));
    return MakeNativeInstance(lua_, resolved, std::move(bound));
  }

  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override {
    if (name != kLua) return others_->EffectiveParameters(name, parameters);
    PT_ASSIGN_OR_RETURN(const std::vector<Parameter> resolved,
                        ResolveParameters(lua_->descriptor, parameters));
    return FormatParameters(resolved);
  }

 private:
  const std::unique_ptr<Engine> others_;
  const std::shared_ptr<const NativePlugin> lua_;
  const std::string digest_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> OpenHostWithLua(
    const HostOptions& options, const std::function<void(absl::string_view)>& log) {
  PT_ASSIGN_OR_RETURN(std::unique_ptr<Engine> others, OpenHost(options, log));
  const std::string shared_object = Contents(options.plugin_dir + "/lua.so");
  const std::string json = Contents(options.plugin_dir + "/lua.json");
  auto lua = std::make_shared<NativePlugin>();
  PT_ASSIGN_OR_RETURN(lua->descriptor, ParseDescriptor(json));
  LoadResult loaded = LoadNativeLibrary(shared_object, lua->descriptor);
  if (loaded.state != v1::PLUGIN_STATE_ACTIVE) return absl::InternalError(loaded.message);
  lua->library = loaded.library;
  lua->watchdog = std::make_shared<Watchdog>();
  lua->call_deadline = options.call_deadline;
  return std::unique_ptr<Engine>(std::make_unique<EngineWithLua>(std::move(others), std::move(lua),
                                                                 Sha256Hex(shared_object + json)));
}

std::unique_ptr<Engine> OpenShippedWithLua(absl::Duration call_deadline) {
  HostOptions options;
  options.plugin_dir = SHIPPED_PLUGIN_DIR;
  options.allow_list_file = SHIPPED_ALLOW_LIST;
  options.call_deadline = call_deadline;
  auto engine = OpenHostWithLua(options, [](absl::string_view) {});
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

absl::StatusOr<Run> RunScript(v1::Frequency frequency, google::protobuf::Struct parameters,
                              const std::vector<Feed>& feeds, PeriodRange window) {
  const std::string names = absl::StrJoin(
      feeds, ",", [](std::string* out, const Feed& feed) { absl::StrAppend(out, feed.slot); });
  if (parameters.fields().count("inputs") == 0) {
    (*parameters.mutable_fields())["inputs"].set_string_value(names);
  }
  return RunPlugin("lua", frequency, parameters, feeds, nullptr, window);
}

absl::StatusOr<Run> RunExpression(const std::string& expression, const std::vector<Feed>& feeds) {
  google::protobuf::Struct parameters;
  (*parameters.mutable_fields())["expression"].set_string_value(expression);
  return RunScript(v1::FREQUENCY_MONTH, parameters, feeds);
}

absl::StatusOr<Run> RunCode(const std::string& code, const std::vector<Feed>& feeds) {
  google::protobuf::Struct parameters;
  (*parameters.mutable_fields())["code"].set_string_value(code);
  return RunScript(v1::FREQUENCY_MONTH, parameters, feeds);
}

}  // namespace policytrack::plugins
