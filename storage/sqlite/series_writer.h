// Writes points into chunks and what they replace into the history, and
// remembers what one write did to which series.
//
// Thread rule: the writer thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_SERIES_WRITER_H_
#define POLICYTRACK_STORAGE_SQLITE_SERIES_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/commit_digest.h"
#include "storage/series_merge.h"
#include "storage/sqlite/change_codec.h"
#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// Lives as long as one write. Methods throw SQLite::Exception.
class SeriesWriter {
 public:
  // `revision` is the one that the write will have.
  SeriesWriter(Connection* connection, int64_t revision)
      : connection_(*connection), revision_(revision) {}

  // Adds to `*counts` what it did. REQUIRES: CheckWrite(write) is ok.
  // Returns INTERNAL / STORE_DAMAGED when stored points cannot be read.
  absl::Status Write(absl::string_view parent, const SeriesWrite& write, WriteCounts* counts);

  // What was done under one parent.
  struct ParentChange {
    WriteCounts counts;
    SeriesRanges ranges;
  };
  // Parents with a change, by name.
  const std::map<std::string, ParentChange>& changes() const { return changes_; }
  // Points created, revised and deleted.
  int64_t points() const { return points_; }

  // Adds the digest of every series changed.
  // Returns INTERNAL / STORE_DAMAGED when stored points cannot be read.
  absl::Status AddTo(ContentDigest* digest);

 private:
  struct Touched {
    SeriesInfo series;
    PeriodRange range;
    std::string digest;
    bool again = false;  // changed by a second call: the digest is no longer right
  };

  absl::Status WriteChunks(int64_t series_id, bool is_new, const SeriesWrite& write,
                           SeriesDelta* delta);
  void StoreChunk(int64_t series_id, int64_t chunk, const Columns& columns);
  absl::Status StoreHistory(int64_t series_id, Columns superseded);
  void Record(absl::string_view parent, int64_t series_id, const SeriesWrite& write,
              const SeriesDelta& delta);
  int64_t SeriesId(absl::string_view parent, const SeriesWrite& write, bool* is_new);

  Connection& connection_;
  const int64_t revision_;
  int64_t points_ = 0;
  std::map<std::string, ParentChange> changes_;
  std::unordered_map<int64_t, Touched> touched_;
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_SERIES_WRITER_H_
