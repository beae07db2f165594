#include "storage/sqlite/answer_codec.h"

#include <zlib.h>

#include <cstdint>

#include "storage/sqlite/guard.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr size_t kDigestBytes = 32;
constexpr size_t kChecksumBytes = 4;

std::string ChecksumOf(absl::string_view digest, absl::string_view response) {
  uLong crc = crc32_z(0, nullptr, 0);
  for (const absl::string_view part : {digest, response}) {
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(part.data()), part.size());
  }
  std::string bytes;
  for (size_t i = 0; i < kChecksumBytes; ++i) bytes += static_cast<char>(crc >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

std::string EncodeAnswerDigest(const ReadTransaction::StoredAnswer& answer) {
  if (answer.digest.size() != kDigestBytes) return answer.digest;
  return answer.digest + ChecksumOf(answer.digest, answer.response);
}

absl::StatusOr<ReadTransaction::StoredAnswer> DecodeAnswer(absl::string_view digest,
                                                           absl::string_view response) {
  if (digest.size() == kDigestBytes + kChecksumBytes) {
    const absl::string_view checksum = digest.substr(kDigestBytes);
    digest = digest.substr(0, kDigestBytes);
    if (ChecksumOf(digest, response) != checksum) {
      return Damaged("the kept answer of a request is damaged");
    }
  }
  return ReadTransaction::StoredAnswer{std::string(digest), std::string(response)};
}

}  // namespace policytrack::storage::sqlite
