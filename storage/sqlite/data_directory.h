// The directory that holds the database: whose it is, and that one server at a
// time uses it.
//
// Thread rule: belongs to one thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_DATA_DIRECTORY_H_
#define POLICYTRACK_STORAGE_SQLITE_DATA_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/file_system.h"

namespace policytrack::storage::sqlite {

inline constexpr char kDatabaseFile[] = "policytrack.db";
inline constexpr char kLockFile[] = "policytrack.lock";

// Holds the locks for as long as it lives: that of the lock file, and that of the
// directory, for a lock file can be removed by someone who finds it left over.
class DataDirectory {
 public:
  // Opens a directory with a database of ours, or makes one of a directory that
  // is missing or empty.
  // Returns FAILED_PRECONDITION, with what is wrong and what to do, when the
  // path is no directory, when it holds files but no database of ours, when the
  // database is no SQLite database, of another program or of a newer version,
  // when another server holds the lock, when the directory cannot be made or
  // read, or when its file system is full, read-only or one of another machine.
  // Nothing is changed then.
  using FileSystemProbe = std::function<uint64_t(const std::string& path)>;
  static absl::StatusOr<DataDirectory> Open(const std::string& path,
                                            const FileSystemProbe& file_system = FileSystemOf);

  // Whether Open would take what is in a directory that is there, as far as names and
  // the header of the database tell; beside whoever uses it. Its errors.
  static absl::Status CheckContent(const std::string& path);

  // The same for a directory that has a database, to read what is in it; also where
  // nothing can be written.
  static absl::StatusOr<DataDirectory> OpenForSalvage(const std::string& path);

  // Makes a database in a directory that is missing or empty: `fill` makes it under
  // the path that it is given.
  // Returns the errors of Open and of `fill`, and FAILED_PRECONDITION when the
  // directory has a database. Nothing is there then that was not there before.
  static absl::StatusOr<DataDirectory> CreateFrom(
      const std::string& path, const std::function<absl::Status(const std::string& draft)>& fill);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;
  // Lets the locks go.
  ~DataDirectory();

  // False only of one that was opened for salvage.
  bool can_be_written() const { return can_be_written_; }
  const std::string& database_path() const { return database_path_; }

 private:
  DataDirectory(int lock, std::string database_path);

  int lock_;
  int directory_lock_ = -1;
  bool can_be_written_ = true;
  std::string database_path_;
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_DATA_DIRECTORY_H_
