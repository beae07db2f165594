// One test module in workers of its own.
#ifndef POLICYTRACK_TESTS_PLUGINS_WORKER_FIXTURE_H_
#define POLICYTRACK_TESTS_PLUGINS_WORKER_FIXTURE_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"
#include "plugins/engine.h"
#include "plugins/host/quarantine.h"
#include "tests/plugins/plugin_directory.h"

namespace policytrack::plugins {

// The process ids of the children of this process, by name.
std::vector<int> ChildProcesses(const std::string& name = "policytrack-wor");

class WorkerWorld {
 public:
  explicit WorkerWorld(std::vector<std::string> unlisted,
                       absl::Duration deadline = absl::Seconds(30));

  // Opens the host again, with the options as they are now.
  void Open();

  // Opens it again with a grace that no busy machine exceeds, for modules that stop
  // when they are told to.
  void BePatient();

  PluginDirectory& directory() { return directory_; }
  WorkerOptions& options() { return options_; }
  Engine& engine() { return *engine_; }
  FakeClock& clock() { return clock_; }
  void Close() { engine_.reset(); }

  v1::Plugin Get(const std::string& name);
  // Over both files of a plugin, as they are now.
  std::string BuildDigest(const std::string& name);
  // An instance fed with one yearly input.
  absl::StatusOr<std::unique_ptr<Instance>> Make(const std::string& name);
  // One computation of a new instance over the years of the input.
  absl::StatusOr<Columns> Call(const std::string& name, const std::vector<double>& values);

  // What was logged while it ran, joined.
  std::string Logged();
  // Names, digests and reasons of quarantined plugins, as they were told.
  std::vector<std::string> Quarantined();

 private:
  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  PluginDirectory directory_;
  absl::Duration deadline_;
  WorkerOptions options_;
  std::mutex mutex_;  // for the two below
  std::string log_;
  std::vector<std::string> quarantined_;
  std::unique_ptr<Engine> engine_;
};

// Years from 2001 on.
Columns Years(const std::vector<double>& values);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_WORKER_FIXTURE_H_
