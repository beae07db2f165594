#include "core/token_bytes.h"

#include "absl/strings/escaping.h"
#include "core/digest.h"

namespace policytrack {
namespace {

constexpr size_t kChecksumBytes = 4;

std::string Checksum(absl::string_view bytes) { return Sha256(bytes).substr(0, kChecksumBytes); }

}  // namespace

void PutTokenInt(int64_t value, std::string* out) {
  const auto bits = static_cast<uint64_t>(value);
  for (size_t i = 0; i < 8; ++i) out->push_back(static_cast<char>(bits >> (8 * i)));
}

int64_t GetTokenInt(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return static_cast<int64_t>(value);
}

std::string SealToken(absl::string_view bytes) {
  std::string sealed(bytes);
  sealed += Checksum(bytes);
  return absl::WebSafeBase64Escape(sealed);
}

TokenState OpenToken(absl::string_view token, size_t min_bytes, std::string* bytes) {
  // Decoding takes padding and spaces too; ours have neither.
  if (!absl::WebSafeBase64Unescape(token, bytes) || absl::WebSafeBase64Escape(*bytes) != token ||
      bytes->size() < min_bytes + kChecksumBytes) {
    return TokenState::kForeign;
  }
  const std::string checksum = bytes->substr(bytes->size() - kChecksumBytes);
  bytes->resize(bytes->size() - kChecksumBytes);
  return Checksum(*bytes) == checksum ? TokenState::kWhole : TokenState::kDamaged;
}

}  // namespace policytrack
