#include "clients/cli/token_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxBytes = 4096;

absl::Status Problem(const std::string& path, const char* what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the token file ", path, " cannot be ", what, ": ", std::strerror(errno)));
}

// Writes all and has it on the disk; closes `file` in any case.
bool WriteAll(int file, const std::string& text) {
  size_t written = 0;
  bool good = true;
  while (good && written < text.size()) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count > 0) written += static_cast<size_t>(count);
    good = count > 0 || (count < 0 && errno == EINTR);
  }
  good = good && fsync(file) == 0;
  const int problem = errno;
  good = close(file) == 0 && good;
  if (problem != 0) errno = problem;
  return good;
}

}  // namespace

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return std::string();
    return Problem(path, "read");
  }
  std::string text(kMaxBytes, '\0');
  const ssize_t count = read(file, text.data(), text.size());
  const int problem = errno;
  close(file);
  errno = problem;
  if (count < 0) return Problem(path, "read");
  text.resize(static_cast<size_t>(count));
  const std::string token(absl::StripAsciiWhitespace(text));
  if (token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the token file ", path, " is empty: nobody knows what was seen; remove it to begin anew"));
  }
  if (!std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token file ", path, " holds no token: it is damaged, or another file"));
  }
  return token;
}

absl::Status WriteTokenFile(const std::string& path, const std::string& token) {
  const std::string next = absl::StrCat(path, ".new");
  errno = 0;
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0 || !WriteAll(file, absl::StrCat(token, "\n"))) return Problem(path, "written");
  if (std::rename(next.c_str(), path.c_str()) != 0) return Problem(path, "written");
  return absl::OkStatus();
}

}  // namespace policytrack::cli
