#include "plugins/host/directory_source.h"

#include <utility>

#include "core/error.h"
#include "plugins/host/allow_list.h"
#include "plugins/host/discovery.h"
#include "plugins/host/native_engine.h"

namespace policytrack::plugins {

DirectorySource::DirectorySource(HostOptions options, std::function<void(absl::string_view)> log)
    : options_(std::move(options)), log_(std::move(log)), watchdog_(std::make_shared<Watchdog>()) {}

absl::StatusOr<std::vector<FoundBuild>> DirectorySource::Find() {
  PT_ASSIGN_OR_RETURN(const AllowList allow_list, AllowList::Read(options_.allow_list_file));
  PT_ASSIGN_OR_RETURN(const auto files, ListPluginFiles(options_.plugin_dir, log_));
  std::vector<FoundBuild> builds;
  for (const auto& [base, parts] : files) {
    FoundPlugin found =
        OpenPlugin(options_.plugin_dir, base, parts, allow_list,
                   [&](const std::string& digest) { return loaded_.count(digest) > 0; });
    FoundBuild& build = builds.emplace_back();
    build.file = base;
    build.plugin = found.plugin;
    build.version = found.version;
    if (parts.golden) build.golden = ReadGolden(options_.plugin_dir, base);
    if (found.plugin.state() != v1::PLUGIN_STATE_ACTIVE) continue;
    build.digest = found.digest;
    std::shared_ptr<Engine>& engine = loaded_[found.digest];
    if (engine == nullptr) {
      auto native = std::make_shared<NativePlugin>();
      native->descriptor = found.plugin.plugin_descriptor();
      native->library = found.library;
      native->watchdog = watchdog_;
      native->call_deadline = options_.call_deadline;
      engine =
          MakeNativeEngine(std::move(found.plugin), std::move(found.digest), std::move(native));
    }
    build.engine = engine;
  }
  return builds;
}

}  // namespace policytrack::plugins
