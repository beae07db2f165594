#include "storage/sqlite/connection.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Exception.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace policytrack::storage::sqlite {
namespace {

// The writer's cache holds the pages of a large commit; past it they go to the
// write-ahead log early, which is slower but right. temp_store keeps the
// journals of savepoints out of the file system.
constexpr char kWriterSettings[] =
    "PRAGMA foreign_keys = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -32768;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA trusted_schema = OFF;";
constexpr char kReaderSettings[] =
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -8192;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA trusted_schema = OFF;";

// The name under which SQLite neither looks for a log nor locks.
std::string FrozenName(const std::string& path) {
  return absl::StrCat(
      "file:", absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}}),
      "?immutable=1");
}

int FlagsOf(Role role) {
  // Without mutexes: a connection belongs to one thread at a time.
  const int all = SQLite::OPEN_NOMUTEX;
  if (role == Role::kReader) return all | SQLite::OPEN_READONLY;
  if (role == Role::kFrozenReader) return all | SQLite::OPEN_READONLY | SQLite::OPEN_URI;
  return all | SQLite::OPEN_READWRITE;
}

}  // namespace

Connection::Connection(const std::string& path, Role role, absl::Duration busy_timeout)
    : database_(role == Role::kFrozenReader ? FrozenName(path) : path, FlagsOf(role),
                static_cast<int>(absl::ToInt64Milliseconds(busy_timeout))) {
  if (role == Role::kReader || role == Role::kFrozenReader) {
    database_.exec(kReaderSettings);
    return;
  }
  if (database_.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
    throw SQLite::Exception("no write-ahead log", SQLITE_CANTOPEN);
  }
  database_.exec(role == Role::kWriter ? "PRAGMA synchronous = FULL"
                                       : "PRAGMA synchronous = NORMAL");
  database_.exec(kWriterSettings);
  sqlite3_wal_hook(database_.getHandle(), &Connection::CountLogPages, this);
}

int Connection::CountLogPages(void* connection, sqlite3*, const char*, int pages) {
  static_cast<Connection*>(connection)->log_pages_ = pages;
  return SQLITE_OK;
}

void Connection::Checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(database_.getHandle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY) {
    throw SQLite::Exception(database_.getHandle(), code);
  }
}

SQLite::Statement& Connection::Prepared(const char* sql) {
  std::unique_ptr<SQLite::Statement>& statement = statements_[sql];
  if (statement == nullptr) statement = std::make_unique<SQLite::Statement>(database_, sql);
  return *statement;
}

void Connection::Run(const char* sql) { Query(*this, sql).Run(); }

bool Connection::InTransaction() { return sqlite3_get_autocommit(database_.getHandle()) == 0; }

void Connection::RollBack() noexcept {
  if (InTransaction()) database_.tryExec("ROLLBACK");
}

Query& Query::Bind(int64_t value) {
  statement_.bind(++bound_, value);
  return *this;
}

Query& Query::Text(absl::string_view value) {
  statement_.bind(++bound_, std::string(value));
  return *this;
}

Query& Query::Blob(absl::string_view value) {
  // A null pointer would bind NULL.
  statement_.bindNoCopy(++bound_, static_cast<const void*>(value.empty() ? "" : value.data()),
                        static_cast<int>(value.size()));
  return *this;
}

std::string Query::String(int column) const { return std::string(View(column)); }

absl::string_view Query::View(int column) const {
  const SQLite::Column value = statement_.getColumn(column);
  // The bytes before their number, as SQLite asks.
  const char* bytes = static_cast<const char*>(value.getBlob());
  return absl::string_view(bytes, static_cast<size_t>(value.getBytes()));
}

}  // namespace policytrack::storage::sqlite
