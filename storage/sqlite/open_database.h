// Makes a database file, says whether a file is one of ours, and opens the
// writer's connection to it.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_OPEN_DATABASE_H_
#define POLICYTRACK_STORAGE_SQLITE_OPEN_DATABASE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection.h"

namespace policytrack::storage::sqlite {

// Makes an empty database of our schema in a new file, durably.
// Returns the errors of a database that fails.
absl::Status CreateDatabase(const std::string& path);

// Ok when the file's header says that it is a database of ours which this
// program can open. Only reads, and not through SQLite.
// REQUIRES: this process has no connection to the file.
// Returns FAILED_PRECONDITION, with what to do, when it does not.
absl::Status CheckDatabaseFile(const std::string& path);

// A database of an older schema is one of this program's schema afterwards, which older
// programs refuse.
// Returns FAILED_PRECONDITION as above, INTERNAL / STORE_DAMAGED when the
// tables are not ours or the last commit does not match its digest, and the errors of a database
// that fails.
absl::StatusOr<std::unique_ptr<Connection>> OpenWriter(const std::string& path, Role role,
                                                       absl::Duration busy_timeout);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_OPEN_DATABASE_H_
