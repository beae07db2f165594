// core/page_token.h: any text as a token, and the input as the key of a good one.
#include "core/page_token.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  const absl::string_view text = fuzz::Text(data, size);
  const auto cursor = ParsePageToken("digest", text);
  if (cursor.ok()) {
    fuzz::Require(MakePageToken("digest", *cursor) == text, "a token has one form");
  } else {
    fuzz::RequireRefusal(cursor.status(), absl::StatusCode::kInvalidArgument,
                         reason::kPageTokenInvalid);
  }
  PageCursor made;
  made.key = std::string(text);
  made.revision = static_cast<int64_t>(size) << 40;
  made.offset = -static_cast<int64_t>(size);
  std::string token = MakePageToken("digest", made);
  const auto read = ParsePageToken("digest", token);
  fuzz::Require(read.ok() && read->key == made.key && read->revision == made.revision &&
                    read->offset == made.offset,
                "a token gives back its cursor");
  fuzz::Require(!ParsePageToken("other", token).ok(), "a token of another request");
  const size_t at = size > 0 ? data[0] % token.size() : 0;
  token[at] = token[at] == 'A' ? 'B' : 'A';
  fuzz::Require(!ParsePageToken("digest", token).ok(), "a token that was changed");
  return 0;
}
