#include "clients/cli/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace policytrack::cli {
namespace {

bool Exists(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0;
}

bool SyncFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int descriptor =
      open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  if (descriptor >= 0) close(descriptor);
  return synced;
}

}  // namespace

NewFile::~NewFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!draft_.empty()) unlink(draft_.c_str());
}

absl::Status NewFile::Failed(absl::string_view what) const {
  return absl::FailedPreconditionError(absl::StrCat(path_, " ", what, ": ", std::strerror(errno)));
}

absl::Status NewFile::Begin() {
  if (Exists(path_)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " is there already and is not written over; choose another name"));
  }
  if (descriptor_ >= 0) {
    if (ftruncate(descriptor_, 0) == 0 && lseek(descriptor_, 0, SEEK_SET) == 0) {
      return absl::OkStatus();
    }
    return Failed("cannot be written");
  }
  draft_ = absl::StrCat(path_, ".XXXXXX");
  descriptor_ = mkostemp(draft_.data(), O_CLOEXEC);
  if (descriptor_ >= 0) return absl::OkStatus();
  draft_.clear();
  return Failed("cannot be made");
}

absl::Status NewFile::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot be written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status NewFile::Finish() {
  if (fsync(descriptor_) != 0) return Failed("cannot be written");
  if (renameat2(AT_FDCWD, draft_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
    // Not every file system knows the flag; a link does not write over anything either.
    if (errno == EEXIST || link(draft_.c_str(), path_.c_str()) != 0) {
      return Failed("cannot be given its name");
    }
    unlink(draft_.c_str());
  }
  draft_.clear();
  return SyncFolderOf(path_) ? absl::OkStatus() : Failed("cannot be put on disk");
}

}  // namespace policytrack::cli
