// How plugins that nobody has pinned are run.
#ifndef POLICYTRACK_PLUGINS_HOST_WORKER_OPTIONS_H_
#define POLICYTRACK_PLUGINS_HOST_WORKER_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugins/host/quarantine.h"

namespace policytrack::plugins {

struct WorkerOptions {
  // The program `policytrack-worker`. Empty: what is not pinned does not run.
  std::string program;
  // A kernel that lacks a part of the sandbox is a reason not to load.
  bool require_sandbox = false;
  // Address space of one worker.
  uint64_t memory_bytes = uint64_t{1} << 30;
  // Workers of one plugin, each for one call at a time.
  int most_per_plugin = 4;
  // What loading may take, constructors included.
  absl::Duration load_deadline = absl::Seconds(10);
  // A worker that has computed for so long in all is replaced, so that what a plugin
  // loses of its memory is given back some day.
  absl::Duration most_busy = absl::Minutes(30);
  // How long a call may go on after it was told to stop, before it is killed.
  absl::Duration grace = absl::Milliseconds(500);
  // Before a worker is started after one that ended; doubled each time until one
  // computes, to at most kLongestPause.
  absl::Duration pause = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestPause = absl::Seconds(10);
  // What is in it at start, by build digest, does not run before it is released. Null:
  // one of the host's own, which knows nothing at start.
  std::shared_ptr<Quarantine> quarantine;
  // What plugins print, crashes, and what the kernel lacks. From any thread, for as
  // long as the engine and its instances live. May be empty.
  std::function<void(absl::string_view)> log;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WORKER_OPTIONS_H_
