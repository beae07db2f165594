// How new points meet stored ones: which are created, revised or unchanged, what
// goes to the history, and how a past revision is folded out of present and
// history. Pure; every implementation of Store does it this way.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_SERIES_MERGE_H_
#define POLICYTRACK_STORAGE_SERIES_MERGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/columns.h"
#include "storage/store.h"

namespace policytrack::storage {

// Ok when a write keeps what SeriesWrite says.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `points` or `deletions`.
absl::Status CheckWrite(const SeriesWrite& write);

// What a write did to a series, gathered chunk by chunk.
struct SeriesDelta {
  WriteCounts counts;
  Columns written;                                  // points created and revised; no revisions
  std::vector<int64_t> deleted;                     // periods
  Columns superseded;                               // what was replaced or deleted, with revisions
  PeriodRange range = {kLastPeriod, kFirstPeriod};  // of all changed periods

  bool changed() const { return range.first <= range.last; }
};

// A run of positions of a SeriesWrite's points and deletions.
struct WriteSlice {
  size_t points_begin = 0;
  size_t points_end = 0;
  size_t deletions_begin = 0;
  size_t deletions_end = 0;
};

// The state of a chunk after a slice of a write at `revision`; adds to `*delta`
// what it did. A point that `revision` itself wrote before leaves no trace in
// the history: nobody could ever see it.
// REQUIRES: CheckWrite(write) is ok; slices come in order of period.
Columns MergeSlice(const Columns& present, const SeriesWrite& write, const WriteSlice& slice,
                   int64_t revision, SeriesDelta* delta);

// What a commit did to a series, found in what is stored.
struct NetChange {
  Columns written;               // no revisions
  std::vector<int64_t> deleted;  // periods
  WriteCounts counts;            // unchanged is 0
  bool empty() const { return written.empty() && deleted.empty(); }
};
// From the points as they stood right after the commit, and what it superseded
// or all that stood before it.
NetChange NetChangeOf(const Columns& after, const Columns& before, int64_t revision);

// Points of two sets without a common period, by period.
Columns UnionOf(const Columns& a, const Columns& b);

// Points as of a revision, by period: those of `present` and of the history rows
// that were written at or before it, of each period the one written last.
// REQUIRES: `history` holds only what was superseded after it.
Columns FoldAsOf(const Columns& present, const std::vector<Columns>& history, PeriodRange range,
                 int64_t revision);

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_SERIES_MERGE_H_
