// An Engine of one build, in whichever process that runs.
//
// Thread rule: as Engine.
#ifndef POLICYTRACK_PLUGINS_HOST_BUILD_ENGINE_H_
#define POLICYTRACK_PLUGINS_HOST_BUILD_ENGINE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// Makes an instance of parameters and inputs that were checked.
using InstanceMaker = std::function<absl::StatusOr<std::unique_ptr<Instance>>(
    const std::vector<Parameter>& parameters, std::vector<BoundInput> inputs)>;
// Is told what is held against the build of a digest: a quarantine, or null when it is
// released.
using HeldBack =
    std::function<void(const std::string& digest, const v1::PluginQuarantine* quarantine)>;

// `held_back` may be null. REQUIRES: the plugin is active.
std::shared_ptr<Engine> MakeBuildEngine(v1::Plugin plugin, std::string digest, InstanceMaker make,
                                        HeldBack held_back);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_BUILD_ENGINE_H_
