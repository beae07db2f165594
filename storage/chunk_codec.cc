#include "storage/chunk_codec.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/varint.h"

namespace policytrack::storage {
namespace {

static_assert(std::endian::native == std::endian::little,
              "Values are copied as they lie in memory; a big-endian machine needs a swap here.");

constexpr char kVersion = 1;
constexpr size_t kChecksumBytes = 4;
constexpr uint64_t kExponentBits = 0x7ff0000000000000;
constexpr uint64_t kNegativeZero = 0x8000000000000000;

uint32_t Checksum(absl::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

template <typename T>
void PutRuns(const std::vector<T>& items, std::string* out) {
  for (size_t start = 0; start < items.size();) {
    size_t end = start + 1;
    while (end < items.size() && items[end] == items[start]) ++end;
    PutVarint(out, end - start);
    PutVarint(out, static_cast<uint64_t>(items[start]));
    start = end;
  }
}

template <typename T>
bool TakeRuns(absl::string_view* in, size_t count, uint64_t greatest, std::vector<T>* items) {
  const size_t end = items->size() + count;
  while (items->size() < end) {
    uint64_t length = 0;
    uint64_t item = 0;
    if (!TakeVarint(in, &length) || !TakeVarint(in, &item)) return false;
    if (length == 0 || length > end - items->size() || item > greatest) return false;
    items->insert(items->end(), length, static_cast<T>(item));
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
  const size_t need = columns->size() + count;
  if (need > columns->periods.capacity()) columns->reserve(std::max(need, 2 * columns->size()));
}

bool TakePeriods(absl::string_view* in, size_t count, std::vector<int64_t>* periods) {
  uint64_t raw = 0;
  if (!TakeVarint(in, &raw)) return false;
  int64_t period = Unzigzag(raw);
  if (!periods->empty() && period <= periods->back()) return false;
  periods->push_back(period);
  for (size_t i = 1; i < count; ++i) {
    if (!TakeVarint(in, &raw)) return false;
    const int64_t next = static_cast<int64_t>(static_cast<uint64_t>(period) + raw);
    if (next <= period) return false;
    periods->push_back(next);
    period = next;
  }
  return true;
}

bool TakeValues(absl::string_view* in, size_t count, std::vector<double>* values) {
  if (in->size() / sizeof(double) < count) return false;
  const size_t start = values->size();
  values->resize(start + count);
  std::memcpy(values->data() + start, in->data(), count * sizeof(double));
  in->remove_prefix(count * sizeof(double));
  bool good = true;
  for (size_t i = start; i < values->size(); ++i) {
    const uint64_t bits = std::bit_cast<uint64_t>((*values)[i]);
    good &= (bits & kExponentBits) != kExponentBits && bits != kNegativeZero;
  }
  return good;
}

// Appends all but version and checksum; null when all is well.
const char* TakeColumns(absl::string_view in, Columns* columns) {
  uint64_t count = 0;
  if (!TakeVarint(&in, &count) || count == 0 || count > in.size() / sizeof(double)) {
    return "bad number of points";
  }
  const size_t start = columns->size();
  ReserveMore(count, columns);
  if (!TakePeriods(&in, count, &columns->periods)) return "periods do not increase";
  if (!TakeValues(&in, count, &columns->values)) return "a value is not a finite number";
  if (!TakeRuns(&in, count, 0xffff, &columns->flags)) return "bad flags";
  if (!TakeRuns(&in, count, INT64_MAX, &columns->revisions)) return "bad revisions";
  if (!in.empty()) return "bytes after the end";
  for (size_t i = start; i < columns->size(); ++i) {
    if (IsMissing(columns->flags[i]) && columns->values[i] != 0)
      return "a missing point has a value";
  }
  return nullptr;
}

absl::Status BadPoints(absl::string_view what, int64_t period) {
  return FieldInvalid("points", absl::StrCat(what, " at period ", period));
}

}  // namespace

std::string EncodeColumns(const Columns& columns) {
  std::string out;
  out.reserve(32 + columns.size() * 10);
  out.push_back(kVersion);
  PutVarint(&out, columns.size());
  uint64_t previous = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    const uint64_t period = static_cast<uint64_t>(columns.periods[i]);
    PutVarint(&out, i == 0 ? Zigzag(columns.periods[i]) : period - previous);
    previous = period;
  }
  out.append(reinterpret_cast<const char*>(columns.values.data()),
             columns.values.size() * sizeof(double));
  PutRuns(columns.flags, &out);
  PutRuns(columns.revisions, &out);
  const uint32_t checksum = Checksum(out);
  out.append(reinterpret_cast<const char*>(&checksum), kChecksumBytes);
  return out;
}

absl::Status AppendDecoded(absl::string_view bytes, Columns* columns) {
  if (bytes.size() < 1 + kChecksumBytes) return Damaged("cut off");
  if (bytes[0] != kVersion) {
    return Damaged(absl::StrCat("format version ", static_cast<int>(static_cast<uint8_t>(bytes[0])),
                                " is not known"));
  }
  const absl::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  uint32_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + body.size(), kChecksumBytes);
  if (checksum != Checksum(body)) return Damaged("the checksum does not match");
  const size_t start = columns->size();
  if (const char* problem = TakeColumns(body.substr(1), columns)) {
    columns->periods.resize(start);
    columns->values.resize(start);
    columns->flags.resize(start);
    columns->revisions.resize(start);
    return Damaged(problem);
  }
  return absl::OkStatus();
}

absl::Status CheckPoints(const Columns& points) {
  const size_t n = points.periods.size();
  if (points.values.size() != n || points.flags.size() != n) {
    return FieldInvalid("points", absl::StrCat("has ", n, " periods, ", points.values.size(),
                                               " values and ", points.flags.size(), " flags"));
  }
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
