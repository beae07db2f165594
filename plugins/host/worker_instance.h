// An instance of a plugin that runs in workers. It is bound to none of them: each is
// told of the instance before its first call, so that one that ends takes nothing
// along.
//
// Thread rule: as Instance.
#ifndef POLICYTRACK_PLUGINS_HOST_WORKER_INSTANCE_H_
#define POLICYTRACK_PLUGINS_HOST_WORKER_INSTANCE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/engine.h"
#include "plugins/host/worker_pool.h"

namespace policytrack::plugins {

// Makes an instance.
// Returns INVALID_ARGUMENT / PARAMETERS_INVALID when the plugin refuses,
// INTERNAL / PLUGIN_FAILED when it fails or its process ends, DEADLINE_EXCEEDED /
// PLUGIN_TIMEOUT when it overruns, FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE when it is
// quarantined.
absl::StatusOr<std::unique_ptr<Instance>> MakeWorkerInstance(
    std::shared_ptr<WorkerPool> pool, const std::vector<Parameter>& parameters,
    std::vector<BoundInput> inputs);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WORKER_INSTANCE_H_
