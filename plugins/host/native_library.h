// The code of one plugin, loaded into this process once and never unloaded:
// what a library leaves behind (thread-locals, unique symbols, handlers) does
// not survive an unload, and a reload can run the old code.
//
// Thread rule: immutable after Load; use from any thread, each function of the
// table as its thread tag says.
#ifndef POLICYTRACK_PLUGINS_HOST_NATIVE_LIBRARY_H_
#define POLICYTRACK_PLUGINS_HOST_NATIVE_LIBRARY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "plugins/sdk/policytrack_plugin.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// The function table of a plugin as the host uses it: what the plugin does not
// have is null.
struct NativeLibrary {
  pt_plugin_v1 table = {};
};

// What came of loading.
struct LoadResult {
  v1::PluginState state = v1::PLUGIN_STATE_ACTIVE;
  std::string message;  // when not active
  NativeLibrary library;
};

// Loads the bytes, not the file they came from: from a sealed copy in memory,
// so that nobody changes them after they were verified.
// REQUIRES: `bytes` are trusted and passed CheckElf; `descriptor` passed
// CheckDescriptor.
LoadResult LoadNativeLibrary(absl::string_view bytes, const v1::PluginDescriptor& descriptor);

// The same from the entry function on; apart for tests.
LoadResult NegotiateTable(pt_entry_v1 entry, const v1::PluginDescriptor& descriptor);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_NATIVE_LIBRARY_H_
