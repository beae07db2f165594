// The one plugin of a worker: loading it, and calling it with a clean state.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_PLUGINS_WORKER_PLUGIN_H_
#define POLICYTRACK_PLUGINS_WORKER_PLUGIN_H_

#include "plugins/sdk/policytrack_plugin.h"
#include "plugins/wire/wire.h"

namespace policytrack::worker {

// Loads the library from its descriptor and asks for its function table, with
// null for what the plugin does not have. When something is wrong, says so in the
// reply and returns false.
bool LoadPlugin(int library_fd, const char* id, const char* version, pt_plugin_v1* table,
                wire::Reply* reply);

// What an earlier call may have changed is set back: rounding to nearest, no
// traps, denormals kept, the locale "C". Before every call into the plugin.
void ResetEnvironment();

}  // namespace policytrack::worker

#endif  // POLICYTRACK_PLUGINS_WORKER_PLUGIN_H_
