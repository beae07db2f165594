#include "plugins/host/file_owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace policytrack::plugins {

std::string OwnershipProblem(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    return absl::StrCat(path, " cannot be looked at: ", std::strerror(errno));
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return absl::StrCat(path, " can be written by everybody on this machine; run `chmod o-w ", path,
                        "` and restart the server");
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return absl::StrCat(path, " belongs to user ", status.st_uid,
                        ", who is neither root nor the user of the server; run `chown root ", path,
                        "` and restart the server");
  }
  return "";
}

}  // namespace policytrack::plugins
