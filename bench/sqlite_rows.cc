#include "bench/sqlite_rows.h"

#include "bench/fail.h"

namespace policytrack::bench {
namespace {

constexpr int kRowsInTransaction = 10000;

constexpr char kPresentTable[] =
    "CREATE TABLE observations (series INTEGER NOT NULL, period INTEGER NOT NULL,"
    " value REAL NOT NULL, status INTEGER NOT NULL, revision INTEGER NOT NULL,"
    " PRIMARY KEY (series, period)) WITHOUT ROWID";
constexpr char kPresentUpsert[] =
    "INSERT INTO observations (series, period, value, status, revision) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (series, period) DO UPDATE SET"
    " value = excluded.value, status = excluded.status, revision = excluded.revision";
constexpr char kVintagesTable[] =
    "CREATE TABLE observations (series INTEGER NOT NULL, period INTEGER NOT NULL,"
    " value REAL NOT NULL, status INTEGER NOT NULL, revision INTEGER NOT NULL,"
    " PRIMARY KEY (series, period, revision)) WITHOUT ROWID";
constexpr char kVintagesUpsert[] =
    "INSERT INTO observations (series, period, value, status, revision) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (series, period, revision) DO UPDATE SET"
    " value = excluded.value, status = excluded.status";

}  // namespace

SqliteRows::SqliteRows(const std::string& directory, Keep keep) {
  const std::string path = directory + "/rows.db";
  Check(sqlite3_open(path.c_str(), &database_), "open");
  Run("PRAGMA journal_mode = WAL");
  Run("PRAGMA synchronous = FULL");
  Run(keep == Keep::kPresent ? kPresentTable : kVintagesTable);
  const char* upsert = keep == Keep::kPresent ? kPresentUpsert : kVintagesUpsert;
  Check(sqlite3_prepare_v2(database_, upsert, -1, &upsert_, nullptr), "prepare");
}

SqliteRows::~SqliteRows() {
  sqlite3_finalize(upsert_);
  sqlite3_close(database_);
}

void SqliteRows::Upsert(const Figures& figures, int64_t revision) {
  for (int s = 0; s < figures.series(); ++s) {
    for (int month = 0; month < figures.periods(); ++month) {
      Upsert(s, figures.period(month), figures.value(s, month), revision);
    }
  }
  Commit();
}

void SqliteRows::Upsert(int64_t series, int64_t period, double value, int64_t revision) {
  if (uncommitted_ == 0) Run("BEGIN IMMEDIATE");
  sqlite3_bind_int64(upsert_, 1, series);
  sqlite3_bind_int64(upsert_, 2, period);
  sqlite3_bind_double(upsert_, 3, value);
  sqlite3_bind_int64(upsert_, 4, 0);
  sqlite3_bind_int64(upsert_, 5, revision);
  Check(sqlite3_step(upsert_), "upsert");
  Check(sqlite3_reset(upsert_), "upsert");
  if (++uncommitted_ == kRowsInTransaction) Commit();
}

void SqliteRows::Commit() {
  if (uncommitted_ == 0) return;
  Run("COMMIT");
  uncommitted_ = 0;
}

int64_t SqliteRows::CountRows() {
  sqlite3_stmt* count = nullptr;
  Check(sqlite3_prepare_v2(database_, "SELECT count(*) FROM observations", -1, &count, nullptr),
        "count");
  Check(sqlite3_step(count), "count");
  const int64_t rows = sqlite3_column_int64(count, 0);
  sqlite3_finalize(count);
  return rows;
}

void SqliteRows::Run(const char* sql) {
  Check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), sql);
}

void SqliteRows::Check(int code, const char* what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  Fail(std::string("SQLite: ") + what + ": " + sqlite3_errmsg(database_));
}

}  // namespace policytrack::bench
