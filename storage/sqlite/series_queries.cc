#include "storage/sqlite/series_queries.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "storage/chunk_codec.h"
#include "storage/series_merge.h"
#include "storage/sqlite/change_codec.h"
#include "storage/sqlite/guard.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr char kSeries[] =
    "SELECT series_id, parent, output, key FROM series"
    " WHERE parent = ? ORDER BY output, key LIMIT ?";
constexpr char kSeriesAfter[] =
    "SELECT series_id, parent, output, key FROM series"
    " WHERE parent = ? AND (output, key) > (?, ?) ORDER BY output, key LIMIT ?";
constexpr char kOneSeries[] =
    "SELECT series_id, parent, output, key FROM series"
    " WHERE parent = ? AND output = ? AND key = ?";
constexpr char kChangeOfCommit[] =
    "SELECT body FROM changes WHERE revision = ? AND name = ? AND document = 0";
constexpr char kSeriesById[] =
    "SELECT series_id, parent, output, key FROM series WHERE series_id = ?";
constexpr char kChunks[] =
    "SELECT chunk, body FROM chunks WHERE series_id = ? AND chunk >= ? AND chunk <= ?"
    " ORDER BY chunk";
constexpr char kHistory[] =
    "SELECT body FROM history WHERE series_id = ? AND superseded > ? AND first_revision <= ?"
    " AND first_period <= ? AND last_period >= ? ORDER BY superseded";
constexpr char kHistoryRow[] = "SELECT body FROM history WHERE series_id = ? AND superseded = ?";
constexpr char kChanges[] =
    "SELECT h.body FROM changes h JOIN commits c ON c.revision = h.revision"
    " WHERE h.name = ? AND h.revision > ? AND h.revision <= ? AND h.document = 0"
    " AND (? <> 0 OR c.kind <> ?)";

SeriesInfo SeriesOf(const Query& query) {
  SeriesInfo series;
  series.id = query.Int(0);
  series.parent = query.String(1);
  series.output = query.String(2);
  series.key = query.String(3);
  return series;
}

std::vector<SeriesInfo> AllSeriesOf(Query& query) {
  std::vector<SeriesInfo> all;
  while (query.Step()) all.push_back(SeriesOf(query));
  return all;
}

absl::StatusOr<std::vector<Columns>> ReadHistory(Connection& connection, int64_t series_id,
                                                 PeriodRange range, int64_t as_of) {
  Query query(connection, kHistory);
  query.Bind(series_id).Bind(as_of).Bind(as_of).Bind(range.last).Bind(range.first);
  std::vector<Columns> rows;
  while (query.Step()) {
    rows.emplace_back();
    PT_RETURN_IF_ERROR(AppendDecoded(query.View(0), range, &rows.back()));
  }
  return rows;
}

}  // namespace

std::vector<SeriesInfo> ListSeries(const View& view, absl::string_view parent,
                                   const SeriesInfo* after, int limit) {
  Query query(*view.connection, after == nullptr ? kSeries : kSeriesAfter);
  query.Text(parent);
  if (after != nullptr) query.Text(after->output).Text(after->key);
  query.Bind(std::max(limit, 0));
  return AllSeriesOf(query);
}

std::optional<SeriesInfo> FindSeries(const View& view, absl::string_view parent,
                                     absl::string_view output, absl::string_view key) {
  Query query(*view.connection, kOneSeries);
  query.Text(parent).Text(output).Text(key);
  if (!query.Step()) return std::nullopt;
  return SeriesOf(query);
}

absl::StatusOr<Columns> ReadChunks(Connection& connection, int64_t series_id, PeriodRange range) {
  Query query(connection, kChunks);
  query.Bind(series_id).Bind(ChunkOf(range.first)).Bind(ChunkOf(range.last));
  Columns columns;
  while (query.Step()) {
    PT_RETURN_IF_ERROR(AppendDecodedChunk(query.Int(0), query.View(1), range, &columns));
  }
  return columns;
}

absl::StatusOr<Columns> ReadHistoryRow(Connection& connection, int64_t series_id,
                                       int64_t superseded) {
  Query query(connection, kHistoryRow);
  query.Bind(series_id).Bind(superseded);
  Columns columns;
  if (query.Step()) PT_RETURN_IF_ERROR(AppendDecoded(query.View(0), &columns));
  return columns;
}

absl::StatusOr<Columns> ReadSeries(const View& view, int64_t series_id, PeriodRange range,
                                   int64_t as_of) {
  if (range.first > range.last) return Columns();
  PT_ASSIGN_OR_RETURN(Columns present, ReadChunks(*view.connection, series_id, range));
  if (view.IsPresent(as_of)) return present;
  PT_ASSIGN_OR_RETURN(const std::vector<Columns> history,
                      ReadHistory(*view.connection, series_id, range, as_of));
  return FoldAsOf(present, history, range, as_of);
}

absl::StatusOr<std::vector<SeriesChange>> ChangedSeries(const View& view, absl::string_view parent,
                                                        int64_t after, int64_t upto,
                                                        bool include_evaluations) {
  SeriesRanges united;
  {
    Query query(*view.connection, kChanges);
    query.Text(parent).Bind(after).Bind(upto).Bind(include_evaluations);
    query.Bind(static_cast<int64_t>(CommitKind::kEvaluation));
    while (query.Step()) {
      PT_ASSIGN_OR_RETURN(const SeriesRanges ranges, DecodeSeriesRanges(query.View(0)));
      for (const auto& [series_id, range] : ranges) {
        const auto [at, is_new] = united.try_emplace(series_id, range);
        if (is_new) continue;
        at->second.first = std::min(at->second.first, range.first);
        at->second.last = std::max(at->second.last, range.last);
      }
    }
  }
  std::vector<SeriesChange> changes;
  changes.reserve(united.size());
  for (const auto& [series_id, range] : united) {
    Query query(*view.connection, kSeriesById);
    query.Bind(series_id);
    if (!query.Step()) return Damaged("a changed series is not there");
    changes.push_back({SeriesOf(query), range});
  }
  std::sort(changes.begin(), changes.end(), [](const SeriesChange& a, const SeriesChange& b) {
    return std::tie(a.series.output, a.series.key) < std::tie(b.series.output, b.series.key);
  });
  return changes;
}

PeriodRange RangeOf(const NetChange& net) {
  PeriodRange range = {kLastPeriod, kFirstPeriod};
  for (const std::vector<int64_t>* periods : {&net.written.periods, &net.deleted}) {
    if (periods->empty()) continue;
    range.first = std::min(range.first, periods->front());
    range.last = std::max(range.last, periods->back());
  }
  return range;
}

absl::StatusOr<ChangeExtent> ExtentOfChange(const View& view, absl::string_view parent,
                                            int64_t revision) {
  ChangeExtent extent;
  Query query(*view.connection, kChangeOfCommit);
  query.Bind(revision).Text(parent);
  if (!query.Step()) return extent;
  PT_ASSIGN_OR_RETURN(const SeriesRanges ranges, DecodeSeriesRanges(query.View(0)));
  for (const auto& [series_id, range] : ranges) {
    extent.range.first =
        extent.series == 0 ? range.first : std::min(extent.range.first, range.first);
    extent.range.last = extent.series == 0 ? range.last : std::max(extent.range.last, range.last);
    ++extent.series;
  }
  return extent;
}

}  // namespace policytrack::storage::sqlite
