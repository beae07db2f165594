// Page tokens: opaque keyset cursors that are good only for the request that
// they were made for.
#ifndef POLICYTRACK_CORE_PAGE_TOKEN_H_
#define POLICYTRACK_CORE_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace policytrack {

// Where a listing goes on.
struct PageCursor {
  int64_t revision = 0;  // that the first page was read at
  std::string key;       // of the last item given
  int64_t offset = 0;    // within that item, where items can be cut; may be negative
};

// Digest over the method's request message without page_size and page_token.
// REQUIRES: the message has fields of those names.
std::string RequestDigest(const google::protobuf::Message& request);

// URL-safe base64 of a version, the digest, the cursor and a checksum.
std::string MakePageToken(absl::string_view request_digest, const PageCursor& cursor);

// Returns INVALID_ARGUMENT / PAGE_TOKEN_INVALID when the token is not one of
// ours, is damaged, or belongs to a request with other arguments; the message
// says which.
absl::StatusOr<PageCursor> ParsePageToken(absl::string_view request_digest,
                                          absl::string_view token);

// 0 = `default_size`, above `max_size` = `max_size`.
// Returns INVALID_ARGUMENT / FIELD_INVALID when negative.
absl::StatusOr<int> EffectivePageSize(int page_size, int default_size, int max_size);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_PAGE_TOKEN_H_
