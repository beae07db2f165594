#include "plugins/checks/use.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::plugins {

absl::Status PluginNotFound(absl::string_view name) {
  return NotFound(name, absl::StrCat("there is no plugin ", CutText(name, 200),
                                     "; list plugins to see those that the server found"));
}

absl::Status CheckActive(const v1::Plugin& plugin) {
  if (plugin.state() == v1::PLUGIN_STATE_ACTIVE) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
               absl::StrCat(plugin.name(), " cannot be used (",
                            v1::PluginState_Name(plugin.state()), "): ", plugin.state_message()),
               {{"plugin", plugin.name()}});
}

absl::Status CheckUse(const v1::PluginDescriptor& descriptor, const AssessmentContext* assessment) {
  if (descriptor.kind() != v1::PLUGIN_KIND_ASSESSMENT) {
    if (assessment == nullptr) return absl::OkStatus();
    return FieldInvalid("plugin", absl::StrCat("plugins/", descriptor.id(),
                                               " computes indicators; a target is judged by a "
                                               "plugin of kind assessment"));
  }
  if (assessment == nullptr) {
    return FieldInvalid("plugin", absl::StrCat("plugins/", descriptor.id(),
                                               " judges targets; an indicator is computed by a "
                                               "plugin of kind calculator"));
  }
  if (assessment->relation == v1::TARGET_RELATION_UNSPECIFIED ||
      !v1::TargetRelation_IsValid(assessment->relation)) {
    return FieldInvalid("relation", "must be stated");
  }
  if (assessment->has_tolerance_percent &&
      (!std::isfinite(assessment->tolerance_percent) || assessment->tolerance_percent < 0)) {
    return FieldInvalid("tolerance_percent", "must be 0 or more");
  }
  return absl::OkStatus();
}

}  // namespace policytrack::plugins
