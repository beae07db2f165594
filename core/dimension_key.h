// Dimension keys: the values of a row's dimensions in declared order, as one
// string. Values are joined by U+001F; trailing `_T` values are left out, so
// that a dimension appended later gives existing rows `_T` without rewriting
// them. The empty string is the key of a series without dimensions.
#ifndef POLICYTRACK_CORE_DIMENSION_KEY_H_
#define POLICYTRACK_CORE_DIMENSION_KEY_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack {

// The total over a dimension (SDMX).
inline constexpr char kTotal[] = "_T";

// The longest value, in bytes.
inline constexpr size_t kMaxDimensionValueBytes = 256;

// REQUIRES: every value passed CheckDimensionValue.
std::string EncodeDimensionKey(const std::vector<std::string>& values);

// Between the values of a key.
inline constexpr char kDimensionSeparator = '\x1f';

// The values that stand in a key, up to the last that is not `_T`. Those of a container
// of string_view point into it.
template <typename Container>
Container SplitDimensionKey(absl::string_view key) {
  Container values;
  while (!key.empty()) {
    const size_t end = std::min(key.find(kDimensionSeparator), key.size());
    values.emplace_back(key.substr(0, end));
    key.remove_prefix(std::min(end + 1, key.size()));
  }
  return values;
}

// Always `dimension_count` values, padded with `_T`.
// REQUIRES: the key was encoded from at most `dimension_count` values.
std::vector<std::string> DecodeDimensionKey(absl::string_view key, size_t dimension_count);

// The value in NFC.
// Returns INVALID_ARGUMENT / FIELD_INVALID, naming `field`, when it is empty,
// too long, not UTF-8, holds control characters or starts or ends with a space.
absl::StatusOr<std::string> NormalizeDimensionValue(absl::string_view field,
                                                    absl::string_view value);

// Whether it is an id of a dimension: `^[a-z][a-z0-9_]{0,62}$`.
bool IsDimensionId(absl::string_view id);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_DIMENSION_KEY_H_
