#include "storage/sqlite/sqlite_store.h"

#include <sqlite3.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/damage_mark.h"
#include "storage/sqlite/data_directory.h"
#include "storage/sqlite/group_writer.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/open_database.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/reader_pool.h"
#include "storage/sqlite/verify.h"
#include "storage/sqlite/wal_scan.h"

namespace policytrack::storage {
namespace {

// SQLite counts what it allocates under one lock for all connections. Nobody
// here asks for the count. To be said before the first use of SQLite in the
// process; said later it is refused, and changes nothing.
void StopCountingMemory() {
  static const int refused = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(refused);
}

absl::Status ReadOnly() {
  return Error(absl::StatusCode::kFailedPrecondition, reason::kStoreReadOnly,
               "the server runs with --read-only-salvage and writes nothing; restore a backup and "
               "start it without");
}

// 0 when there is no such file.
int64_t SizeOf(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<int64_t>(size);
}

}  // namespace

// Destroyed from the last to the first: readers, writer, lock. The writer's
// connection is the last to close and so checkpoints the log away.
struct SqliteStore::Parts {
  Parts(sqlite::DataDirectory directory, const SqliteOptions& options, Clock* clock)
      : mark(options.data_dir),
        directory(std::move(directory)),
        readers(
            this->directory.database_path(), options.reader_connections, options.busy_timeout,
            clock,
            [this] {
              if (writer != nullptr) writer->Distrust();
            },
            this->directory.can_be_written() ? sqlite::Role::kReader
                                             : sqlite::Role::kFrozenReader) {}

  sqlite::DamageMark mark;
  sqlite::DataDirectory directory;
  std::unique_ptr<sqlite::GroupWriter> writer;  // null when open for salvage
  int64_t salvaged_revision = 0;
  std::optional<sqlite::LogDamage> log_damage;  // of the log that was salvaged
  sqlite::ReaderPool readers;
};

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteOptions& options,
                                                               Clock* clock) {
  StopCountingMemory();
  if (options.read_only_salvage) return OpenForSalvage(options, clock);
  PT_ASSIGN_OR_RETURN(sqlite::DataDirectory directory,
                      sqlite::DataDirectory::Open(options.data_dir));
  PT_RETURN_IF_ERROR(sqlite::CheckMark(options.data_dir));
  const sqlite::Role role =
      options.sync_full ? sqlite::Role::kWriter : sqlite::Role::kRelaxedWriter;
  const std::string path = directory.database_path();
  // A log whose commits were not synced each for itself may have any hole.
  if (options.sync_full) PT_RETURN_IF_ERROR(sqlite::CheckLog(path));
  PT_ASSIGN_OR_RETURN(std::unique_ptr<sqlite::Connection> connection,
                      sqlite::OpenWriter(path, role, options.busy_timeout));
  sqlite::Head head;
  PT_RETURN_IF_ERROR(sqlite::Guard([&] {
    head = sqlite::ReadHead(*connection);
    return absl::OkStatus();
  }));
  auto parts = std::make_unique<Parts>(std::move(directory), options, clock);
  const auto on_damage = [mark = &parts->mark](const absl::Status& damage) { mark->Keep(damage); };
  parts->writer = std::make_unique<sqlite::GroupWriter>(
      sqlite::GroupWriter::Options{path, role, options.busy_timeout, on_damage},
      std::move(connection), head, clock);
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::OpenForSalvage(
    const SqliteOptions& options, Clock* clock) {
  PT_ASSIGN_OR_RETURN(sqlite::DataDirectory directory,
                      sqlite::DataDirectory::OpenForSalvage(options.data_dir));
  if (!directory.can_be_written()) {
    if (SizeOf(directory.database_path() + "-wal") > 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("data directory ", options.data_dir,
                       ": cannot be written, and its database has a write-ahead log, which can "
                       "only be read with an index beside it; copy the directory and name the "
                       "copy"));
    }
    if (options.tell != nullptr) {
      options.tell(absl::StrCat("data directory ", options.data_dir,
                                " cannot be written: what a check finds is not kept in mind"));
    }
  }
  auto parts = std::make_unique<Parts>(std::move(directory), options, clock);
  PT_ASSIGN_OR_RETURN(parts->log_damage, sqlite::ScanLog(parts->directory.database_path()));
  if (parts->log_damage.has_value() && options.tell != nullptr) {
    options.tell(sqlite::WordsOf(*parts->log_damage));
  }
  const auto note = [&](const sqlite::View& view, bool*) {
    parts->salvaged_revision = view.revision;
    return absl::OkStatus();
  };
  if (!parts->readers.ReadView(note).ok()) {
    // The commits themselves are damaged; the rest may not be.
    PT_RETURN_IF_ERROR(parts->readers.SalvageRevision());
    PT_RETURN_IF_ERROR(parts->readers.ReadView(note));
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() { Stop(); }

absl::Status SqliteStore::Read(const ReadBody& body) { return parts_->readers.Read(body); }

void SqliteStore::WriteAsync(WriteOptions options, WriteBody body, WriteDone done) {
  if (parts_->writer == nullptr) return done(ReadOnly());
  parts_->writer->Enqueue(std::move(options), std::move(body), std::move(done));
}

absl::Status SqliteStore::CheckCanBeWritten() const {
  return parts_->writer == nullptr ? ReadOnly() : absl::OkStatus();
}

int SqliteStore::AddListener(std::function<void(int64_t)> listener) {
  return parts_->writer == nullptr ? 0 : parts_->writer->AddListener(std::move(listener));
}

void SqliteStore::RemoveListener(int id) {
  if (parts_->writer != nullptr) parts_->writer->RemoveListener(id);
}

int64_t SqliteStore::revision() const {
  return parts_->writer == nullptr ? parts_->salvaged_revision : parts_->writer->revision();
}

void SqliteStore::OnHealth(std::function<void(bool healthy)> listener) {
  if (parts_->writer != nullptr) parts_->writer->OnHealth(std::move(listener));
}

void SqliteStore::Stop() {
  if (parts_->writer != nullptr) parts_->writer->Stop();
}

absl::StatusOr<StoreState> SqliteStore::CopyTo(const std::string& file, const Progress& progress) {
  if (parts_->writer == nullptr) return ReadOnly();
  PT_RETURN_IF_ERROR(sqlite::CheckMarkForCopy(parts_->mark.data_dir()));
  StoreState state;
  const absl::Status status = parts_->readers.ReadView([&](const sqlite::View& view, bool* failed) {
    const absl::StatusOr<StoreState> copied =
        sqlite::Guard([&] { return sqlite::CopyDatabase(view, file, progress); });
    *failed = !copied.ok();
    if (copied.ok()) state = *copied;
    return copied.status();
  });
  if (ReasonOf(status) == reason::kStoreDamaged) parts_->mark.Keep(status);
  if (!status.ok()) return status;
  return state;
}

absl::StatusOr<VerifyReport> SqliteStore::VerifyAll(const Progress& progress) {
  PT_ASSIGN_OR_RETURN(VerifyReport report, Check(progress, false));
  if (parts_->directory.can_be_written()) parts_->mark.Keep(&report);
  return report;
}

StoreStats SqliteStore::stats() const {
  StoreStats stats;
  if (parts_->writer != nullptr) stats = parts_->writer->stats();
  const std::string path = parts_->directory.database_path();
  stats.database_bytes = SizeOf(path);
  stats.log_bytes = SizeOf(path + "-wal");
  return stats;
}

absl::Status SqliteStore::Verify() {
  PT_ASSIGN_OR_RETURN(const VerifyReport report, Check(nullptr, true));
  return sqlite::StatusOfReport(report);
}

absl::StatusOr<VerifyReport> SqliteStore::Check(const Progress& progress, bool first_only) {
  VerifyReport report;
  PT_RETURN_IF_ERROR(parts_->readers.ReadView([&](const sqlite::View& view, bool* failed) {
    absl::StatusOr<VerifyReport> checked =
        sqlite::Guard([&] { return sqlite::VerifyDatabase(view, progress, first_only); });
    *failed = !checked.ok() || checked->problem_count > 0;
    if (checked.ok()) report = *std::move(checked);
    return checked.status();
  }));
  // What SQLite has dropped of the log is in no table that could be checked.
  if (parts_->log_damage.has_value()) sqlite::AddLogDamage(*parts_->log_damage, &report);
  return report;
}

}  // namespace policytrack::storage
