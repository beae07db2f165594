// storage/chunk_codec.h: the bytes as they are, and with a checksum that fits, so
// that what lies behind it is tried as well.
#include "storage/chunk_codec.h"

#include <zlib.h>

#include "tests/fuzz/fuzz.h"

namespace {

void Decode(const std::string& bytes) {
  using namespace policytrack;
  Columns columns;
  const absl::Status status = storage::AppendDecoded(bytes, &columns);
  if (!status.ok()) {
    fuzz::RequireRefusal(status, absl::StatusCode::kInternal, reason::kStoreDamaged);
    fuzz::Require(columns.empty(), "columns were touched");
    return;
  }
  fuzz::Require(columns.values.size() == columns.size() && columns.flags.size() == columns.size() &&
                    columns.revisions.size() == columns.size(),
                "columns of one length");
  fuzz::Require(storage::CheckPoints(columns).ok(), "points keep their invariants");
  Columns again;
  fuzz::Require(storage::AppendDecoded(storage::EncodeColumns(columns), &again).ok() &&
                    again.periods == columns.periods && again.values == columns.values &&
                    again.flags == columns.flags && again.revisions == columns.revisions,
                "the same points again");
  // A part of the bytes is that part of the points.
  const PeriodRange middle{columns.periods[columns.size() / 3],
                           columns.periods[columns.size() - columns.size() / 3 - 1]};
  Columns part;
  const Columns slice = columns.Slice(middle);
  fuzz::Require(storage::AppendDecoded(bytes, middle, &part).ok() && SameData(part, slice) &&
                    part.revisions == slice.revisions,
                "a part is what the whole says there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(policytrack::fuzz::Text(data, size));
  Decode(bytes);
  const auto checksum = static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), data, size));
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  Decode(bytes);
  return 0;
}
