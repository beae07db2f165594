#include "storage/sqlite/change_codec.h"

#include "storage/sqlite/guard.h"
#include "storage/varint.h"

namespace policytrack::storage::sqlite {

std::string EncodeSeriesRanges(const SeriesRanges& ranges) {
  std::string out;
  int64_t previous = 0;
  for (const auto& [series_id, range] : ranges) {
    PutVarint(&out, static_cast<uint64_t>(series_id - previous));
    PutVarint(&out, Zigzag(range.first));
    PutVarint(&out, static_cast<uint64_t>(range.last) - static_cast<uint64_t>(range.first));
    previous = series_id;
  }
  return out;
}

absl::StatusOr<SeriesRanges> DecodeSeriesRanges(absl::string_view bytes) {
  SeriesRanges ranges;
  uint64_t series_id = 0;
  while (!bytes.empty()) {
    uint64_t step = 0;
    uint64_t first = 0;
    uint64_t length = 0;
    if (!TakeVarint(&bytes, &step) || !TakeVarint(&bytes, &first) || !TakeVarint(&bytes, &length) ||
        step == 0 || step > INT64_MAX - series_id) {
      return Damaged("a list of changed series is damaged");
    }
    series_id += step;
    PeriodRange range;
    range.first = Unzigzag(first);
    range.last = static_cast<int64_t>(static_cast<uint64_t>(range.first) + length);
    if (range.last < range.first) return Damaged("a list of changed series is damaged");
    ranges.emplace_hint(ranges.end(), static_cast<int64_t>(series_id), range);
  }
  return ranges;
}

}  // namespace policytrack::storage::sqlite
