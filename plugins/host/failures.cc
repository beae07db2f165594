#include "plugins/host/failures.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "plugins/checks/gate.h"
#include "plugins/checks/parameters.h"

namespace policytrack::plugins {

absl::Status PluginFailed(const v1::PluginDescriptor& descriptor, absl::string_view message) {
  const std::string name = absl::StrCat("plugins/", descriptor.id());
  return Error(absl::StatusCode::kInternal, reason::kPluginFailed,
               absl::StrCat(name, " failed: ", message), {{"plugin", name}});
}

absl::Status PluginRefuses(const v1::PluginDescriptor& descriptor, absl::string_view message) {
  return ParametersInvalid("", absl::StrCat("plugins/", descriptor.id(), " refuses: ", message));
}

absl::Status PluginOverran(const v1::PluginDescriptor& descriptor, absl::Duration deadline) {
  const std::string name = absl::StrCat("plugins/", descriptor.id());
  return Error(absl::StatusCode::kDeadlineExceeded, reason::kPluginTimeout,
               absl::StrCat(name, " took longer than the ", absl::FormatDuration(deadline),
                            " that one computation may take"),
               {{"plugin", name}});
}

absl::Status TooManyPoints(const v1::PluginDescriptor& descriptor, int index, size_t axis) {
  return ResultRefused(descriptor.id(), descriptor.outputs(index).name(),
                       absl::StrCat("has more points than the ", axis, " periods of the axis"));
}

}  // namespace policytrack::plugins
