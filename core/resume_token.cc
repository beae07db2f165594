#include "core/resume_token.h"

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/token_bytes.h"

namespace policytrack {
namespace {

// version (1), digest of the selection digest (8), revision (8), chain (16, or none
// before the first commit). The versions of page tokens are other numbers.
constexpr char kVersion = 'w';
constexpr size_t kDigestBytes = 8;
constexpr size_t kFixedBytes = 1 + kDigestBytes + 8;

std::string ShortDigest(absl::string_view selection_digest) {
  return Sha256(selection_digest).substr(0, kDigestBytes);
}

}  // namespace

absl::Status ResumeTokenInvalid(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason::kResumeTokenInvalid,
               absl::StrCat("resume_token: ", why), {{"field", "resume_token"}});
}

std::string MakeResumeToken(absl::string_view selection_digest, const ResumePoint& point) {
  std::string bytes(1, kVersion);
  bytes += ShortDigest(selection_digest);
  PutTokenInt(point.revision, &bytes);
  bytes += point.chain;
  return SealToken(bytes);
}

absl::StatusOr<ResumePoint> ParseResumeToken(absl::string_view selection_digest,
                                             absl::string_view token) {
  if (token.empty()) {
    return ResumeTokenInvalid("is empty; leave it out to watch from now on");
  }
  std::string bytes;
  switch (OpenToken(token, kFixedBytes, &bytes)) {
    case TokenState::kWhole:
      break;
    case TokenState::kDamaged:
      return ResumeTokenInvalid(
          "it is damaged: its checksum is wrong; take the last one that was received whole");
    case TokenState::kForeign:
      return ResumeTokenInvalid(
          "it is not a token of this service; begin with after_revision instead");
  }
  if (bytes[0] != kVersion) {
    return ResumeTokenInvalid("it is no resume_token of WatchEvents; begin with after_revision");
  }
  if (bytes.substr(1, kDigestBytes) != ShortDigest(selection_digest)) {
    return ResumeTokenInvalid(
        "it belongs to a watch with other names, kinds or filter; ask for the same, or begin with "
        "after_revision");
  }
  ResumePoint point;
  point.revision = GetTokenInt(absl::string_view(bytes).substr(1 + kDigestBytes, 8));
  point.chain = bytes.substr(kFixedBytes);
  if (point.revision < 0 || point.chain.size() != (point.revision == 0 ? 0 : kResumeChainBytes)) {
    return ResumeTokenInvalid("it is not a token of this service");
  }
  return point;
}

}  // namespace policytrack
