// The host: the Engine whose plugins are shared objects in a directory. What the
// operator has pinned by SHA-256 runs in this process; what nobody has pinned runs in
// sandboxed workers, and cannot hurt it. Several versions of one plugin lie side by
// side, and Reload takes up what has changed.
//
// Thread rule: as Engine.
#ifndef POLICYTRACK_PLUGINS_HOST_HOST_H_
#define POLICYTRACK_PLUGINS_HOST_HOST_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugins/engine.h"
#include "plugins/host/worker_options.h"
#include "plugins/versions/build_source.h"

namespace policytrack::plugins {

struct HostOptions {
  // Every *.so and *.json in it belongs to a plugin of that base name, an id, or id
  // and version as in `growth@1.2.0`; *.golden.json are its golden vectors.
  std::string plugin_dir;
  // Lines as sha256sum prints them, `<sha256>  <file name>`, for the .so and the
  // .json of each trusted plugin. Empty: nothing is trusted.
  std::string allow_list_file;
  // What one computation may take.
  absl::Duration call_deadline = absl::Seconds(30);
  // How what is not pinned runs, if at all.
  WorkerOptions workers;
  // What a build must pass before it is used; null lets all pass. GoldenSelfTest of
  // self_test.h holds it to the vectors beside it.
  SelfTest self_test;
};

// Finds and loads plugins. `log` gets a line for every file that is ignored, every
// plugin that cannot be used, and what the kernel lacks for the sandbox of workers, now
// and in every Reload.
// Returns NOT_FOUND when the directory or the list is not there, and
// INVALID_ARGUMENT when the directory is none, the list is malformed (with its
// line), the deadline is not positive or the program of workers cannot be run. A plugin
// that cannot be used is no error: ListPlugins says what is wrong with it.
absl::StatusOr<std::unique_ptr<Engine>> OpenHost(const HostOptions& options,
                                                 const std::function<void(absl::string_view)>& log);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_HOST_H_
