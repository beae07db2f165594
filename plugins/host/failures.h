// What callers are told when a plugin does not give a result.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_FAILURES_H_
#define POLICYTRACK_PLUGINS_HOST_FAILURES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// INTERNAL / PLUGIN_FAILED.
absl::Status PluginFailed(const v1::PluginDescriptor& descriptor, absl::string_view message);

// INVALID_ARGUMENT / PARAMETERS_INVALID: the plugin itself refuses.
absl::Status PluginRefuses(const v1::PluginDescriptor& descriptor, absl::string_view message);

// DEADLINE_EXCEEDED / PLUGIN_TIMEOUT.
absl::Status PluginOverran(const v1::PluginDescriptor& descriptor, absl::Duration deadline);

// INTERNAL / RESULT_REFUSED: output `index` has more points than the axis.
absl::Status TooManyPoints(const v1::PluginDescriptor& descriptor, int index, size_t axis);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_FAILURES_H_
