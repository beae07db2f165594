#include "plugins/host/host.h"

#include <utility>

#include "core/error.h"
#include "plugins/host/directory_source.h"
#include "plugins/versions/registry.h"

namespace policytrack::plugins {

absl::StatusOr<std::unique_ptr<Engine>> OpenHost(
    const HostOptions& options, const std::function<void(absl::string_view)>& log) {
  if (options.call_deadline <= absl::ZeroDuration() || options.call_deadline > absl::Hours(24)) {
    return absl::InvalidArgumentError(
        "the deadline of plugin calls must be above 0 and at most 24 hours");
  }
  PT_ASSIGN_OR_RETURN(
      std::unique_ptr<Registry> registry,
      Registry::Open(std::make_unique<DirectorySource>(options, log), options.self_test, log));
  return std::unique_ptr<Engine>(std::move(registry));
}

}  // namespace policytrack::plugins
