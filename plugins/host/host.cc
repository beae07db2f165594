#include "plugins/host/host.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
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
  const std::string& program = options.workers.program;
  if (!program.empty() && access(program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("the program of plugin workers ", program,
                                            " cannot be run: ", std::strerror(errno),
                                            "; install it, or set plugin-workers to off"));
  }
  auto source = std::make_unique<DirectorySource>(options, log);
  DirectorySource* const directory = source.get();
  PT_ASSIGN_OR_RETURN(std::unique_ptr<Registry> registry,
                      Registry::Open(std::move(source), options.self_test, log));
  // The registry owns the source, which tells nobody once it ends.
  directory->TellQuarantines(
      [to = registry.get()](const std::string& digest, const std::string& reason) {
        to->Quarantine(digest, reason);
      });
  return std::unique_ptr<Engine>(std::move(registry));
}

}  // namespace policytrack::plugins
