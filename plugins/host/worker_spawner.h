// Starts worker processes, from a thread that lives as long as any of them: the
// kernel ends a child when the thread that started it ends, not the process.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_WORKER_SPAWNER_H_
#define POLICYTRACK_PLUGINS_HOST_WORKER_SPAWNER_H_

#include <sys/types.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/host/sealed_memory.h"

namespace policytrack::plugins {

class WorkerSpawner {
 public:
  struct Child {
    pid_t pid = -1;
    Descriptor pidfd;
  };

  WorkerSpawner();
  // Every child must have ended before.
  ~WorkerSpawner();
  WorkerSpawner(const WorkerSpawner&) = delete;
  WorkerSpawner& operator=(const WorkerSpawner&) = delete;

  // Starts a program in a session of its own, with an empty environment, default
  // signals, and of all descriptors only these, as 0, 1, 2 and so on.
  // Returns UNAVAILABLE with the reason when it cannot.
  absl::StatusOr<Child> Spawn(const std::string& program, const std::vector<std::string>& arguments,
                              const std::vector<int>& descriptors);

 private:
  void Run();

  std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WORKER_SPAWNER_H_
