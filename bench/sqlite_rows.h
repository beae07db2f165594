// The baseline of writing and of size: observations as rows of one SQLite
// table, as a careful hand would write them: a prepared upsert, the write-ahead
// log, fsync at each commit, 10 000 rows a transaction, series by series under
// their number.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_BENCH_SQLITE_ROWS_H_
#define POLICYTRACK_BENCH_SQLITE_ROWS_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "bench/figures.h"

namespace policytrack::bench {

class SqliteRows {
 public:
  enum class Keep {
    kPresent,   // a later value of a period takes the place of the one before
    kVintages,  // every revision of a value is a row of its own
  };

  // A new database in `directory`, which must be empty.
  SqliteRows(const std::string& directory, Keep keep);
  ~SqliteRows();
  SqliteRows(const SqliteRows&) = delete;
  SqliteRows& operator=(const SqliteRows&) = delete;

  // All rows of the data set, as of `revision`.
  void Upsert(const Figures& figures, int64_t revision);
  // One row; committed with the ten thousandth or by Commit.
  void Upsert(int64_t series, int64_t period, double value, int64_t revision);
  void Commit();

  int64_t CountRows();

 private:
  void Run(const char* sql);
  void Check(int code, const char* what);

  sqlite3* database_ = nullptr;
  sqlite3_stmt* upsert_ = nullptr;
  int uncommitted_ = 0;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_SQLITE_ROWS_H_
