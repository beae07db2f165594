#include "storage/sqlite/series_writer.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "core/error.h"
#include "storage/chunk_codec.h"
#include "storage/sqlite/series_queries.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr char kFindSeries[] =
    "SELECT series_id FROM series WHERE parent = ? AND output = ? AND key = ?";
constexpr char kNewSeries[] =
    "INSERT INTO series (parent, output, key) VALUES (?, ?, ?) RETURNING series_id";
constexpr char kPutChunk[] =
    "INSERT INTO chunks (series_id, chunk, body) VALUES (?, ?, ?)"
    " ON CONFLICT (series_id, chunk) DO UPDATE SET body = excluded.body";
constexpr char kDropChunk[] = "DELETE FROM chunks WHERE series_id = ? AND chunk = ?";
constexpr char kPutHistory[] =
    "INSERT INTO history (series_id, superseded, first_revision, first_period, last_period, body)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (series_id, superseded) DO UPDATE SET"
    " first_revision = excluded.first_revision, first_period = excluded.first_period,"
    " last_period = excluded.last_period, body = excluded.body";

// The slices of a write that fall into one chunk each, in order.
bool NextSlice(const SeriesWrite& write, WriteSlice* slice, int64_t* chunk) {
  slice->points_begin = slice->points_end;
  slice->deletions_begin = slice->deletions_end;
  const auto& periods = write.points.periods;
  const bool has_point = slice->points_begin < periods.size();
  const bool has_deletion = slice->deletions_begin < write.deletions.size();
  if (!has_point && !has_deletion) return false;
  const int64_t point = has_point ? periods[slice->points_begin] : kLastPeriod;
  const int64_t deletion = has_deletion ? write.deletions[slice->deletions_begin] : kLastPeriod;
  *chunk = ChunkOf(std::min(point, deletion));
  const int64_t last = ChunkRange(*chunk).last;
  slice->points_end = static_cast<size_t>(
      std::upper_bound(periods.begin() + static_cast<ptrdiff_t>(slice->points_begin), periods.end(),
                       last) -
      periods.begin());
  slice->deletions_end = static_cast<size_t>(
      std::upper_bound(write.deletions.begin() + static_cast<ptrdiff_t>(slice->deletions_begin),
                       write.deletions.end(), last) -
      write.deletions.begin());
  return true;
}

// The ends of runs of writes, each large enough to be worth the waking of a thread.
std::vector<size_t> EndsOfRuns(const std::vector<SeriesWrite>& writes) {
  constexpr size_t kRunPoints = 16384;
  std::vector<size_t> ends;
  size_t points = 0;
  for (size_t i = 0; i < writes.size(); ++i) {
    points += writes[i].points.size();
    if (points < kRunPoints && i + 1 < writes.size()) continue;
    ends.push_back(i + 1);
    points = 0;
  }
  return ends;
}

}  // namespace

SeriesWriter::Prepared SeriesWriter::Prepare(const SeriesWrite& write, int64_t revision) {
  Prepared prepared;
  WriteSlice slice;
  int64_t chunk = 0;
  while (NextSlice(write, &slice, &chunk)) {
    const Columns columns = MergeSlice(Columns(), write, slice, revision, &prepared.delta);
    if (!columns.empty()) prepared.bodies.emplace_back(chunk, EncodeColumns(columns));
  }
  prepared.digest = SeriesDigest(prepared.delta.written, prepared.delta.deleted);
  prepared.delta.written = Columns();
  return prepared;
}

absl::Status SeriesWriter::Write(absl::string_view parent, const std::vector<SeriesWrite>& writes,
                                 WriteCounts* counts) {
  const std::vector<size_t> ends = EndsOfRuns(writes);
  std::vector<Prepared> ready;  // of the run that is written; none of the first
  std::vector<Prepared> next;   // of the one after it
  // It works on these, so it ends before them, whatever is thrown.
  const absl::Cleanup ended = [this] { second_.Wait(); };
  size_t begin = 0;
  for (size_t run = 0; run < ends.size(); ++run) {
    const size_t end = ends[run];
    if (run + 1 < ends.size()) {
      second_.Start([this, &writes, &next, end, next_end = ends[run + 1]] {
        try {
          for (size_t i = end; i < next_end; ++i) next.push_back(Prepare(writes[i], revision_));
        } catch (const std::bad_alloc&) {
          // Made where it is written then, and refused there if there is no room again.
          next.clear();
        }
      });
    }
    for (size_t i = begin; i < end; ++i) {
      const Prepared* prepared = ready.empty() ? nullptr : &ready[i - begin];
      PT_RETURN_IF_ERROR(WriteOne(parent, writes[i], prepared, counts));
    }
    second_.Wait();
    ready.clear();
    ready.swap(next);
    begin = end;
  }
  return absl::OkStatus();
}

absl::Status SeriesWriter::WriteOne(absl::string_view parent, const SeriesWrite& write,
                                    const Prepared* prepared, WriteCounts* counts) {
  bool is_new = false;
  const int64_t series_id = SeriesId(parent, write, &is_new);
  if (series_id == 0) {
    counts->unchanged += static_cast<int64_t>(write.deletions.size());
    return absl::OkStatus();
  }
  Prepared made;
  if (is_new) {
    if (prepared == nullptr) {
      made = Prepare(write, revision_);
      prepared = &made;
    }
    for (const auto& [chunk, body] : prepared->bodies) StoreChunk(series_id, chunk, body);
    if (prepared->delta.changed()) {
      Record(parent, series_id, write, prepared->delta, prepared->digest);
    }
    counts->Add(prepared->delta.counts);
    return absl::OkStatus();
  }
  SeriesDelta delta;
  PT_RETURN_IF_ERROR(WriteChunks(series_id, write, &delta));
  if (!delta.superseded.empty()) {
    PT_RETURN_IF_ERROR(StoreHistory(series_id, std::move(delta.superseded)));
  }
  // Where it changed each of its points it is the same digest.
  const bool same =
      prepared != nullptr && delta.deleted.empty() && delta.written.size() == write.points.size();
  if (delta.changed()) {
    Record(parent, series_id, write, delta,
           same ? prepared->digest : SeriesDigest(delta.written, delta.deleted));
  }
  counts->Add(delta.counts);
  return absl::OkStatus();
}

// 0 when there is no such series and the write would make none.
int64_t SeriesWriter::SeriesId(absl::string_view parent, const SeriesWrite& write, bool* is_new) {
  {
    Query find(connection_, kFindSeries);
    find.Text(parent).Text(write.output).Text(write.key);
    if (find.Step()) return find.Int(0);
  }
  if (write.points.empty()) return 0;
  Query create(connection_, kNewSeries);
  create.Text(parent).Text(write.output).Text(write.key);
  create.Step();
  *is_new = true;
  return create.Int(0);
}

absl::Status SeriesWriter::WriteChunks(int64_t series_id, const SeriesWrite& write,
                                       SeriesDelta* delta) {
  WriteSlice slice;
  int64_t chunk = 0;
  while (NextSlice(write, &slice, &chunk)) {
    PT_ASSIGN_OR_RETURN(const Columns present,
                        ReadChunks(connection_, series_id, ChunkRange(chunk)));
    const auto changes = [&] {
      return delta->counts.created + delta->counts.revised + delta->counts.deleted;
    };
    const int64_t before = changes();
    const Columns merged = MergeSlice(present, write, slice, revision_, delta);
    if (changes() == before) continue;
    if (merged.empty()) {
      Query(connection_, kDropChunk).Bind(series_id).Bind(chunk).Run();
    } else {
      StoreChunk(series_id, chunk, EncodeColumns(merged));
    }
  }
  return absl::OkStatus();
}

void SeriesWriter::StoreChunk(int64_t series_id, int64_t chunk, absl::string_view body) {
  Query(connection_, kPutChunk).Bind(series_id).Bind(chunk).Blob(body).Run();
}

absl::Status SeriesWriter::StoreHistory(int64_t series_id, Columns superseded) {
  if (touched_.contains(series_id)) {
    PT_ASSIGN_OR_RETURN(const Columns before, ReadHistoryRow(connection_, series_id, revision_));
    superseded = UnionOf(before, superseded);
  }
  const int64_t first_revision =
      *std::min_element(superseded.revisions.begin(), superseded.revisions.end());
  const std::string body = EncodeColumns(superseded);
  Query(connection_, kPutHistory)
      .Bind(series_id)
      .Bind(revision_)
      .Bind(first_revision)
      .Bind(superseded.periods.front())
      .Bind(superseded.periods.back())
      .Blob(body)
      .Run();
  return absl::OkStatus();
}

void SeriesWriter::Record(absl::string_view parent, int64_t series_id, const SeriesWrite& write,
                          const SeriesDelta& delta, std::string digest) {
  points_ += delta.counts.created + delta.counts.revised + delta.counts.deleted;
  const auto [at, is_first] = touched_.try_emplace(series_id);
  Touched& touched = at->second;
  if (is_first) {
    touched.series = {series_id, std::string(parent), write.output, write.key};
    touched.range = delta.range;
    touched.counts = delta.counts;
    touched.digest = std::move(digest);
  } else {
    touched.again = true;
    touched.range.first = std::min(touched.range.first, delta.range.first);
    touched.range.last = std::max(touched.range.last, delta.range.last);
  }
}

absl::StatusOr<bool> SeriesWriter::Settle(int64_t series_id, Touched* touched) {
  PT_ASSIGN_OR_RETURN(const Columns present, ReadChunks(connection_, series_id, touched->range));
  PT_ASSIGN_OR_RETURN(const Columns superseded, ReadHistoryRow(connection_, series_id, revision_));
  const NetChange net = NetChangeOf(present, superseded, revision_);
  touched->counts = net.counts;
  touched->digest = SeriesDigest(net.written, net.deleted);
  touched->range = RangeOf(net);
  return !net.empty();
}

absl::StatusOr<SeriesWriter::Changes> SeriesWriter::Finish(ContentDigest* digest) {
  Changes changes;
  for (auto& [series_id, touched] : touched_) {
    if (touched.again) {
      PT_ASSIGN_OR_RETURN(const bool changed, Settle(series_id, &touched));
      if (!changed) continue;
    }
    digest->SetSeries(touched.series, touched.digest);
    ParentChange& change = changes[touched.series.parent];
    change.counts.created += touched.counts.created;
    change.counts.revised += touched.counts.revised;
    change.counts.deleted += touched.counts.deleted;
    change.ranges[series_id] = touched.range;
  }
  return changes;
}

}  // namespace policytrack::storage::sqlite
