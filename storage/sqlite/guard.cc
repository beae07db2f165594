#include "storage/sqlite/guard.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <new>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr char kCause[] = "cause";
constexpr char kIoError[] = "IO_ERROR";
constexpr char kCannotOpen[] = "CANNOT_OPEN";

absl::Status IoError(int extended_code) {
  return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
               absl::StrCat("the database had an I/O error (SQLite result code ", extended_code,
                            ") and is opened again; what was being written may be stored "
                            "or not; try again later with the same request id"),
               {{kCause, (extended_code & 0xff) == SQLITE_CANTOPEN ? kCannotOpen : kIoError}});
}

int CodeOf(const SQLite::Exception& e) {
  // Some exceptions of the wrapper itself have only the primary code.
  return e.getExtendedErrorCode() > 0 ? e.getExtendedErrorCode() : e.getErrorCode();
}

}  // namespace

absl::Status StatusOfCode(int extended_code) {
  // So a full disk refuses a longer index of the log.
  if (extended_code == SQLITE_IOERR_SHMSIZE) return StatusOfCode(SQLITE_FULL);
  switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                   "the database is busy; try again later");
    case SQLITE_FULL:
      return Error(absl::StatusCode::kUnavailable, reason::kStoreFull,
                   "the disk of the database is full, nothing was written; "
                   "free space and try again");
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
      return IoError(extended_code);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Damaged("the database file is damaged");
    default:
      return absl::InternalError(
          absl::StrCat("the database failed (SQLite result code ", extended_code, ")"));
  }
}

bool IsIoError(const absl::Status& status) {
  return !status.ok() && !MetadataOf(status, kCause).empty();
}

bool IsOpenError(const absl::Status& status) {
  return !status.ok() && MetadataOf(status, kCause) == kCannotOpen;
}

absl::Status Damaged(absl::string_view what) {
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat(what, "; stop the server and restore a backup"));
}

absl::Status StatusOfException() {
  try {
    throw;
  } catch (const SQLite::Exception& e) {
    return StatusOfCode(CodeOf(e));
  } catch (const std::bad_alloc&) {
    return absl::InternalError("the database ran out of memory");
  } catch (...) {
    return absl::InternalError("the database failed");
  }
}

absl::Status StatusOfCommitException() {
  try {
    throw;
  } catch (const SQLite::Exception& e) {
    const int code = CodeOf(e);
    const bool indexed_last = code == SQLITE_IOERR_SHMSIZE || code == SQLITE_NOMEM;
    return indexed_last ? IoError(code) : StatusOfCode(code);
  } catch (...) {
    return StatusOfException();
  }
}

}  // namespace policytrack::storage::sqlite
