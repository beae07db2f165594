// The queries of ReadTransaction over series and their points; store.h says what
// each answers. They throw SQLite::Exception; callers guard. A status is
// INTERNAL / STORE_DAMAGED for bytes that cannot be.
//
// Thread rule: that of the view's connection.
#ifndef POLICYTRACK_STORAGE_SQLITE_SERIES_QUERIES_H_
#define POLICYTRACK_STORAGE_SQLITE_SERIES_QUERIES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/series_merge.h"
#include "storage/sqlite/view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

std::vector<SeriesInfo> ListSeries(const View& view, absl::string_view parent,
                                   const SeriesInfo* after, int limit);
std::optional<SeriesInfo> FindSeries(const View& view, absl::string_view parent,
                                     absl::string_view output, absl::string_view key);
absl::StatusOr<Columns> ReadSeries(const View& view, int64_t series_id, PeriodRange range,
                                   int64_t as_of);
absl::StatusOr<std::vector<SeriesChange>> ChangedSeries(const View& view, absl::string_view parent,
                                                        int64_t after, int64_t upto,
                                                        bool include_evaluations);

absl::StatusOr<ChangeExtent> ExtentOfChange(const View& view, absl::string_view parent,
                                            int64_t revision);

// The smallest range that holds all periods of a change; first is above last when
// nothing changed.
PeriodRange RangeOf(const NetChange& net);

// The present points of all chunks that the range touches.
absl::StatusOr<Columns> ReadChunks(Connection& connection, int64_t series_id, PeriodRange range);
// The points that one commit superseded in a series.
absl::StatusOr<Columns> ReadHistoryRow(Connection& connection, int64_t series_id,
                                       int64_t superseded);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_SERIES_QUERIES_H_
