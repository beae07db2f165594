// The workers of one plugin: started when wanted, replaced when they end, after a
// pause that grows, and none any more once the plugin is quarantined.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_WORKER_POOL_H_
#define POLICYTRACK_PLUGINS_HOST_WORKER_POOL_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugins/host/native_library.h"
#include "plugins/host/worker_options.h"
#include "plugins/host/worker_process.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// Parts of the sandbox (wire::kSeccomp, ...) in words.
std::string SandboxParts(uint32_t parts);

class WorkerPool {
 public:
  struct Setup {
    v1::PluginDescriptor descriptor;
    std::string digest;     // of the build, over both files
    Descriptor library;     // sealed bytes of it
    WorkerOptions options;  // with a quarantine
    std::shared_ptr<WorkerSpawner> spawner;
    absl::Duration call_deadline;
  };

  explicit WorkerPool(Setup setup) : setup_(std::move(setup)) {}
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Starts the first worker. The state and message are those of the plugin; `lacks`
  // gets the parts of the sandbox that the kernel does not have.
  LoadResult Load(uint32_t* lacks);

  // A worker that has loaded the plugin, for one call.
  // Returns FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE when the plugin is quarantined,
  // DEADLINE_EXCEEDED / PLUGIN_TIMEOUT when none is free within the deadline of calls,
  // INTERNAL / PLUGIN_FAILED when none can be started, or none yet.
  absl::StatusOr<std::unique_ptr<WorkerProcess>> Take();
  // Gives back a worker that answered. One that `computed` shows that all is well, so
  // that the next one that ends is replaced at once.
  void Return(std::unique_ptr<WorkerProcess> worker, bool computed);
  // Gives back one that did not. `counts`: towards quarantine.
  void Lost(std::unique_ptr<WorkerProcess> worker, absl::string_view how, bool counts);

  // Instances that are in use; a worker is told of others when it is next taken.
  uint64_t AddInstance();
  void RemoveInstance(uint64_t instance);

  const v1::PluginDescriptor& descriptor() const { return setup_.descriptor; }
  absl::Duration call_deadline() const { return setup_.call_deadline; }

 private:
  using Time = std::chrono::steady_clock::time_point;

  // A worker that has answered the request to load, or what is wrong; `how` is set when
  // its process ended.
  absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(LoadResult* result, uint32_t* lacks,
                                                             std::string* how);
  absl::Status CheckQuarantine() const;
  // Ends instances of a worker that nobody uses. False when it ended.
  bool Tidy(WorkerProcess* worker, std::string* how);
  void Pause();  // REQUIRES: mutex_ is held
  void Log(absl::string_view line) const;
  void LogPrinted(WorkerProcess* worker);

  const Setup setup_;

  std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::vector<std::unique_ptr<WorkerProcess>> idle_;
  int started_ = 0;   // idle or taken
  int failures_ = 0;  // in a row
  Time not_before_ = Time::min();
  uint64_t last_instance_ = 0;
  std::set<uint64_t> instances_;
  int lines_ = 0;  // of printed text that were logged
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WORKER_POOL_H_
