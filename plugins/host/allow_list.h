// The operator's list of trusted files, as sha256sum prints it.
//
// Thread rule: const methods from any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_ALLOW_LIST_H_
#define POLICYTRACK_PLUGINS_HOST_ALLOW_LIST_H_

#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::plugins {

class AllowList {
 public:
  // Trusts nothing.
  AllowList() = default;

  // Lines `<64 hexadecimal digits>  <file name>`, or ` *` before the name;
  // empty lines and lines that begin with # are skipped. A name may come with
  // several digests.
  // Returns INVALID_ARGUMENT with the line for anything else.
  static absl::StatusOr<AllowList> Parse(absl::string_view text);
  // The list of a file; that of the empty path trusts nothing.
  // Returns NOT_FOUND when there is no such file, and INVALID_ARGUMENT, with the file,
  // when it cannot be read or is malformed.
  static absl::StatusOr<AllowList> Read(const std::string& path);

  bool Trusts(const std::string& file_name, const std::string& sha256_hex) const {
    return entries_.count({file_name, sha256_hex}) > 0;
  }
  // With any digest.
  bool Names(const std::string& file_name) const {
    const auto at = entries_.lower_bound({file_name, ""});
    return at != entries_.end() && at->first == file_name;
  }

 private:
  std::set<std::pair<std::string, std::string>> entries_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_ALLOW_LIST_H_
