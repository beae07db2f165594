#include "core/page_token.h"

#include <algorithm>
#include <cassert>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/token_bytes.h"

namespace policytrack {
namespace {

// version (1), digest of the request digest (16), revision (8), offset (8), the key.
constexpr char kVersion = 1;
constexpr size_t kDigestBytes = 16;
constexpr size_t kFixedBytes = 1 + kDigestBytes + 8 + 8;

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
  PutTokenInt(cursor.revision, &bytes);
  PutTokenInt(cursor.offset, &bytes);
  bytes += cursor.key;
  return SealToken(bytes);
}

absl::StatusOr<PageCursor> ParsePageToken(absl::string_view request_digest,
                                          absl::string_view token) {
  std::string opened;
  switch (OpenToken(token, kFixedBytes, &opened)) {
    case TokenState::kWhole:
      break;
    case TokenState::kForeign:
      return Refuse("it is not a token of this service");
    case TokenState::kDamaged:
      return Refuse("it is damaged: its checksum is wrong");
  }
  absl::string_view bytes = opened;
  if (bytes[0] != kVersion) return Refuse("it was made by another version of this service");
  if (bytes.substr(1, kDigestBytes) != ShortDigest(request_digest)) {
    return Refuse(
        "it belongs to a request with other arguments; all fields but page_size must be the same");
  }
  bytes.remove_prefix(1 + kDigestBytes);
  PageCursor cursor;
  cursor.revision = GetTokenInt(bytes.substr(0, 8));
  cursor.offset = GetTokenInt(bytes.substr(8, 8));
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
