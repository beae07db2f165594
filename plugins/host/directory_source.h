// Builds from shared objects in a directory, with the operator's list of what is
// trusted; both are read again each time.
//
// Thread rule: as BuildSource.
#ifndef POLICYTRACK_PLUGINS_HOST_DIRECTORY_SOURCE_H_
#define POLICYTRACK_PLUGINS_HOST_DIRECTORY_SOURCE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/host/host.h"
#include "plugins/host/watchdog.h"
#include "plugins/versions/build_source.h"

namespace policytrack::plugins {

class DirectorySource final : public BuildSource {
 public:
  // `log` gets the files that are ignored.
  DirectorySource(HostOptions options, std::function<void(absl::string_view)> log);

  // Returns NOT_FOUND when the directory or the list is not there, and
  // INVALID_ARGUMENT when the directory is none or the list is malformed.
  absl::StatusOr<std::vector<FoundBuild>> Find() override;

 private:
  const HostOptions options_;
  const std::function<void(absl::string_view)> log_;
  const std::shared_ptr<Watchdog> watchdog_;
  // By digest. Code that was loaded into this process stays in it, so that the way
  // back to a build loads nothing again.
  std::map<std::string, std::shared_ptr<Engine>> loaded_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_DIRECTORY_SOURCE_H_
