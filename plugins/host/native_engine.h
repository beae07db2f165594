// An Engine of one plugin that runs in this process.
//
// Thread rule: as Engine.
#ifndef POLICYTRACK_PLUGINS_HOST_NATIVE_ENGINE_H_
#define POLICYTRACK_PLUGINS_HOST_NATIVE_ENGINE_H_

#include <memory>
#include <string>

#include "plugins/engine.h"
#include "plugins/host/native_instance.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// REQUIRES: the plugin is active.
std::shared_ptr<Engine> MakeNativeEngine(v1::Plugin plugin, std::string digest,
                                         std::shared_ptr<const NativePlugin> native);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_NATIVE_ENGINE_H_
