// What kind of file system a directory is on: SQLite's locks and its shared memory
// need one of this machine.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_FILE_SYSTEM_H_
#define POLICYTRACK_STORAGE_SQLITE_FILE_SYSTEM_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace policytrack::storage::sqlite {

// The magic number of the file system that a path, or the nearest directory above
// it that is there, is on (statfs(2)); 0 when it cannot be told.
uint64_t FileSystemOf(const std::string& path);

// The name of a file system over a network or in user space, such as "NFS"; empty
// for all others.
absl::string_view RemoteFileSystem(uint64_t magic);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_FILE_SYSTEM_H_
