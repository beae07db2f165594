#include "plugins/host/host.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "plugins/checks/use.h"
#include "plugins/host/discovery.h"
#include "plugins/host/native_instance.h"

namespace policytrack::plugins {
namespace {

// Immutable after construction, hence safe from any thread.
class NativeHost final : public Engine {
 public:
  struct Entry {
    v1::Plugin plugin;
    std::string digest;
    std::shared_ptr<const NativePlugin> native;  // null unless active
  };

  explicit NativeHost(std::map<std::string, Entry> entries) : entries_(std::move(entries)) {}

  std::vector<v1::Plugin> ListPlugins() const override {
    std::vector<v1::Plugin> result;
    for (const auto& entry : entries_) result.push_back(entry.second.plugin);
    return result;
  }

  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override {
    const auto at = entries_.find(std::string(name));
    if (at == entries_.end()) return PluginNotFound(name);
    return at->second.plugin;
  }

  std::string PluginDigest(absl::string_view name) const override {
    const auto at = entries_.find(std::string(name));
    return at == entries_.end() ? "" : at->second.digest;
  }

  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) override {
    PT_ASSIGN_OR_RETURN(std::shared_ptr<const NativePlugin> native, Active(name));
    const v1::PluginDescriptor& descriptor = native->descriptor;
    PT_RETURN_IF_ERROR(CheckUse(descriptor, assessment));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved, ResolveParameters(descriptor, parameters));
    if (assessment != nullptr) {
      for (Parameter& p : AssessmentParameters(*assessment)) resolved.push_back(std::move(p));
    }
    PT_ASSIGN_OR_RETURN(std::vector<BoundInput> bound, BindInputs(descriptor, inputs));
    return MakeNativeInstance(std::move(native), resolved, std::move(bound));
  }

  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override {
    PT_ASSIGN_OR_RETURN(std::shared_ptr<const NativePlugin> native, Active(name));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved,
                        ResolveParameters(native->descriptor, parameters));
    return FormatParameters(resolved);
  }

 private:
  absl::StatusOr<std::shared_ptr<const NativePlugin>> Active(absl::string_view name) const {
    const auto at = entries_.find(std::string(name));
    if (at == entries_.end()) return PluginNotFound(name);
    PT_RETURN_IF_ERROR(CheckActive(at->second.plugin));
    return at->second.native;
  }

  const std::map<std::string, Entry> entries_;
};

absl::StatusOr<AllowList> ReadAllowList(const std::string& path) {
  if (path.empty()) return AllowList();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(
        absl::StrCat("the list of trusted plugins ", path, " does not exist or is not a file"));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) {
    return absl::InvalidArgumentError(
        absl::StrCat("the list of trusted plugins ", path, " cannot be read"));
  }
  absl::StatusOr<AllowList> list = AllowList::Parse(text);
  if (!list.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the list of trusted plugins ", path, ": ",
                                                   std::string(list.status().message())));
  }
  return list;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> OpenHost(
    const HostOptions& options, const std::function<void(absl::string_view)>& log) {
  if (options.call_deadline <= absl::ZeroDuration() || options.call_deadline > absl::Hours(24)) {
    return absl::InvalidArgumentError(
        "the deadline of plugin calls must be above 0 and at most 24 hours");
  }
  PT_ASSIGN_OR_RETURN(const AllowList allow_list, ReadAllowList(options.allow_list_file));
  PT_ASSIGN_OR_RETURN(const auto files, ListPluginFiles(options.plugin_dir, log));
  const auto watchdog = std::make_shared<Watchdog>();
  std::map<std::string, NativeHost::Entry> entries;
  for (const auto& [id, halves] : files) {
    FoundPlugin found = OpenPlugin(options.plugin_dir, id, halves, allow_list);
    NativeHost::Entry entry;
    if (found.plugin.state() == v1::PLUGIN_STATE_ACTIVE) {
      auto native = std::make_shared<NativePlugin>();
      native->descriptor = found.plugin.plugin_descriptor();
      native->library = found.library;
      native->watchdog = watchdog;
      native->call_deadline = options.call_deadline;
      entry.native = std::move(native);
    } else {
      log(absl::StrCat(found.plugin.name(), " cannot be used (",
                       v1::PluginState_Name(found.plugin.state()),
                       "): ", found.plugin.state_message()));
    }
    entry.digest = std::move(found.digest);
    entry.plugin = std::move(found.plugin);
    std::string name = entry.plugin.name();
    entries.emplace(std::move(name), std::move(entry));
  }
  return std::unique_ptr<Engine>(std::make_unique<NativeHost>(std::move(entries)));
}

}  // namespace policytrack::plugins
