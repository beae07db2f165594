// One worker process: its life, its arenas, and one request at a time.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_PLUGINS_HOST_WORKER_PROCESS_H_
#define POLICYTRACK_PLUGINS_HOST_WORKER_PROCESS_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugins/host/sealed_memory.h"
#include "plugins/host/worker_options.h"
#include "plugins/host/worker_spawner.h"
#include "plugins/wire/wire.h"

namespace policytrack::plugins {

// What came of a request.
struct Exchanged {
  enum class Kind {
    kReplied,
    kDied,    // the process ended, or broke the rules and was killed
    kOverran  // it was told to stop, did not, and was killed
  };
  Kind kind = Kind::kDied;
  wire::Reply reply = {};            // kReplied
  bool cancelled = false;            // kReplied: it was told to stop
  uint64_t current = 0;              // else: the call that it says it was in
  std::string how;                   // kDied: a clause that goes on after "plugins/x failed: "
  bool killed_from_outside = false;  // kDied: by SIGKILL that is not ours
};

class WorkerProcess {
 public:
  // Starts one for a library; it has loaded nothing yet.
  // Returns UNAVAILABLE or RESOURCE_EXHAUSTED with the reason when it cannot.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(WorkerSpawner* spawner,
                                                              const WorkerOptions& options,
                                                              int library_fd);
  // Kills it when it still lives.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Arenas of at least so many bytes, for the next request. What they held is gone.
  absl::Status Reserve(uint64_t input_bytes, uint64_t output_bytes);
  char* input() const { return input_.data(); }
  char* output() const { return output_.data(); }
  uint64_t arena_bytes() const { return input_.size() + output_.size(); }

  // Sends a request and waits for the reply: `deadline` for it, or for each of its
  // calls when it has several, then the grace of the options. When no reply came the
  // process has ended.
  Exchanged Exchange(wire::Request request, absl::Duration deadline);

  // The time in which it had requests to answer.
  absl::Duration busy() const { return busy_; }
  bool ended() const;  // by itself, while nobody asked anything
  pid_t pid() const { return child_.pid; }
  // What the plugin printed since the last time, cut and made text.
  std::string TakePrinted();

  // Instances that it has.
  std::set<uint64_t>& instances() { return instances_; }

 private:
  WorkerProcess() = default;

  bool Send(const wire::Request& request);
  // The reply to a request that was sent.
  Exchanged Await(const wire::Request& request, absl::Duration deadline);
  // One packet; false when it is not a reply to this request.
  bool ReadReply(const wire::Request& request, wire::Reply* reply, bool* gone);
  Exchanged Died(Exchanged outcome);
  Exchanged Killed(Exchanged::Kind kind, std::string how);
  // Waits for the process, killing it when it does not end by itself.
  void Reap();
  std::string HowItEnded();
  uint64_t Current() const;

  absl::Duration grace_;
  absl::Duration busy_;
  WorkerSpawner::Child child_;
  Descriptor control_;
  Descriptor printed_;
  SharedArena input_;
  SharedArena output_;
  uint32_t new_arenas_ = 0;
  std::set<uint64_t> instances_;
  bool reaped_ = false;
  bool killed_ = false;  // by us
  int end_code_ = 0;     // CLD_...
  int end_status_ = 0;   // exit status or signal
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WORKER_PROCESS_H_
