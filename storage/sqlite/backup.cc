#include "storage/sqlite/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/digest.h"
#include "core/error.h"
#include "storage/sqlite/data_directory.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/open_database.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/verify.h"

namespace policytrack::storage::sqlite {
namespace {

namespace fs = std::filesystem;

// Copied between two questions whether to go on: 4 MiB.
constexpr int kPagesAtATime = 1024;
// What a copy leaves free: the database may lie on the same disk and must grow.
constexpr int64_t kLeftFree = int64_t{16} << 20;
// Of SQLite's file format: the versions for writing and reading, 1 for a database
// without a write-ahead log, 2 for one with.
constexpr off_t kFormatVersionsAt = 18;
constexpr std::array<char, 2> kWithoutLog = {1, 1};
constexpr absl::Duration kBusyTimeout = absl::Seconds(5);

// Also that indexes and tables agree: the copy has all the time that it needs.
constexpr char kStructureCheck[] = "PRAGMA integrity_check(1)";

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

// The file system refused something to the copy. It says nothing of the database, which
// may be on another disk, so nothing in it makes the store look at itself. `error` is
// 0 when it is not known.
absl::Status CopyFailed(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return Error(absl::StatusCode::kUnavailable, reason::kStoreFull,
                 "the disk of the copy is full; make room and try again");
  }
  if (error == EMFILE || error == ENFILE) {
    return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                 "there are too many open files to make a copy; try again later");
  }
  return absl::InternalError(absl::StrCat(
      "the copy cannot be written", error == 0 ? "" : ": ", error == 0 ? "" : std::strerror(error),
      "; look at the disk and the directory that copies are made in"));
}

// What is done to the copy alone.
template <typename Body>
absl::Status GuardCopy(Body&& body) {
  const absl::Status status = Guard(std::forward<Body>(body));
  if (ReasonOf(status) == reason::kStoreFull) return CopyFailed(ENOSPC);
  return IsIoError(status) ? CopyFailed(0) : status;
}

// A step that reads the database and writes the copy failed.
absl::Status StepFailed(int code, sqlite3* target) {
  int error = 0;
  sqlite3_file_control(target, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  switch (code) {
    case SQLITE_FULL:
      return CopyFailed(ENOSPC);
    case SQLITE_READONLY:
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
      // Nothing is written to the database.
      return CopyFailed(error);
    default:
      break;
  }
  const absl::Status status = StatusOfCode(code);
  return error != 0 && IsIoError(status) ? CopyFailed(error) : status;
}

absl::Status CheckRoom(Connection& connection, const std::string& file) {
  const int64_t pages = connection.database().execAndGet("PRAGMA page_count").getInt64();
  const int64_t bytes = pages * connection.database().execAndGet("PRAGMA page_size").getInt64();
  struct statvfs disk {};
  if (statvfs(file.c_str(), &disk) != 0) return CopyFailed(errno);
  const auto free = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (free >= bytes + kLeftFree) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, reason::kStoreFull,
               absl::StrCat("there is no room for a copy: it takes ", (bytes >> 20) + 1,
                            " MiB and leaves ", kLeftFree >> 20, " MiB free, and ", free >> 20,
                            " MiB are free now; make room and try again"));
}

// Page by page; the source has a read transaction, so all pages are of one revision
// whatever others write meanwhile.
absl::Status CopyPages(Connection& source, const std::string& file,
                       const Store::Progress& progress) {
  std::optional<SQLite::Database> opened;
  sqlite3_backup* backup = nullptr;
  PT_RETURN_IF_ERROR(GuardCopy([&] {
    SQLite::Database& target = opened.emplace(file, SQLite::OPEN_READWRITE);
    // A file that is thrown away when the copy fails needs no journal, and it is
    // synced at the end.
    target.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    backup = sqlite3_backup_init(target.getHandle(), "main", source.database().getHandle(), "main");
    if (backup == nullptr) throw SQLite::Exception(target.getHandle());
    return absl::OkStatus();
  }));
  int code = SQLITE_OK;
  bool goes_on = true;
  while (code == SQLITE_OK && goes_on) {
    code = sqlite3_backup_step(backup, kPagesAtATime);
    const int all = sqlite3_backup_pagecount(backup);
    if (progress != nullptr) goes_on = progress(all - sqlite3_backup_remaining(backup), all);
  }
  const absl::Status status = code == SQLITE_DONE || code == SQLITE_OK
                                  ? absl::OkStatus()
                                  : StepFailed(code, opened->getHandle());
  sqlite3_backup_finish(backup);
  if (!goes_on) return absl::CancelledError("the copy was stopped");
  return status;
}

// The copy says of itself that it needs a log, as the database does; it has none and
// must be readable where none can be made.
absl::Status Finish(const std::string& file) {
  const Descriptor opened(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (opened.number() < 0) return CopyFailed(errno);
  if (pwrite(opened.number(), kWithoutLog.data(), kWithoutLog.size(), kFormatVersionsAt) !=
          static_cast<ssize_t>(kWithoutLog.size()) ||
      fsync(opened.number()) != 0) {
    return CopyFailed(errno);
  }
  return absl::OkStatus();
}

absl::Status StructureCheck(Connection& connection) {
  Query check(connection, kStructureCheck);
  if (check.Step() && check.View(0) == "ok") return absl::OkStatus();
  return Damaged("the database file is damaged");
}

// Reads it once: what came of a damaged database must not be taken for a backup.
absl::Status LookThrough(Connection& source, const std::string& file, const StoreState& state) {
  const absl::Status status = GuardCopy([&]() -> absl::Status {
    Connection copy(file, Role::kReader, kBusyTimeout);
    PT_RETURN_IF_ERROR(StructureCheck(copy));
    const Head head = ReadHead(copy);
    if (head.revision == state.revision && head.chain_digest == state.chain_digest) {
      return absl::OkStatus();
    }
    return Damaged("the copy does not end with the commit that it should");
  });
  if (ReasonOf(status) != reason::kStoreDamaged) return status;
  // Either the database is damaged, or what was written is not what can be read.
  PT_RETURN_IF_ERROR(StructureCheck(source));
  return absl::InternalError(
      "the copy is damaged and the database is not; look at the disk that copies are made on");
}

absl::Status Refused(absl::string_view copy, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("cannot restore from ", copy, ": ", what));
}

// The same about the copy, and without what is to be done about a database.
absl::Status NotSound(absl::string_view copy, const absl::Status& status) {
  if (ReasonOf(status) != reason::kStoreDamaged) return Refused(copy, status.message());
  const absl::string_view what = status.message().substr(0, status.message().find("; "));
  return Error(status.code(), reason::kStoreDamaged,
               absl::StrCat("cannot restore from ", copy, ": ", what, "; take another backup"));
}

absl::Status CopyBytes(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return Refused(from, error.message());
  const Descriptor file(open(to.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.number() >= 0 && fchmod(file.number(), 0600) == 0 && fsync(file.number()) == 0) {
    return absl::OkStatus();
  }
  return Refused(from, std::strerror(errno));
}

// Checks all of a file that nobody else uses.
absl::StatusOr<VerifyReport> CheckAll(const std::string& file) {
  return Guard([&]() -> absl::StatusOr<VerifyReport> {
    PT_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                        OpenWriter(file, Role::kRelaxedWriter, kBusyTimeout));
    connection->Run("BEGIN");
    const int64_t revision = ReadRevision(*connection);
    const View view{connection.get(), revision, revision, 0};
    absl::StatusOr<VerifyReport> report = VerifyDatabase(view, nullptr);
    connection->Run("COMMIT");
    return report;
  });
}

}  // namespace

absl::StatusOr<StoreState> CopyDatabase(const View& view, const std::string& file,
                                        const Store::Progress& progress) {
  const StoreState state = StateOf(view);
  PT_RETURN_IF_ERROR(CheckRoom(*view.connection, file));
  PT_RETURN_IF_ERROR(CopyPages(*view.connection, file, progress));
  PT_RETURN_IF_ERROR(Finish(file));
  PT_RETURN_IF_ERROR(LookThrough(*view.connection, file, state));
  return state;
}

absl::StatusOr<VerifyReport> RestoreCopy(const std::string& copy, const std::string& data_dir,
                                         absl::string_view expected_chain) {
  PT_RETURN_IF_ERROR(CheckDatabaseFile(copy));
  std::error_code error;
  if (fs::exists(absl::StrCat(copy, "-wal"), error) || error) {
    return Refused(copy,
                   "it has a write-ahead log beside it, so it is a database in use and no backup; "
                   "make one with `policytrack backup`");
  }
  VerifyReport report;
  const auto fill = [&](const std::string& draft) -> absl::Status {
    PT_RETURN_IF_ERROR(CopyBytes(copy, draft));
    const absl::StatusOr<VerifyReport> checked = CheckAll(draft);
    if (!checked.ok()) return NotSound(copy, checked.status());
    if (checked->problem_count > 0) return NotSound(copy, StatusOfReport(*checked));
    report = *checked;
    const std::string chain = ToHex(report.state.chain_digest);
    if (absl::StartsWith(chain, expected_chain)) return absl::OkStatus();
    return Refused(copy, absl::StrCat("its chain digest at revision ", report.state.revision,
                                      " is ", chain, ", and ", expected_chain,
                                      " was expected; it is a backup of another service or of "
                                      "another day"));
  };
  PT_RETURN_IF_ERROR(DataDirectory::CreateFrom(data_dir, fill).status());
  return report;
}

}  // namespace policytrack::storage::sqlite
