// What all opaque tokens are made of: whole numbers and texts in bytes, sealed by a
// checksum, as URL-safe base64. A token keeps no secret; the checksum tells damage.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_TOKEN_BYTES_H_
#define POLICYTRACK_CORE_TOKEN_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace policytrack {

// Eight bytes, little-endian.
void PutTokenInt(int64_t value, std::string* out);
int64_t GetTokenInt(absl::string_view bytes);

// The bytes and the first 4 of their SHA-256, in base64.
std::string SealToken(absl::string_view bytes);

enum class TokenState {
  kWhole,
  kForeign,  // not base64 as SealToken writes it, or too short
  kDamaged,  // its checksum is wrong
};

// The bytes of a token in `*bytes`, when it is whole and has at least `min_bytes`.
TokenState OpenToken(absl::string_view token, size_t min_bytes, std::string* bytes);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_TOKEN_BYTES_H_
