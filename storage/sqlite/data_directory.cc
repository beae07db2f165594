#include "storage/sqlite/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/error.h"
#include "storage/sqlite/open_database.h"

namespace policytrack::storage::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLeastFreeBytes = uint64_t{1} << 20;
constexpr int kLockTries = 50;
constexpr absl::Duration kLockPause = absl::Milliseconds(20);

enum class Content { kEmpty, kDatabase };

absl::Status Refused(const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("data directory ", path, ": ", what));
}

// What a creation that was cut short, or a new file system, leaves behind.
bool IsOfNoAccount(const std::string& file) {
  return file == kLockFile || file == "lost+found" ||
         file.rfind(absl::StrCat(kDatabaseFile, ".new"), 0) == 0;
}

// Looks at the names alone.
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
  if (has_database) return Content::kDatabase;
  if (stranger.empty()) return Content::kEmpty;
  return Refused(path, absl::StrCat("holds files (", stranger, ") but no ", kDatabaseFile,
                                    "; name an empty directory or one that PolicyTrack made"));
}

absl::Status InUse(const std::string& path) {
  return Refused(path, "is in use by another server; stop that one or name another directory");
}

// flock, 0 or the error. A process that a killed server was just starting holds what it
// inherited until its program begins, which a start right after the kill has to wait for.
int TakeLock(int file) {
  for (int waited = 0;; ++waited) {
    if (flock(file, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno != EWOULDBLOCK || waited == kLockTries) return errno;
    absl::SleepFor(kLockPause);
  }
}

// Opens and locks the lock file. Without O_CREAT in `create` gives -1 when there
// is none.
absl::StatusOr<int> Lock(const std::string& path, int create) {
  const std::string file = absl::StrCat(path, "/", kLockFile);
  const int lock = open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | create, 0600);
  if (lock < 0 && errno == ENOENT && create == 0) return -1;
  if (lock < 0) {
    return Refused(path, absl::StrCat("cannot be written: ", std::strerror(errno)));
  }
  struct stat found {};
  const int error = TakeLock(lock);
  const bool locked = error == 0;
  // Who makes a directory and then cannot use it takes the lock file away again.
  const bool gone = locked && fstat(lock, &found) == 0 && found.st_nlink == 0;
  if (locked && !gone) return lock;
  close(lock);
  if (gone || error == EWOULDBLOCK) return InUse(path);
  return Refused(path, absl::StrCat("cannot be locked: ", std::strerror(error)));
}

// Locks the directory itself, which whoever removes the lock file cannot take away.
absl::StatusOr<int> LockDirectory(const std::string& path) {
  const int lock = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return Refused(path, absl::StrCat("cannot be read: ", std::strerror(errno)));
  // Where a file system cannot lock directories the lock file must do.
  if (TakeLock(lock) != EWOULDBLOCK) return lock;
  close(lock);
  return InUse(path);
}

absl::Status Sync(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = directory >= 0 && fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) close(directory);
  if (done) return absl::OkStatus();
  return Refused(path, absl::StrCat("cannot be synced: ", std::strerror(error)));
}

absl::Status CheckFileSystem(const std::string& path,
                             const DataDirectory::FileSystemProbe& file_system) {
  const absl::string_view remote = RemoteFileSystem(file_system(path));
  if (remote.empty()) return absl::OkStatus();
  return Refused(path, absl::StrCat("is on a file system of kind ", remote,
                                    ", over which a database cannot be locked and synced "
                                    "reliably; name a directory on a disk of this machine"));
}

// The database needs some for its log before it can say more than that it failed.
absl::Status CheckRoom(const std::string& path) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) {
    return Refused(path, absl::StrCat("cannot be read: ", std::strerror(errno)));
  }
  const uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free >= kLeastFreeBytes) return absl::OkStatus();
  return Refused(path, absl::StrCat("its disk is full: ", free >> 10, " KiB are free, and ",
                                    kLeastFreeBytes >> 10,
                                    " KiB are needed to start; make room and start again"));
}

void RemoveDrafts(const std::string& draft) {
  std::error_code error;
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    fs::remove(absl::StrCat(draft, suffix), error);
  }
}

// The database appears under its name whole or not at all.
absl::Status Create(const std::string& path,
                    const std::function<absl::Status(const std::string&)>& fill) {
  const std::string target = absl::StrCat(path, "/", kDatabaseFile);
  const std::string draft = absl::StrCat(target, ".new");
  std::error_code error;
  RemoveDrafts(draft);
  if (const absl::Status filled = fill(draft); !filled.ok()) {
    RemoveDrafts(draft);
    return filled;
  }
  fs::rename(draft, target, error);
  if (error) return Refused(path, absl::StrCat("cannot be written: ", error.message()));
  RemoveDrafts(draft);
  return Sync(path);
}

// Makes the directory and the lock file where they are missing.
absl::StatusOr<int> MakeAndLock(const std::string& path) {
  std::error_code error;
  if (fs::create_directories(path, error)) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return Refused(path, absl::StrCat("cannot be made: ", error.message()));
  return Lock(path, O_CREAT);
}

// What is missing of a directory and its lock file, to be taken away again.
class Missing {
 public:
  explicit Missing(const std::string& path) {
    std::error_code error;
    const fs::path lock = fs::path(path) / kLockFile;
    if (!fs::exists(lock, error)) missing_.push_back(lock);
    // A path that ends with a slash names the directory before it.
    fs::path place = fs::absolute(path, error).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();
    for (; place.has_filename() && !fs::exists(place, error); place = place.parent_path()) {
      missing_.push_back(place);
    }
  }
  // REQUIRES: the caller has the lock. A directory in which there is anything stays.
  void Remove() const {
    std::error_code error;
    for (const fs::path& place : missing_) fs::remove(place, error);
  }

 private:
  std::vector<fs::path> missing_;  // from the inside out
};

absl::Status CheckNamed(const std::string& path) {
  if (!path.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError("no data directory was named");
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path,
                                                  const FileSystemProbe& file_system) {
  PT_RETURN_IF_ERROR(CheckNamed(path));
  DataDirectory directory(-1, absl::StrCat(path, "/", kDatabaseFile));
  PT_ASSIGN_OR_RETURN(Content content, Look(path));
  PT_RETURN_IF_ERROR(CheckFileSystem(path, file_system));
  // An existing lock comes before the first look into the database: closing a
  // file drops every lock that this process holds on it.
  if (content == Content::kDatabase) {
    PT_ASSIGN_OR_RETURN(directory.lock_, Lock(path, 0));
    PT_ASSIGN_OR_RETURN(directory.directory_lock_, LockDirectory(path));
    PT_RETURN_IF_ERROR(CheckDatabaseFile(directory.database_path()));
  }
  if (directory.lock_ < 0) {
    PT_ASSIGN_OR_RETURN(directory.lock_, MakeAndLock(path));
    if (directory.directory_lock_ < 0) {
      PT_ASSIGN_OR_RETURN(directory.directory_lock_, LockDirectory(path));
    }
    // Again, now that nobody else changes it.
    PT_ASSIGN_OR_RETURN(content, Look(path));
    if (content == Content::kDatabase) {
      PT_RETURN_IF_ERROR(CheckDatabaseFile(directory.database_path()));
    }
  }
  PT_RETURN_IF_ERROR(CheckRoom(path));
  if (content == Content::kEmpty) PT_RETURN_IF_ERROR(Create(path, CreateDatabase));
  return directory;
}

absl::Status DataDirectory::CheckContent(const std::string& path) {
  PT_ASSIGN_OR_RETURN(const Content content, Look(path));
  if (content == Content::kDatabase) {
    PT_RETURN_IF_ERROR(CheckDatabaseFile(absl::StrCat(path, "/", kDatabaseFile)));
  }
  return CheckFileSystem(path, FileSystemOf);
}

absl::StatusOr<DataDirectory> DataDirectory::OpenForSalvage(const std::string& path) {
  PT_RETURN_IF_ERROR(CheckNamed(path));
  DataDirectory directory(-1, absl::StrCat(path, "/", kDatabaseFile));
  PT_ASSIGN_OR_RETURN(const Content content, Look(path));
  if (content == Content::kEmpty) {
    return Refused(path, "holds no database; name a directory that PolicyTrack made");
  }
  PT_ASSIGN_OR_RETURN(directory.directory_lock_, LockDirectory(path));
  // Not even the lock file can be made where nothing can be written.
  directory.can_be_written_ = access(path.c_str(), W_OK) == 0;
  if (directory.can_be_written_) {
    PT_ASSIGN_OR_RETURN(directory.lock_, Lock(path, O_CREAT));
  }
  PT_RETURN_IF_ERROR(CheckDatabaseFile(directory.database_path()));
  return directory;
}

absl::StatusOr<DataDirectory> DataDirectory::CreateFrom(
    const std::string& path, const std::function<absl::Status(const std::string& draft)>& fill) {
  PT_RETURN_IF_ERROR(CheckNamed(path));
  DataDirectory directory(-1, absl::StrCat(path, "/", kDatabaseFile));
  const auto is_empty = [&]() -> absl::Status {
    PT_ASSIGN_OR_RETURN(const Content content, Look(path));
    if (content == Content::kEmpty) return absl::OkStatus();
    return Refused(path, "has a database already, which is not written over; name an empty one");
  };
  PT_RETURN_IF_ERROR(is_empty());
  PT_RETURN_IF_ERROR(CheckFileSystem(path, FileSystemOf));
  const Missing missing(path);
  PT_ASSIGN_OR_RETURN(directory.lock_, MakeAndLock(path));
  PT_ASSIGN_OR_RETURN(directory.directory_lock_, LockDirectory(path));
  PT_RETURN_IF_ERROR(is_empty());
  if (const absl::Status created = Create(path, fill); !created.ok()) {
    missing.Remove();
    return created;
  }
  return directory;
}

DataDirectory::DataDirectory(int lock, std::string database_path)
    : lock_(lock), database_path_(std::move(database_path)) {}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : lock_(std::exchange(other.lock_, -1)),
      directory_lock_(std::exchange(other.directory_lock_, -1)),
      can_be_written_(other.can_be_written_),
      database_path_(std::move(other.database_path_)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
  if (directory_lock_ >= 0) close(directory_lock_);
}

}  // namespace policytrack::storage::sqlite
