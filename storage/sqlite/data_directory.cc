#include "storage/sqlite/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/sqlite/open_database.h"

namespace policytrack::storage::sqlite {
namespace {

namespace fs = std::filesystem;

enum class Content { kEmpty, kDatabase };

absl::Status Refused(const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("data directory ", path, ": ", what));
}

// What a creation that was cut short, or a new file system, leaves behind.
bool IsOfNoAccount(const std::string& file) {
  return file == kLockFile || file == "lost+found" ||
         file.rfind(absl::StrCat(kDatabaseFile, ".new"), 0) == 0;
}

// Looks without touching.
absl::StatusOr<Content> Look(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return Content::kEmpty;
  if (status.type() == fs::file_type::none) return Refused(path, error.message());
  if (status.type() != fs::file_type::directory) {
    return Refused(path, "is not a directory; name a directory, or a path where one can be made");
  }
  std::string stranger;
  bool has_database = false;
  fs::directory_iterator entries(path, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string file = entries->path().filename().string();
    if (file == kDatabaseFile) {
      has_database = true;
    } else if (!IsOfNoAccount(file)) {
      stranger = file;
    }
  }
  if (error) return Refused(path, absl::StrCat("cannot be read: ", error.message()));
  if (has_database) {
    PT_RETURN_IF_ERROR(CheckDatabaseFile(absl::StrCat(path, "/", kDatabaseFile)));
    return Content::kDatabase;
  }
  if (!stranger.empty()) {
    return Refused(path, absl::StrCat("holds files (", stranger, ") but no ", kDatabaseFile,
                                      "; name an empty directory or one that PolicyTrack made"));
  }
  return Content::kEmpty;
}

absl::StatusOr<int> Lock(const std::string& path) {
  const std::string file = absl::StrCat(path, "/", kLockFile);
  const int lock = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    return Refused(path, absl::StrCat("cannot be written: ", std::strerror(errno)));
  }
  if (flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  const int error = errno;
  close(lock);
  if (error == EWOULDBLOCK) {
    return Refused(path, "is in use by another server; stop that one or name another directory");
  }
  return Refused(path, absl::StrCat("cannot be locked: ", std::strerror(error)));
}

absl::Status Sync(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = directory >= 0 && fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) close(directory);
  if (done) return absl::OkStatus();
  return Refused(path, absl::StrCat("cannot be synced: ", std::strerror(error)));
}

// The database appears under its name whole or not at all.
absl::Status Create(const std::string& path) {
  const std::string target = absl::StrCat(path, "/", kDatabaseFile);
  const std::string draft = absl::StrCat(target, ".new");
  std::error_code error;
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    fs::remove(absl::StrCat(draft, suffix), error);
  }
  PT_RETURN_IF_ERROR(CreateDatabase(draft));
  fs::rename(draft, target, error);
  if (error) return Refused(path, absl::StrCat("cannot be written: ", error.message()));
  return Sync(path);
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  if (path.empty()) return absl::FailedPreconditionError("no data directory was named");
  PT_RETURN_IF_ERROR(Look(path).status());
  std::error_code error;
  if (fs::create_directories(path, error)) {
    fs::permissions(path, fs::perms::owner_all, error);
  }
  if (error) return Refused(path, absl::StrCat("cannot be made: ", error.message()));
  PT_ASSIGN_OR_RETURN(const int lock, Lock(path));
  DataDirectory directory(lock, absl::StrCat(path, "/", kDatabaseFile));
  // Again, now that nobody else changes it.
  PT_ASSIGN_OR_RETURN(const Content content, Look(path));
  if (content == Content::kEmpty) PT_RETURN_IF_ERROR(Create(path));
  return directory;
}

DataDirectory::DataDirectory(int lock, std::string database_path)
    : lock_(lock), database_path_(std::move(database_path)) {}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : lock_(std::exchange(other.lock_, -1)), database_path_(std::move(other.database_path_)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace policytrack::storage::sqlite
