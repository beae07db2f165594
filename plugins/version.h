// Versions of plugins, and what asks for one: `1.2.0` pins that version, `1`
// follows the newest of a major version, "" the newest of all.
//
// Thread rule: free functions and values, any thread.
#ifndef POLICYTRACK_PLUGINS_VERSION_H_
#define POLICYTRACK_PLUGINS_VERSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::plugins {

// A semantic version; what follows `+` does not count.
struct Version {
  std::vector<int64_t> numbers;          // three
  std::vector<std::string> pre_release;  // after `-`, split at dots
  bool released() const { return pre_release.empty(); }
};

// nullopt for anything but a semantic version.
std::optional<Version> ParseVersion(absl::string_view text);

// The order of semantic versioning: below 0 when `a` is older, 0 when they are one.
int CompareVersions(const Version& a, const Version& b);

// What a definition asks of the version of its plugin.
class VersionRequest {
 public:
  // Returns INVALID_ARGUMENT / FIELD_INVALID for field `plugin_version` when it is
  // neither empty, nor a major version, nor a semantic version.
  static absl::StatusOr<VersionRequest> Parse(absl::string_view text);

  // That one version is wanted and no other.
  bool pins() const { return pinned_.has_value(); }
  bool Fits(const Version& version) const;

 private:
  std::optional<Version> pinned_;
  std::optional<int64_t> major_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_VERSION_H_
