// What the worker takes from itself before any code of a plugin runs.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_PLUGINS_WORKER_SANDBOX_H_
#define POLICYTRACK_PLUGINS_WORKER_SANDBOX_H_

#include <stdint.h>

namespace policytrack::worker {

// Gives up rights that need no help of the kernel beyond the usual: ends with the
// server, becomes nobody when started by root, can gain nothing by exec, is seen by
// no debugger, is the first to go when memory is short, and has limits. False when
// the server is gone or a step fails; when it stays root, `lacks` gets wire::kUser.
bool GiveUpRights(int64_t parent, uint64_t memory_bytes, uint32_t* lacks);

// Only the directories of the system's libraries can be read, and nothing written.
// False when the kernel has no Landlock.
bool RestrictFiles();

}  // namespace policytrack::worker

#endif  // POLICYTRACK_PLUGINS_WORKER_SANDBOX_H_
