#include "plugins/host/directory_source.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "core/error.h"
#include "plugins/host/allow_list.h"
#include "plugins/host/build_engine.h"
#include "plugins/host/native_instance.h"
#include "plugins/host/sealed_memory.h"
#include "plugins/host/worker_instance.h"
#include "plugins/host/worker_pool.h"

namespace policytrack::plugins {

DirectorySource::DirectorySource(HostOptions options, std::function<void(absl::string_view)> log)
    : options_(std::move(options)), log_(std::move(log)), watchdog_(std::make_shared<Watchdog>()) {
  std::shared_ptr<Quarantine>& quarantine = options_.workers.quarantine;
  if (quarantine == nullptr) {
    struct Own {
      SystemClock clock;
      Quarantine quarantine{&clock};
    };
    const auto own = std::make_shared<Own>();
    quarantine = std::shared_ptr<Quarantine>(own, &own->quarantine);
  }
}

DirectorySource::~DirectorySource() { TellQuarantines(nullptr); }

void DirectorySource::TellQuarantines(
    std::function<void(const std::string& digest, const std::string& reason)> told) {
  if (told) {
    for (const auto& [digest, reason] : options_.workers.quarantine->All()) told(digest, reason);
  }
  options_.workers.quarantine->SetListener(std::move(told));
}

absl::StatusOr<std::vector<FoundBuild>> DirectorySource::Find() {
  PT_ASSIGN_OR_RETURN(const AllowList allow_list, AllowList::Read(options_.allow_list_file));
  PT_ASSIGN_OR_RETURN(const auto files, ListPluginFiles(options_.plugin_dir, log_));
  std::erase_if(in_workers_, [](const auto& known) { return known.second.expired(); });
  std::vector<FoundBuild> builds;
  for (const auto& [base, parts] : files) {
    FoundPlugin found =
        OpenPlugin(options_.plugin_dir, base, parts, allow_list, !options_.workers.program.empty(),
                   [&](const std::string& digest) { return loaded_.count(digest) > 0; });
    FoundBuild& build = builds.emplace_back();
    build.file = base;
    build.version = found.version;
    if (parts.golden) build.golden = ReadGolden(options_.plugin_dir, base);
    if (found.plugin.state() == v1::PLUGIN_STATE_ACTIVE) {
      build.engine = found.plugin.hosting() == v1::PLUGIN_HOSTING_WORKER ? InWorkers(&found)
                                                                         : InProcess(found);
      build.digest = found.digest;
    }
    build.plugin = std::move(found.plugin);
  }
  return builds;
}

std::shared_ptr<Engine> DirectorySource::InProcess(const FoundPlugin& found) {
  std::shared_ptr<Engine>& engine = loaded_[found.digest];
  if (engine != nullptr) return engine;
  auto native = std::make_shared<NativePlugin>();
  native->descriptor = found.plugin.plugin_descriptor();
  native->library = found.library;
  native->watchdog = watchdog_;
  native->call_deadline = options_.call_deadline;
  engine = MakeBuildEngine(
      found.plugin, found.digest,
      [native](const std::vector<Parameter>& parameters, std::vector<BoundInput> inputs) {
        return MakeNativeInstance(native, parameters, std::move(inputs));
      },
      nullptr);
  return engine;
}

std::shared_ptr<Engine> DirectorySource::InWorkers(FoundPlugin* found) {
  std::weak_ptr<Engine>& known = in_workers_[found->digest];
  if (auto running = known.lock(); running != nullptr) return running;
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
  const std::shared_ptr<Quarantine> quarantine = options_.workers.quarantine;
  auto pool = std::make_shared<WorkerPool>(
      WorkerPool::Setup{plugin->plugin_descriptor(), found->digest, std::move(library),
                        options_.workers, spawner_, options_.call_deadline});
  // What is quarantined does not run; it is loaded when it is released and used.
  if (!quarantine->Reason(found->digest).has_value()) {
    uint32_t lacks = 0;
    const LoadResult result = pool->Load(&lacks);
    if (lacks != 0 && !told_lacks_) {
      told_lacks_ = true;
      log_(absl::StrCat("the sandbox of workers is weaker than it could be: there is no ",
                        SandboxParts(lacks)));
    }
    if (result.state != v1::PLUGIN_STATE_ACTIVE) return fail(result.state, result.message);
  }
  auto engine = MakeBuildEngine(
      *plugin, found->digest,
      [pool](const std::vector<Parameter>& parameters, std::vector<BoundInput> inputs) {
        return MakeWorkerInstance(pool, parameters, std::move(inputs));
      },
      [quarantine](const std::string& digest, const v1::PluginQuarantine* held) {
        if (held != nullptr) {
          quarantine->Put(digest, held->reason());
        } else if (quarantine->Reason(digest).has_value()) {
          // Of one that is not held the crashes go on to be counted.
          quarantine->Release(digest);
        }
      });
  known = engine;
  return engine;
}

}  // namespace policytrack::plugins
