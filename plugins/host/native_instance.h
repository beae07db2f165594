// An instance of a plugin that runs in this process.
//
// Thread rule: as Instance.
#ifndef POLICYTRACK_PLUGINS_HOST_NATIVE_INSTANCE_H_
#define POLICYTRACK_PLUGINS_HOST_NATIVE_INSTANCE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/engine.h"
#include "plugins/host/native_library.h"
#include "plugins/host/watchdog.h"

namespace policytrack::plugins {

// Everything that the instances of one plugin share. Lives as long as any.
struct NativePlugin {
  v1::PluginDescriptor descriptor;
  NativeLibrary library;
  std::shared_ptr<Watchdog> watchdog;
  absl::Duration call_deadline;
};

// Makes an instance.
// Returns INVALID_ARGUMENT / PARAMETERS_INVALID when the plugin refuses, and
// INTERNAL / PLUGIN_FAILED when it fails.
absl::StatusOr<std::unique_ptr<Instance>> MakeNativeInstance(
    std::shared_ptr<const NativePlugin> plugin, const std::vector<Parameter>& parameters,
    std::vector<BoundInput> inputs);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_NATIVE_INSTANCE_H_
