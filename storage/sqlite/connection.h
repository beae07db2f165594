// One SQLite connection with its settings and its prepared statements, and the
// small wrapper that all queries go through. Everything here throws
// SQLite::Exception; guard.h ends it.
//
// Thread rule: a connection belongs to one thread at a time.
#ifndef POLICYTRACK_STORAGE_SQLITE_CONNECTION_H_
#define POLICYTRACK_STORAGE_SQLITE_CONNECTION_H_

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace policytrack::storage::sqlite {

enum class Role {
  kWriter,         // the only one that writes and checkpoints; fsync at each commit
  kRelaxedWriter,  // the same, but a power loss may take the last commits
  kReader,         // read-only, never checkpoints
  kFrozenReader,   // the same where nobody can write, not even an index of the log; there is none
};

class Connection {
 public:
  // `busy_timeout` is how long a statement waits for another process.
  Connection(const std::string& path, Role role, absl::Duration busy_timeout);

  // The statement of this SQL text, prepared at its first use. The text must
  // outlive the connection: its address is the key.
  SQLite::Statement& Prepared(const char* sql);

  // Runs a statement without parameters or rows.
  void Run(const char* sql);
  // False when SQLite itself rolled a transaction back, as it does after some
  // errors.
  bool InTransaction();
  // Rows that statements have changed since it was opened.
  int64_t changes() { return database_.getTotalChanges(); }
  // Rolls back whatever is open; never throws.
  void RollBack() noexcept;
  // Pages in the write-ahead log after the last commit. Of writers only.
  int log_pages() const { return log_pages_; }
  // Moves the log into the database as far as readers let it. Of writers only;
  // it never happens by itself.
  void Checkpoint();

  SQLite::Database& database() { return database_; }

 private:
  static int CountLogPages(void* connection, sqlite3* database, const char* name, int pages);

  int log_pages_ = 0;
  SQLite::Database database_;
  std::unordered_map<const void*, std::unique_ptr<SQLite::Statement>> statements_;
};

// One use of a prepared statement: binds in order, steps, and leaves it reset.
// REQUIRES: no other use of the same SQL on this connection is alive.
class Query {
 public:
  Query(Connection& connection, const char* sql) : statement_(connection.Prepared(sql)) {}
  ~Query() { statement_.tryReset(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Bind(int64_t value);
  Query& Text(absl::string_view value);
  // The bytes must live until this object is gone.
  Query& Blob(absl::string_view value);

  // Whether there is another row.
  bool Step() { return statement_.executeStep(); }
  // REQUIRES: the statement gives no rows.
  void Run() { statement_.exec(); }

  // Columns of the row, from 0.
  int64_t Int(int column) const { return statement_.getColumn(column).getInt64(); }
  bool Bool(int column) const { return Int(column) != 0; }
  std::string String(int column) const;
  // Good until the next Step.
  absl::string_view View(int column) const;

 private:
  SQLite::Statement& statement_;
  int bound_ = 0;
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_CONNECTION_H_
