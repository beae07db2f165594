// Finds the plugins of a directory and loads those that can be used.
//
// Thread rule: free functions; one call at a time for one directory.
#ifndef POLICYTRACK_PLUGINS_HOST_DISCOVERY_H_
#define POLICYTRACK_PLUGINS_HOST_DISCOVERY_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/host/allow_list.h"
#include "plugins/host/native_library.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

struct FoundPlugin {
  v1::Plugin plugin;
  std::string version;        // of the descriptor, else of the base name, else empty
  std::string digest;         // over shared object and descriptor, when active
  NativeLibrary library;      // when active in this process and not loaded before
  std::string shared_object;  // when it is for a worker: the bytes that were checked
};

// The files of a directory that belong to plugins.
struct PluginFiles {
  bool shared_object = false;
  bool descriptor = false;
  bool golden = false;
};

// Whether the build of this digest is loaded already, so that it need not be again.
using LoadedBefore = std::function<bool(const std::string& digest)>;

// By base name; `log` gets the files that are ignored.
// Returns NOT_FOUND or INVALID_ARGUMENT, naming the directory, when it is not
// there, is none or cannot be read.
absl::StatusOr<std::map<std::string, PluginFiles>> ListPluginFiles(
    const std::string& directory, const std::function<void(absl::string_view)>& log);

// Reads, checks and, when all is well and it is on the list, loads one plugin, `base`
// being its id, or id and version as in `growth@1.2.0`. One that the list does not name
// is for a worker, if there are `workers`: it is active with its hosting set, and
// nothing of it has run. Never fails: what is wrong is in the state and its message.
FoundPlugin OpenPlugin(const std::string& directory, const std::string& base,
                       const PluginFiles& files, const AllowList& allow_list, bool workers,
                       const LoadedBefore& loaded_before);

// The golden vectors of one plugin; empty when there are none that can be read.
std::string ReadGolden(const std::string& directory, const std::string& base);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_DISCOVERY_H_
