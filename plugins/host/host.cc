#include "plugins/host/host.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "core/error.h"
#include "plugins/checks/use.h"
#include "plugins/host/discovery.h"
#include "plugins/host/native_instance.h"
#include "plugins/host/worker_instance.h"
#include "plugins/host/worker_pool.h"

namespace policytrack::plugins {
namespace {

struct Entry {
  v1::Plugin plugin;
  std::string digest;
  std::shared_ptr<const NativePlugin> native;  // of one that runs in this process
  std::shared_ptr<WorkerPool> workers;         // of one that does not
};

// Its entries stay as they are; whether one is quarantined is asked each time.
class DirectoryHost final : public Engine {
 public:
  DirectoryHost(std::map<std::string, Entry> entries, std::shared_ptr<Quarantine> quarantine)
      : entries_(std::move(entries)), quarantine_(std::move(quarantine)) {}

  std::vector<v1::Plugin> ListPlugins() const override {
    std::vector<v1::Plugin> result;
    for (const auto& entry : entries_) result.push_back(Present(entry.second));
    return result;
  }

  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override {
    const auto at = entries_.find(std::string(name));
    if (at == entries_.end()) return PluginNotFound(name);
    return Present(at->second);
  }

  std::string PluginDigest(absl::string_view name) const override {
    const auto entry = Active(name);
    return entry.ok() ? (*entry)->digest : "";
  }

  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) override {
    PT_ASSIGN_OR_RETURN(const Entry* entry, Active(name));
    const v1::PluginDescriptor& descriptor = entry->plugin.plugin_descriptor();
    PT_RETURN_IF_ERROR(CheckUse(descriptor, assessment));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved, ResolveParameters(descriptor, parameters));
    if (assessment != nullptr) {
      for (Parameter& p : AssessmentParameters(*assessment)) resolved.push_back(std::move(p));
    }
    PT_ASSIGN_OR_RETURN(std::vector<BoundInput> bound, BindInputs(descriptor, inputs));
    if (entry->workers != nullptr) {
      return MakeWorkerInstance(entry->workers, resolved, std::move(bound));
    }
    return MakeNativeInstance(entry->native, resolved, std::move(bound));
  }

  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override {
    PT_ASSIGN_OR_RETURN(const Entry* entry, Active(name));
    PT_ASSIGN_OR_RETURN(std::vector<Parameter> resolved,
                        ResolveParameters(entry->plugin.plugin_descriptor(), parameters));
    return FormatParameters(resolved);
  }

 private:
  // The plugin as it is now.
  v1::Plugin Present(const Entry& entry) const {
    v1::Plugin plugin = entry.plugin;
    if (plugin.state() != v1::PLUGIN_STATE_ACTIVE) return plugin;
    if (const auto reason = quarantine_->Reason(plugin.digest()); reason.has_value()) {
      plugin.set_state(v1::PLUGIN_STATE_QUARANTINED);
      plugin.set_state_message(*reason);
    }
    return plugin;
  }

  absl::StatusOr<const Entry*> Active(absl::string_view name) const {
    const auto at = entries_.find(std::string(name));
    if (at == entries_.end()) return PluginNotFound(name);
    PT_RETURN_IF_ERROR(CheckActive(Present(at->second)));
    return &at->second;
  }

  const std::map<std::string, Entry> entries_;
  const std::shared_ptr<Quarantine> quarantine_;
};

// Opens the plugins of a directory one after the other.
class Opener {
 public:
  Opener(const HostOptions& options, const AllowList& allow_list,
         const std::function<void(absl::string_view)>& log)
      : options_(options), allow_list_(allow_list), log_(log) {
    if (options_.workers.quarantine == nullptr) {
      struct Own {
        SystemClock clock;
        Quarantine quarantine{&clock};
      };
      const auto own = std::make_shared<Own>();
      options_.workers.quarantine = std::shared_ptr<Quarantine>(own, &own->quarantine);
    }
  }

  Entry Open(const std::string& id, const PluginFiles& files) {
    FoundPlugin found =
        OpenPlugin(options_.plugin_dir, id, files, allow_list_, !options_.workers.program.empty());
    Entry entry;
    if (found.plugin.hosting() == v1::PLUGIN_HOSTING_WORKER) {
      entry.workers = StartWorkers(&found);
    } else if (found.plugin.state() == v1::PLUGIN_STATE_ACTIVE) {
      entry.native = Native(found);
    }
    if (found.plugin.state() != v1::PLUGIN_STATE_ACTIVE) {
      log_(absl::StrCat(found.plugin.name(), " cannot be used (",
                        v1::PluginState_Name(found.plugin.state()),
                        "): ", found.plugin.state_message()));
    }
    entry.digest = std::move(found.digest);
    entry.plugin = std::move(found.plugin);
    return entry;
  }

  const std::shared_ptr<Quarantine>& quarantine() const { return options_.workers.quarantine; }

 private:
  std::shared_ptr<const NativePlugin> Native(const FoundPlugin& found) {
    if (watchdog_ == nullptr) watchdog_ = std::make_shared<Watchdog>();
    auto native = std::make_shared<NativePlugin>();
    native->descriptor = found.plugin.plugin_descriptor();
    native->library = found.library;
    native->watchdog = watchdog_;
    native->call_deadline = options_.call_deadline;
    return native;
  }

  std::shared_ptr<WorkerPool> StartWorkers(FoundPlugin* found) {
    v1::Plugin* plugin = &found->plugin;
    const std::string& id = plugin->plugin_descriptor().id();
    const auto fail = [&](v1::PluginState state, const std::string& message) {
      plugin->set_state(state);
      plugin->set_state_message(absl::StrCat(id, ".so ", message));
      plugin->clear_hosting();
      found->digest.clear();
      return nullptr;
    };
    Descriptor library(SealedCopy(found->shared_object, absl::StrCat("policytrack-plugin-", id)));
    if (library.get() < 0) {
      return fail(
          v1::PLUGIN_STATE_BROKEN,
          absl::StrCat("a sealed copy of it cannot be made in memory: ", std::strerror(errno)));
    }
    if (spawner_ == nullptr) spawner_ = std::make_shared<WorkerSpawner>();
    auto pool = std::make_shared<WorkerPool>(
        WorkerPool::Setup{plugin->plugin_descriptor(), plugin->digest(), std::move(library),
                          options_.workers, spawner_, options_.call_deadline});
    // What is quarantined does not run; it is loaded when it is released and used.
    if (quarantine()->Reason(plugin->digest()).has_value()) return pool;
    uint32_t lacks = 0;
    const LoadResult result = pool->Load(&lacks);
    if (lacks != 0 && !told_) {
      told_ = true;
      log_(absl::StrCat("the sandbox of workers is weaker than it could be: there is no ",
                        SandboxParts(lacks)));
    }
    if (result.state != v1::PLUGIN_STATE_ACTIVE) return fail(result.state, result.message);
    return pool;
  }

  HostOptions options_;
  const AllowList& allow_list_;
  const std::function<void(absl::string_view)>& log_;
  std::shared_ptr<Watchdog> watchdog_;
  std::shared_ptr<WorkerSpawner> spawner_;
  bool told_ = false;  // what the kernel lacks
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
  const std::string& program = options.workers.program;
  if (!program.empty() && access(program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("the program of plugin workers ", program,
                                            " cannot be run: ", std::strerror(errno),
                                            "; install it, or set plugin-workers to off"));
  }
  Opener opener(options, allow_list, log);
  std::map<std::string, Entry> entries;
  for (const auto& [id, halves] : files) {
    Entry entry = opener.Open(id, halves);
    std::string name = entry.plugin.name();
    entries.emplace(std::move(name), std::move(entry));
  }
  return std::unique_ptr<Engine>(
      std::make_unique<DirectoryHost>(std::move(entries), opener.quarantine()));
}

}  // namespace policytrack::plugins
