#include "storage/sqlite/sqlite_store.h"

#include <sqlite3.h>

#include <filesystem>
#include <utility>

#include "core/error.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/data_directory.h"
#include "storage/sqlite/group_writer.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/open_database.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/reader_pool.h"
#include "storage/sqlite/verify.h"

namespace policytrack::storage {
namespace {

// SQLite counts what it allocates under one lock for all connections. Nobody
// here asks for the count. To be said before the first use of SQLite in the
// process; said later it is refused, and changes nothing.
void StopCountingMemory() {
  static const int refused = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(refused);
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
  Parts(sqlite::DataDirectory directory, sqlite::Role role,
        std::unique_ptr<sqlite::Connection> connection, const sqlite::Head& head,
        const SqliteOptions& options, Clock* clock)
      : directory(std::move(directory)),
        writer({this->directory.database_path(), role, options.busy_timeout}, std::move(connection),
               head, clock),
        readers(this->directory.database_path(), options.reader_connections, options.busy_timeout,
                clock) {}

  sqlite::DataDirectory directory;
  sqlite::GroupWriter writer;
  sqlite::ReaderPool readers;
};

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteOptions& options,
                                                               Clock* clock) {
  StopCountingMemory();
  PT_ASSIGN_OR_RETURN(sqlite::DataDirectory directory,
                      sqlite::DataDirectory::Open(options.data_dir));
  const sqlite::Role role =
      options.sync_full ? sqlite::Role::kWriter : sqlite::Role::kRelaxedWriter;
  PT_ASSIGN_OR_RETURN(std::unique_ptr<sqlite::Connection> connection,
                      sqlite::OpenWriter(directory.database_path(), role, options.busy_timeout));
  sqlite::Head head;
  PT_RETURN_IF_ERROR(sqlite::Guard([&] {
    head = sqlite::ReadHead(*connection);
    return absl::OkStatus();
  }));
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::make_unique<Parts>(
      std::move(directory), role, std::move(connection), head, options, clock)));
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() { Stop(); }

absl::Status SqliteStore::Read(const ReadBody& body) { return parts_->readers.Read(body); }

void SqliteStore::WriteAsync(WriteOptions options, WriteBody body, WriteDone done) {
  parts_->writer.Enqueue(std::move(options), std::move(body), std::move(done));
}

int SqliteStore::AddListener(std::function<void(int64_t)> listener) {
  return parts_->writer.AddListener(std::move(listener));
}

void SqliteStore::RemoveListener(int id) { parts_->writer.RemoveListener(id); }

int64_t SqliteStore::revision() const { return parts_->writer.revision(); }

StoreStats SqliteStore::stats() const {
  StoreStats stats = parts_->writer.stats();
  stats.database_bytes = SizeOf(parts_->directory.database_path());
  stats.log_bytes = SizeOf(parts_->directory.database_path() + "-wal");
  return stats;
}

void SqliteStore::Stop() { parts_->writer.Stop(); }

absl::Status SqliteStore::Verify() {
  return parts_->readers.ReadView([](const sqlite::View& view, bool* failed) {
    const absl::Status status = sqlite::Guard([&] { return sqlite::VerifyAll(view); });
    *failed = !status.ok();
    return status;
  });
}

}  // namespace policytrack::storage
