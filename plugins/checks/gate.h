// The result gate: nothing that a plugin gave reaches the store unchecked.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_GATE_H_
#define POLICYTRACK_PLUGINS_CHECKS_GATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/columns.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// INTERNAL / RESULT_REFUSED.
absl::Status ResultRefused(const std::string& plugin, const std::string& output,
                           absl::string_view message);

// Checks one output of the plugin and makes missing values 0 and -0.0 0.0. Only a
// plugin with a slot that takes joint values can give one.
// Returns INTERNAL / RESULT_REFUSED, naming plugin, output and period, when
// columns differ in length, periods do not increase, are not on the axis or not
// in the window, flags are not defined, or a value is neither missing nor
// finite and in the declared range.
absl::Status CheckResult(const v1::PluginDescriptor& plugin, const v1::PluginOutput& output,
                         const std::vector<int64_t>& axis, PeriodRange window, Columns* columns);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_GATE_H_
