// The bytes of a row of changes: which series a commit changed under one name,
// and the periods.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_CHANGE_CODEC_H_
#define POLICYTRACK_STORAGE_SQLITE_CHANGE_CODEC_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"

namespace policytrack::storage::sqlite {

// Ranges of periods by series id.
using SeriesRanges = std::map<int64_t, PeriodRange>;

std::string EncodeSeriesRanges(const SeriesRanges& ranges);
// Returns INTERNAL / STORE_DAMAGED when no encoder wrote these bytes.
absl::StatusOr<SeriesRanges> DecodeSeriesRanges(absl::string_view bytes);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_CHANGE_CODEC_H_
