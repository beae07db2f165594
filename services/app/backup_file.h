// A file that becomes a backup: it appears under its name whole or not at all, and
// what a server that was killed has left of one is found and removed.
//
// Thread rule: belongs to one thread at a time.
#ifndef POLICYTRACK_SERVICES_APP_BACKUP_FILE_H_
#define POLICYTRACK_SERVICES_APP_BACKUP_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::app {

class BackupFile {
 public:
  // Makes an empty file in a directory, and removes others that no server works on
  // any more.
  // Returns FAILED_PRECONDITION / BACKUP_DIR_UNSET when no file can be made there,
  // UNAVAILABLE / STORE_FULL when the disk is full.
  static absl::StatusOr<BackupFile> Make(const std::string& directory);

  BackupFile(BackupFile&& other) noexcept;
  BackupFile& operator=(BackupFile&&) = delete;
  // Removes the file unless it was published.
  ~BackupFile();

  // Where it is until it is published.
  const std::string& path() const { return path_; }

  // Gives it its name in the directory, for good; a file of that name stays as it is.
  // Returns ALREADY_EXISTS / RESOURCE_EXISTS when there is one, INTERNAL when the
  // file system will not.
  absl::Status Publish(const std::string& name);

  // Removes the name; the bytes stay readable until this object goes.
  void Hide();
  // The bytes from `offset`, at most `limit`; none at the end.
  absl::StatusOr<std::string> Read(int64_t offset, size_t limit) const;
  absl::StatusOr<int64_t> Size() const;
  // SHA-256 of all, in hexadecimal.
  absl::StatusOr<std::string> Sha256() const;

 private:
  BackupFile(int descriptor, std::string directory, std::string path);

  int descriptor_;  // holds the lock that says that somebody works on it
  const std::string directory_;
  std::string path_;  // empty when it is no longer there under it
};

// Removes the files that a BackupFile makes and on which nobody works any more, as a
// server that was killed leaves them; gives their names. What cannot be removed stays.
std::vector<std::string> RemoveAbandonedBackups(const std::string& directory);

// ALREADY_EXISTS / RESOURCE_EXISTS when the directory has a file of that name.
absl::Status CheckNoBackup(const std::string& directory, const std::string& name);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_BACKUP_FILE_H_
