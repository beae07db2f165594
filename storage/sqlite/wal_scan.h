// Looks through the write-ahead log before SQLite does. SQLite takes a log up to the
// first frame that does not match its checksum and drops the rest without a word:
// right after a power loss, which tears the one transaction that was not yet synced,
// and wrong for a changed bit in the middle, which takes acknowledged commits away.
//
// The two are told apart by what follows. Each transaction is synced before the next
// is written, so a log that was only torn has at most one end of a transaction after
// the torn place, and more only where older torn ends, overwritten in part, lie behind
// it: these do not follow from each other by their checksums.
//
// Thread rule: free functions, any thread; nobody writes the log meanwhile.
#ifndef POLICYTRACK_STORAGE_SQLITE_WAL_SCAN_H_
#define POLICYTRACK_STORAGE_SQLITE_WAL_SCAN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace policytrack::storage::sqlite {

struct LogDamage {
  int64_t frame = 0;         // the first that is damaged, from 1; 0 for the log's header
  int64_t transactions = 0;  // that are in the log after it and will not be read: at least
};

// Reads the log of a database, if there is one. Nothing when it is whole or ends
// torn. A frame counts as damaged when two transactions or more that follow from each
// other end after it; the header, when a transaction after it is not in the database.
// REQUIRES: every transaction was synced before the next was written.
// Returns FAILED_PRECONDITION when the files cannot be read.
absl::StatusOr<std::optional<LogDamage>> ScanLog(const std::string& database_path);

// What was found, in words.
std::string WordsOf(const LogDamage& damage);

// ScanLog as a start needs it: INTERNAL / STORE_DAMAGED with what to do.
absl::Status CheckLog(const std::string& database_path);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_WAL_SCAN_H_
