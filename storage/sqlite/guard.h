// The one place where exceptions of SQLiteCpp end and become statuses.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_GUARD_H_
#define POLICYTRACK_STORAGE_SQLITE_GUARD_H_

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace policytrack::storage::sqlite {

// The status of an extended result code: UNAVAILABLE / STORE_BUSY for busy and
// locked, and with metadata `cause` IO_ERROR or CANNOT_OPEN for what the file
// system refused;
// UNAVAILABLE / STORE_FULL for full, of anything but a COMMIT (see below), INTERNAL / STORE_DAMAGED
// for corrupt or no database, INTERNAL without a reason for all else. Says nothing of SQL or paths.
absl::Status StatusOfCode(int extended_code);

// Whether a status is of an I/O error. Every connection to the database is
// suspect then, and whether a write that was being committed is stored is open.
bool IsIoError(const absl::Status& status);
// Whether it is one of opening a file, which may be for want of descriptors and
// says nothing of the connections that are open.
bool IsOpenError(const absl::Status& status);

// The same for the exception being handled. REQUIRES: called in a catch block.
absl::Status StatusOfException();

// The same for an exception of COMMIT. By then the commit may be in the log, whole and
// synced, and only its entry into the index of the log have failed, for want of room
// or of memory: that is no full disk but an I/O error, as it may be stored.
absl::Status StatusOfCommitException();

// INTERNAL / STORE_DAMAGED; `what` is what was found, in words.
absl::Status Damaged(absl::string_view what);

// Runs `body`, which returns a Status or StatusOr, and turns what it throws into
// a status.
template <typename Body>
auto Guard(Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    return StatusOfException();
  }
}

// The same for a body that is a COMMIT.
template <typename Body>
auto GuardCommit(Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    return StatusOfCommitException();
  }
}

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_GUARD_H_
