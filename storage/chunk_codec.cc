#include "storage/chunk_codec.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/value_codec.h"
#include "storage/varint.h"

namespace policytrack::storage {
namespace {

// What is written; the older one is read.
constexpr char kVersion = 2;
constexpr char kOlderVersion = 1;
constexpr size_t kChecksumBytes = 4;

uint32_t Checksum(absl::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

template <typename T>
void PutRuns(const std::vector<T>& items, std::string* out) {
  VarintWriter numbers(out);
  for (size_t start = 0; start < items.size();) {
    size_t end = start + 1;
    while (end < items.size() && items[end] == items[start]) ++end;
    numbers.Put(end - start);
    numbers.Put(static_cast<uint64_t>(items[start]));
    start = end;
  }
}

// The positions in a body that are wanted, those from `begin` to before `end`.
struct Wanted {
  size_t begin = 0;
  size_t end = 0;
};

// Appends what is wanted of a run of `length` that begins at position `at`.
template <typename T>
void AppendRun(size_t at, size_t length, T item, const Wanted& wanted, std::vector<T>* items) {
  const size_t begin = std::max(at, wanted.begin);
  const size_t end = std::min(at + length, wanted.end);
  if (begin >= end) return;
  // Points that came one by one have a run each.
  if (end - begin == 1) return items->push_back(item);
  items->insert(items->end(), end - begin, item);
}

template <typename T>
bool TakeRuns(absl::string_view* in, size_t count, const Wanted& wanted, uint64_t greatest,
              std::vector<T>* items) {
  for (size_t at = 0; at < count;) {
    uint64_t length = 0;
    uint64_t item = 0;
    if (!TakeVarint(in, &length) || !TakeVarint(in, &item)) return false;
    if (length == 0 || length > count - at || item > greatest) return false;
    AppendRun(at, length, static_cast<T>(item), wanted, items);
    at += length;
  }
  return true;
}

absl::Status Damaged(absl::string_view what) {
  return Error(
      absl::StatusCode::kInternal, reason::kStoreDamaged,
      absl::StrCat("stored points are damaged: ", what, "; stop the server and restore a backup"));
}

// Room for more points, made in steps that grow with what is there, so that chunk
// after chunk can be appended.
void ReserveMore(size_t count, Columns* columns) {
  // A body that is lied about is not believed at once.
  constexpr size_t kMost = 1 << 16;
  const size_t need = columns->size() + std::min(count, kMost);
  if (need > columns->periods.capacity()) columns->reserve(std::max(need, 2 * columns->size()));
}

// Steps from one period to the next, in runs: a series without gaps has one.
void PutPeriods(const std::vector<int64_t>& periods, std::string* out) {
  VarintWriter numbers(out);
  numbers.Put(Zigzag(periods[0]));
  const auto step = [&periods](size_t i) {
    return static_cast<uint64_t>(periods[i]) - static_cast<uint64_t>(periods[i - 1]);
  };
  for (size_t start = 1; start < periods.size();) {
    size_t end = start + 1;
    while (end < periods.size() && step(end) == step(start)) ++end;
    numbers.Put(end - start);
    numbers.Put(step(start));
    start = end;
  }
}

// `length` periods from `first` on, each `step` after the one before, the first of
// them at position `at`.
struct PeriodRun {
  size_t at = 0;
  uint64_t length = 0;
  int64_t first = 0;
  uint64_t step = 1;

  int64_t Period(uint64_t i) const {
    return static_cast<int64_t>(static_cast<uint64_t>(first) + i * step);
  }
};

// Appends the periods of a run that are in the range, and lets `*wanted` reach to them.
void AppendPeriods(const PeriodRun& run, PeriodRange range, Wanted* wanted,
                   std::vector<int64_t>* periods) {
  const auto distance = [&run](int64_t period) {
    return static_cast<uint64_t>(period) - static_cast<uint64_t>(run.first);
  };
  const int64_t last = run.Period(run.length - 1);
  if (range.last < run.first || range.first > last) return;
  const uint64_t begin = range.first <= run.first ? 0 : (distance(range.first) - 1) / run.step + 1;
  const uint64_t end = range.last >= last ? run.length : distance(range.last) / run.step + 1;
  if (begin >= end) return;
  if (wanted->begin == wanted->end) wanted->begin = run.at + begin;
  wanted->end = run.at + end;
  const size_t start = periods->size();
  periods->resize(start + (end - begin));
  for (uint64_t i = begin; i < end; ++i) (*periods)[start + (i - begin)] = run.Period(i);
}

// What is taken of a body, and where all of it must lie.
struct Taken {
  PeriodRange range;
  PeriodRange bounds;

  // Whether so many points have room between the bounds.
  bool HasRoom(uint64_t count) const {
    return count - 1 <= static_cast<uint64_t>(bounds.last) - static_cast<uint64_t>(bounds.first);
  }
};

bool TakePeriods(absl::string_view* in, size_t count, const Taken& taken, Wanted* wanted,
                 std::vector<int64_t>* periods) {
  const PeriodRange& range = taken.range;
  uint64_t raw = 0;
  if (!TakeVarint(in, &raw)) return false;
  int64_t period = Unzigzag(raw);
  const bool in_order = periods->empty() || period > periods->back() || range.first > period;
  const bool begins_well = period >= taken.bounds.first;
  AppendPeriods({0, 1, period, 1}, range, wanted, periods);
  for (size_t at = 1; at < count;) {
    uint64_t length = 0;
    uint64_t step = 0;
    if (!TakeVarint(in, &length) || !TakeVarint(in, &step)) return false;
    if (length == 0 || length > count - at || step == 0) return false;
    const auto before = static_cast<uint64_t>(period);
    // The greatest number of steps that stays below 2^63.
    if (length > (static_cast<uint64_t>(INT64_MAX) - before) / step) return false;
    const PeriodRun run{at, length, static_cast<int64_t>(before + step), step};
    AppendPeriods(run, range, wanted, periods);
    period = run.Period(length - 1);
    at += length;
  }
  return in_order && begins_well && period <= taken.bounds.last;
}

bool TakeOlderPeriods(absl::string_view* in, size_t count, const Taken& taken, Wanted* wanted,
                      std::vector<int64_t>* periods) {
  int64_t period = 0;
  for (size_t i = 0; i < count; ++i) {
    uint64_t raw = 0;
    if (!TakeVarint(in, &raw)) return false;
    const int64_t next =
        i == 0 ? Unzigzag(raw) : static_cast<int64_t>(static_cast<uint64_t>(period) + raw);
    if (i > 0 && next <= period) return false;
    period = next;
    if (!taken.bounds.Contains(period)) return false;
    if (!taken.range.Contains(period)) continue;
    if (!periods->empty() && period <= periods->back()) return false;
    AppendPeriods({i, 1, period, 1}, taken.range, wanted, periods);
  }
  return true;
}

// Runs of revisions, each as its distance from the one before: points that came one
// by one have revisions close together.
void PutRevisions(const std::vector<int64_t>& revisions, std::string* out) {
  VarintWriter numbers(out);
  int64_t before = 0;
  for (size_t start = 0; start < revisions.size();) {
    size_t end = start + 1;
    while (end < revisions.size() && revisions[end] == revisions[start]) ++end;
    numbers.Put(end - start);
    numbers.Put(Zigzag(revisions[start] - before));
    before = revisions[start];
    start = end;
  }
}

bool TakeRevisions(absl::string_view* in, size_t count, const Wanted& wanted,
                   std::vector<int64_t>* revisions) {
  int64_t revision = 0;
  for (size_t at = 0; at < count;) {
    uint64_t length = 0;
    uint64_t raw = 0;
    if (!TakeVarint(in, &length) || !TakeVarint(in, &raw)) return false;
    if (length == 0 || length > count - at) return false;
    if (__builtin_add_overflow(revision, Unzigzag(raw), &revision) || revision < 0) return false;
    AppendRun(at, length, revision, wanted, revisions);
    at += length;
  }
  return true;
}

// Appends all but version and checksum; null when all is well.
const char* TakeColumns(char version, absl::string_view in, const Taken& taken, Columns* columns) {
  const bool older = version == kOlderVersion;
  uint64_t count = 0;
  // A point takes eight bytes, or a bit at least.
  if (!TakeVarint(&in, &count) || count == 0 ||
      count > (older ? in.size() / sizeof(double) : in.size() * 8) || !taken.HasRoom(count)) {
    return "bad number of points";
  }
  const size_t start = columns->size();
  // A part of a body is mostly a small one.
  if (taken.range.first <= taken.bounds.first && taken.range.last >= taken.bounds.last) {
    ReserveMore(count, columns);
  }
  Wanted wanted;
  if (!(older ? TakeOlderPeriods : TakePeriods)(&in, count, taken, &wanted, &columns->periods)) {
    return "periods do not increase, or are those of another chunk";
  }
  if (!(older ? TakePlainValues : TakeValues)(&in, count, wanted.begin, wanted.end,
                                              &columns->values)) {
    return "a value is not a finite number";
  }
  if (!TakeRuns(&in, count, wanted, 0xffff, &columns->flags)) return "bad flags";
  if (older ? !TakeRuns(&in, count, wanted, INT64_MAX, &columns->revisions)
            : !TakeRevisions(&in, count, wanted, &columns->revisions)) {
    return "bad revisions";
  }
  if (!in.empty()) return "bytes after the end";
  for (size_t i = start; i < columns->size(); ++i) {
    if (IsMissing(columns->flags[i]) && columns->values[i] != 0) {
      return "a missing point has a value";
    }
  }
  return nullptr;
}

absl::Status AppendTaken(absl::string_view bytes, const Taken& taken, Columns* columns) {
  if (bytes.size() < 1 + kChecksumBytes) return Damaged("cut off");
  if (bytes[0] != kVersion && bytes[0] != kOlderVersion) {
    return Damaged(absl::StrCat("format version ", static_cast<int>(static_cast<uint8_t>(bytes[0])),
                                " is not known"));
  }
  const absl::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  uint32_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + body.size(), kChecksumBytes);
  if (checksum != Checksum(body)) return Damaged("the checksum does not match");
  const size_t start = columns->size();
  if (const char* problem = TakeColumns(bytes[0], body.substr(1), taken, columns)) {
    columns->periods.resize(start);
    columns->values.resize(start);
    columns->flags.resize(start);
    columns->revisions.resize(start);
    return Damaged(problem);
  }
  return absl::OkStatus();
}

absl::Status BadPoints(absl::string_view what, int64_t period) {
  return FieldInvalid("points", absl::StrCat(what, " at period ", period));
}

}  // namespace

std::string EncodeColumns(const Columns& columns) {
  std::string out;
  out.reserve(64 + columns.size() * 9);
  out.push_back(kVersion);
  PutVarint(&out, columns.size());
  PutPeriods(columns.periods, &out);
  PutValues(columns.values, &out);
  PutRuns(columns.flags, &out);
  PutRevisions(columns.revisions, &out);
  const uint32_t checksum = Checksum(out);
  out.append(reinterpret_cast<const char*>(&checksum), kChecksumBytes);
  return out;
}

absl::Status AppendDecoded(absl::string_view bytes, Columns* columns) {
  return AppendTaken(bytes, Taken(), columns);
}

absl::Status AppendDecoded(absl::string_view bytes, PeriodRange range, Columns* columns) {
  return AppendTaken(bytes, {range, PeriodRange()}, columns);
}

absl::Status AppendDecodedChunk(int64_t chunk, absl::string_view bytes, PeriodRange range,
                                Columns* columns) {
  return AppendTaken(bytes, {range, ChunkRange(chunk)}, columns);
}

absl::Status CheckPoints(const Columns& points) {
  const size_t n = points.periods.size();
  if (points.values.size() != n || points.flags.size() != n) {
    return FieldInvalid("points", absl::StrCat("has ", n, " periods, ", points.values.size(),
                                               " values and ", points.flags.size(), " flags"));
  }
  // Without a way out of the loop, as nearly all points are good.
  bool good = true;
  int64_t before = kFirstPeriod;
  for (size_t i = 0; i < n; ++i) {
    good &= points.periods[i] > before || i == 0;
    before = points.periods[i];
    good &= std::abs(points.values[i]) <= std::numeric_limits<double>::max();
    good &= !IsMissing(points.flags[i]) || points.values[i] == 0;
  }
  if (good) return absl::OkStatus();
  for (size_t i = 0; i < n; ++i) {
    const int64_t period = points.periods[i];
    if (i > 0 && period <= points.periods[i - 1]) {
      return BadPoints("periods must strictly increase; they do not", period);
    }
    if (!std::isfinite(points.values[i]))
      return BadPoints("the value is not a finite number", period);
    if (IsMissing(points.flags[i]) && points.values[i] != 0) {
      return BadPoints("a missing point has a value", period);
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::storage
