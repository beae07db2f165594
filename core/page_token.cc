#include "core/page_token.h"

#include <algorithm>
#include <cassert>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack {
namespace {

// version (1), digest of the request digest (16), revision (8), offset (8), the
// key, the first 4 bytes of SHA-256 of all before; integers are little-endian.
constexpr char kVersion = 1;
constexpr size_t kDigestBytes = 16;
constexpr size_t kChecksumBytes = 4;
constexpr size_t kFixedBytes = 1 + kDigestBytes + 8 + 8 + kChecksumBytes;

void PutInt(int64_t value, std::string* out) {
  const auto bits = static_cast<uint64_t>(value);
  for (size_t i = 0; i < 8; ++i) out->push_back(static_cast<char>(bits >> (8 * i)));
}

int64_t GetInt(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return static_cast<int64_t>(value);
}

std::string Checksum(absl::string_view bytes) { return Sha256(bytes).substr(0, kChecksumBytes); }

std::string ShortDigest(absl::string_view request_digest) {
  return Sha256(request_digest).substr(0, kDigestBytes);
}

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason::kPageTokenInvalid,
               absl::StrCat("page_token: ", why, "; start again without a page_token"),
               {{"field", "page_token"}});
}

}  // namespace

std::string RequestDigest(const google::protobuf::Message& request) {
  const google::protobuf::Descriptor* type = request.GetDescriptor();
  std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  for (const char* name : {"page_size", "page_token"}) {
    const google::protobuf::FieldDescriptor* field = type->FindFieldByName(name);
    assert(field != nullptr);
    if (field != nullptr) copy->GetReflection()->ClearField(copy.get(), field);
  }
  Digest digest;
  digest.Add(type->full_name()).Add(DeterministicBytes(*copy));
  return digest.Finish();
}

std::string MakePageToken(absl::string_view request_digest, const PageCursor& cursor) {
  std::string bytes(1, kVersion);
  bytes += ShortDigest(request_digest);
  PutInt(cursor.revision, &bytes);
  PutInt(cursor.offset, &bytes);
  bytes += cursor.key;
  bytes += Checksum(bytes);
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<PageCursor> ParsePageToken(absl::string_view request_digest,
                                          absl::string_view token) {
  std::string decoded;
  // Decoding takes padding and spaces too; ours have neither.
  if (!absl::WebSafeBase64Unescape(token, &decoded) ||
      absl::WebSafeBase64Escape(decoded) != token || decoded.size() < kFixedBytes) {
    return Refuse("it is not a token of this service");
  }
  absl::string_view bytes = decoded;
  const absl::string_view checked = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (Checksum(checked) != bytes.substr(checked.size())) {
    return Refuse("it is damaged: its checksum is wrong");
  }
  if (bytes[0] != kVersion) return Refuse("it was made by another version of this service");
  if (checked.substr(1, kDigestBytes) != ShortDigest(request_digest)) {
    return Refuse(
        "it belongs to a request with other arguments; all fields but page_size must be the same");
  }
  bytes = checked.substr(1 + kDigestBytes);
  PageCursor cursor;
  cursor.revision = GetInt(bytes.substr(0, 8));
  cursor.offset = GetInt(bytes.substr(8, 8));
  cursor.key = std::string(bytes.substr(16));
  if (cursor.revision < 0) return Refuse("it is not a token of this service");
  return cursor;
}

absl::StatusOr<int> EffectivePageSize(int page_size, int default_size, int max_size) {
  if (page_size < 0) {
    return FieldInvalid("page_size", absl::StrCat(page_size,
                                                  " is negative; write 0 for the usual size, "
                                                  "or 1 to ",
                                                  max_size));
  }
  return std::min(page_size == 0 ? default_size : page_size, max_size);
}

}  // namespace policytrack
