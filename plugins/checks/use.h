// What every engine checks before a plugin is used.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_USE_H_
#define POLICYTRACK_PLUGINS_CHECKS_USE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// NOT_FOUND / RESOURCE_NOT_FOUND.
absl::Status PluginNotFound(absl::string_view name);

// Ok when the plugin is active.
// Returns FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE with its state message.
absl::Status CheckActive(const v1::Plugin& plugin);

// Ok when the plugin is for this: an assessment with a context that it can
// have, a calculator without one.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `plugin` when not.
absl::Status CheckUse(const v1::PluginDescriptor& descriptor, const AssessmentContext* assessment);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_USE_H_
