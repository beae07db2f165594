// The bytes of points: what a row of chunks or of history holds. Version 2 is
// written, version 1 is read for ever; docs/storage-format.md describes both and
// golden files in the tests hold them. Nothing else knows the bytes, but that those
// of the values are in storage/value_codec.h.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_CHUNK_CODEC_H_
#define POLICYTRACK_STORAGE_CHUNK_CODEC_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"

namespace policytrack::storage {

// Periods in a chunk.
inline constexpr int64_t kChunkPeriods = 512;

// The chunk that a period belongs to: floor(period / 512).
inline int64_t ChunkOf(int64_t period) { return period >> 9; }
inline PeriodRange ChunkRange(int64_t chunk) {
  const int64_t first = chunk * kChunkPeriods;
  return {first, first + kChunkPeriods - 1};
}

// The bytes of these points.
// REQUIRES: the invariants of Columns, with a revision of 0 or more for each.
std::string EncodeColumns(const Columns& columns);

// Appends the points of `bytes` to `*columns`, which must end before them.
// Returns INTERNAL / STORE_DAMAGED, and leaves `*columns` alone, when the bytes
// are of an unknown version, cut off, too long, fail their checksum, or hold
// what no encoder wrote: periods that do not increase, a number that is not
// finite, a negative zero, a value where one is missing.
absl::Status AppendDecoded(absl::string_view bytes, Columns* columns);
// The same of the points in a range only; the values outside of it are held to the
// checksum and not looked at.
absl::Status AppendDecoded(absl::string_view bytes, PeriodRange range, Columns* columns);
// The same of a body that must be that of a chunk: with a point outside of the chunk,
// wanted or not, it is damaged.
absl::Status AppendDecodedChunk(int64_t chunk, absl::string_view bytes, PeriodRange range,
                                Columns* columns);

// Ok when the columns keep their invariants (revisions aside).
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `points` when they do not.
// A negative zero is let through: writers store it as 0.
absl::Status CheckPoints(const Columns& points);

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_CHUNK_CODEC_H_
