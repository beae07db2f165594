// Writes points into chunks and what they replace into the history, and
// remembers what one write did to which series.
//
// Thread rule: the writer thread; much at once takes a second one beside it, which
// does not know the database.
#ifndef POLICYTRACK_STORAGE_SQLITE_SERIES_WRITER_H_
#define POLICYTRACK_STORAGE_SQLITE_SERIES_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/second_thread.h"
#include "storage/commit_digest.h"
#include "storage/series_merge.h"
#include "storage/sqlite/change_codec.h"
#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// Lives as long as one write. Methods throw SQLite::Exception.
class SeriesWriter {
 public:
  // `revision` is the one that the write will have. `second` prepares runs of series
  // and is idle between calls; both must outlive this.
  SeriesWriter(Connection* connection, int64_t revision, SecondThread* second)
      : connection_(*connection), revision_(revision), second_(*second) {}

  // Adds to `*counts` what it did. REQUIRES: CheckWrite is ok for each.
  // Returns INTERNAL / STORE_DAMAGED when stored points cannot be read.
  absl::Status Write(absl::string_view parent, const std::vector<SeriesWrite>& writes,
                     WriteCounts* counts);

  // Whether any point was created, revised or deleted.
  bool changed() const { return !touched_.empty(); }
  // Points created, revised and deleted.
  int64_t points() const { return points_; }

  // What was done under one parent in the end, however many calls it took.
  struct ParentChange {
    WriteCounts counts;
    SeriesRanges ranges;
  };
  using Changes = std::map<std::string, ParentChange>;
  // Adds the digest of every series changed, and gives what was done, by parent.
  // Returns INTERNAL / STORE_DAMAGED when stored points cannot be read.
  absl::StatusOr<Changes> Finish(ContentDigest* digest);

 private:
  struct Touched {
    SeriesInfo series;
    PeriodRange range;
    WriteCounts counts;
    std::string digest;
    bool again = false;  // changed by a second call: counts and digest are not right
  };

  // What a write would do to a series that is new: all that it takes the processor
  // and not the database to make.
  struct Prepared {
    SeriesDelta delta;  // without `written`
    std::string digest;
    std::vector<std::pair<int64_t, std::string>> bodies;  // by chunk
  };
  static Prepared Prepare(const SeriesWrite& write, int64_t revision);

  // `prepared` may be null.
  absl::Status WriteOne(absl::string_view parent, const SeriesWrite& write,
                        const Prepared* prepared, WriteCounts* counts);
  absl::Status WriteChunks(int64_t series_id, const SeriesWrite& write, SeriesDelta* delta);
  void StoreChunk(int64_t series_id, int64_t chunk, absl::string_view body);
  absl::Status StoreHistory(int64_t series_id, Columns superseded);
  // Counts and digest of a series that several calls changed; false when they
  // took back all that they did.
  absl::StatusOr<bool> Settle(int64_t series_id, Touched* touched);
  void Record(absl::string_view parent, int64_t series_id, const SeriesWrite& write,
              const SeriesDelta& delta, std::string digest);
  int64_t SeriesId(absl::string_view parent, const SeriesWrite& write, bool* is_new);

  Connection& connection_;
  const int64_t revision_;
  SecondThread& second_;
  int64_t points_ = 0;
  std::unordered_map<int64_t, Touched> touched_;
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_SERIES_WRITER_H_
