#include "services/app/backup_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

namespace fs = std::filesystem;

constexpr char kUnfinished[] = ".policytrack-backup-";
constexpr char kMadeUp[] = "XXXXXX";  // of letters and digits in place of it
constexpr size_t kReadBytes = 1 << 20;

absl::Status Failed(int error, absl::string_view what) {
  if (error == ENOSPC || error == EDQUOT) {
    return Error(absl::StatusCode::kUnavailable, reason::kStoreFull,
                 "the disk for backups is full; make room and try again");
  }
  return absl::InternalError(absl::StrCat("a backup ", what, ": ", std::strerror(error)));
}

absl::Status Exists(const std::string& name) {
  return Error(absl::StatusCode::kAlreadyExists, reason::kResourceExists,
               absl::StrCat("the backup directory has a file ", name,
                            " already, which is not written over; choose another backup_id"),
               {{"resource", name}});
}

bool IsNameOfUnfinished(absl::string_view name) {
  return absl::ConsumePrefix(&name, kUnfinished) && name.size() == sizeof(kMadeUp) - 1 &&
         std::all_of(name.begin(), name.end(), absl::ascii_isalnum);
}

// Whoever works on such a file holds its lock.
bool RemoveIfAbandoned(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  struct stat found {};
  const bool removed = fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) &&
                       flock(descriptor, LOCK_EX | LOCK_NB) == 0 && unlink(path.c_str()) == 0;
  close(descriptor);
  return removed;
}

}  // namespace

std::vector<std::string> RemoveAbandonedBackups(const std::string& directory) {
  std::vector<std::string> removed;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (IsNameOfUnfinished(name) && RemoveIfAbandoned(entries->path().string())) {
      removed.push_back(name);
    }
  }
  return removed;
}

absl::StatusOr<BackupFile> BackupFile::Make(const std::string& directory) {
  RemoveAbandonedBackups(directory);
  std::string path = absl::StrCat(directory, "/", kUnfinished, kMadeUp);
  const int descriptor = mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0 && (errno == ENOSPC || errno == EDQUOT)) return Failed(errno, "");
  if (descriptor < 0) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kBackupDirUnset,
                 absl::StrCat("no file can be made in the directory for backups: ",
                              std::strerror(errno), "; the operator must set --backup-dir right"));
  }
  BackupFile file(descriptor, directory, std::move(path));
  // Between the two lines another server may have taken it for abandoned.
  struct stat made {};
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 || fstat(descriptor, &made) != 0 ||
      made.st_nlink == 0) {
    return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                 "another server works in the directory for backups; try again");
  }
  return file;
}

BackupFile::BackupFile(int descriptor, std::string directory, std::string path)
    : descriptor_(descriptor), directory_(std::move(directory)), path_(std::move(path)) {}

BackupFile::BackupFile(BackupFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      directory_(other.directory_),
      path_(std::exchange(other.path_, "")) {}

BackupFile::~BackupFile() {
  Hide();
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status BackupFile::Publish(const std::string& name) {
  const std::string target = absl::StrCat(directory_, "/", name);
  if (fsync(descriptor_) != 0) return Failed(errno, "cannot be synced");
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
    // Not every file system can do that; the other way leaves two names if killed.
    if (errno == EEXIST) return Exists(name);
    if (link(path_.c_str(), target.c_str()) != 0) {
      return errno == EEXIST ? Exists(name) : Failed(errno, "cannot be given its name");
    }
    unlink(path_.c_str());
  }
  path_.clear();
  const int directory = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) close(directory);
  return synced ? absl::OkStatus() : Failed(error, "cannot be synced");
}

void BackupFile::Hide() {
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
}

absl::StatusOr<std::string> BackupFile::Read(int64_t offset, size_t limit) const {
  std::string bytes(limit, '\0');
  const ssize_t count = pread(descriptor_, bytes.data(), limit, offset);
  if (count < 0) return Failed(errno, "cannot be read");
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

absl::StatusOr<int64_t> BackupFile::Size() const {
  struct stat found {};
  if (fstat(descriptor_, &found) != 0) return Failed(errno, "cannot be read");
  return static_cast<int64_t>(found.st_size);
}

absl::StatusOr<std::string> BackupFile::Sha256() const {
  Digest digest;
  for (int64_t offset = 0;;) {
    PT_ASSIGN_OR_RETURN(const std::string bytes, Read(offset, kReadBytes));
    if (bytes.empty()) return ToHex(digest.Finish());
    digest.AddRaw(bytes.data(), bytes.size());
    offset += static_cast<int64_t>(bytes.size());
  }
}

absl::Status CheckNoBackup(const std::string& directory, const std::string& name) {
  std::error_code error;
  const fs::file_status found = fs::symlink_status(absl::StrCat(directory, "/", name), error);
  if (found.type() == fs::file_type::not_found) return absl::OkStatus();
  if (found.type() != fs::file_type::none) return Exists(name);
  return absl::InternalError(absl::StrCat("a backup cannot be looked for: ", error.message()));
}

}  // namespace policytrack::app
