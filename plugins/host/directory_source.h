// Builds from shared objects in a directory, with the operator's list of what is
// trusted; both are read again each time. What is pinned runs in this process, the
// rest in workers.
//
// Thread rule: as BuildSource.
#ifndef POLICYTRACK_PLUGINS_HOST_DIRECTORY_SOURCE_H_
#define POLICYTRACK_PLUGINS_HOST_DIRECTORY_SOURCE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/host/discovery.h"
#include "plugins/host/host.h"
#include "plugins/host/quarantine.h"
#include "plugins/host/watchdog.h"
#include "plugins/host/worker_spawner.h"
#include "plugins/versions/build_source.h"

namespace policytrack::plugins {

class DirectorySource final : public BuildSource {
 public:
  // `log` gets the files that are ignored, and what the kernel lacks.
  DirectorySource(HostOptions options, std::function<void(absl::string_view)> log);
  ~DirectorySource() override;

  // Returns NOT_FOUND when the directory or the list is not there, and
  // INVALID_ARGUMENT when the directory is none or the list is malformed.
  absl::StatusOr<std::vector<FoundBuild>> Find() override;

  // Who is told of every build that is in quarantine, and of each that gets there for its
  // crashes from now on.
  void TellQuarantines(
      std::function<void(const std::string& digest, const std::string& reason)> told);

 private:
  std::shared_ptr<Engine> InProcess(const FoundPlugin& found);
  // Null when it cannot be loaded there; then the state says why.
  std::shared_ptr<Engine> InWorkers(FoundPlugin* found);

  HostOptions options_;
  const std::function<void(absl::string_view)> log_;
  const std::shared_ptr<Watchdog> watchdog_;
  std::shared_ptr<WorkerSpawner> spawner_;  // once there is something to spawn
  bool told_lacks_ = false;                 // what the kernel lacks
  // By digest. Code that was loaded into this process stays in it, so that the way
  // back to a build loads nothing again.
  std::map<std::string, std::shared_ptr<Engine>> loaded_;
  // By digest. Workers end with who uses them.
  std::map<std::string, std::weak_ptr<Engine>> in_workers_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_DIRECTORY_SOURCE_H_
