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
  std::string digest;         // over shared object and descriptor, when active
  NativeLibrary library;      // when active in this process
  std::string shared_object;  // when it is for a worker: the bytes that were checked
};

// The files of a directory that belong to plugins.
struct PluginFiles {
  bool shared_object = false;
  bool descriptor = false;
};

// By base name; `log` gets the files that are ignored.
// Returns NOT_FOUND or INVALID_ARGUMENT, naming the directory, when it is not
// there, is none or cannot be read.
absl::StatusOr<std::map<std::string, PluginFiles>> ListPluginFiles(
    const std::string& directory, const std::function<void(absl::string_view)>& log);

// Reads, checks and, when all is well and it is on the list, loads one plugin. One
// that the list does not name is for a worker, if there are `workers`: it is
// active with its hosting set, and nothing of it has run. Never fails: what is wrong
// is in the state and its message.
FoundPlugin OpenPlugin(const std::string& directory, const std::string& id,
                       const PluginFiles& files, const AllowList& allow_list, bool workers);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_DISCOVERY_H_
