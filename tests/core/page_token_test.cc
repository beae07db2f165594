#include "core/page_token.h"

#include <limits>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policytrack/v1/plan_service.pb.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

void ExpectRefused(const absl::StatusOr<PageCursor>& cursor, const char* why) {
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(cursor.status()), reason::kPageTokenInvalid);
  EXPECT_THAT(std::string(cursor.status().message()), HasSubstr(why));
}

TEST(PageTokenTest, RoundTrips) {
  for (const std::string& key : {std::string(), std::string("plans/x"),
                                 std::string("\0\xff\x1f", 3), std::string(5000, 'k')}) {
    const PageCursor cursor = {std::numeric_limits<int64_t>::max(), key, 1234567890123};
    const std::string token = MakePageToken("digest", cursor);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
              std::string::npos);
    const auto read = ParsePageToken("digest", token);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->revision, cursor.revision);
    EXPECT_EQ(read->key, key);
    EXPECT_EQ(read->offset, cursor.offset);
  }
}

TEST(PageTokenTest, IsGoodOnlyForItsRequest) {
  const std::string token = MakePageToken("digest", {7, "plans/x", 0});
  ExpectRefused(ParsePageToken("other", token), "other arguments");
}

TEST(PageTokenTest, OtherTextsAreRefused) {
  for (const char* text : {"", "x", "!!!!", "AAAA", "plans/x", "\xff\xfe"}) {
    ExpectRefused(ParsePageToken("digest", text), "not a token of this service");
  }
  const std::string token = MakePageToken("digest", {7, "plans/x", 0});
  ExpectRefused(ParsePageToken("digest", token + " "), "not a token");
  ExpectRefused(ParsePageToken("digest", token + "=="), "not a token");
}

TEST(PageTokenTest, EveryChangedCharacterIsSeen) {
  const std::string token = MakePageToken("digest", {7, "plans/x", 3});
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ParsePageToken("digest", changed).ok()) << i;
    EXPECT_FALSE(ParsePageToken("digest", token.substr(0, i)).ok()) << i;
  }
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(token, &bytes));
  bytes.back() ^= 1;
  ExpectRefused(ParsePageToken("digest", absl::WebSafeBase64Escape(bytes)), "damaged");
}

TEST(PageTokenTest, ArbitraryBytesDoNoHarm) {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes;
    for (size_t n = random() % 90; n > 0; --n) bytes += static_cast<char>(random());
    EXPECT_FALSE(ParsePageToken("digest", bytes).ok());
    EXPECT_FALSE(ParsePageToken("digest", absl::WebSafeBase64Escape(bytes)).ok());
  }
}

TEST(RequestDigestTest, CoversAllButThePage) {
  v1::ListPlansRequest request;
  request.set_filter("a = 1");
  const std::string digest = RequestDigest(request);
  v1::ListPlansRequest next = request;
  next.set_page_size(5);
  next.set_page_token("t");
  EXPECT_EQ(RequestDigest(next), digest);
  EXPECT_EQ(next.page_token(), "t") << "the request itself is left alone";
  next.set_filter("a = 2");
  EXPECT_NE(RequestDigest(next), digest);
  // The same fields in a request of another method.
  v1::ListPlanRevisionsRequest empty;
  EXPECT_NE(RequestDigest(empty), RequestDigest(v1::ListPlansRequest()));
}

TEST(PageSizeTest, ZeroIsDefaultAndTooMuchIsTheMaximum) {
  EXPECT_EQ(EffectivePageSize(0, 100, 1000).value(), 100);
  EXPECT_EQ(EffectivePageSize(1, 100, 1000).value(), 1);
  EXPECT_EQ(EffectivePageSize(1000, 100, 1000).value(), 1000);
  EXPECT_EQ(EffectivePageSize(1001, 100, 1000).value(), 1000);
  EXPECT_EQ(EffectivePageSize(std::numeric_limits<int>::max(), 100, 1000).value(), 1000);
  const auto negative = EffectivePageSize(-1, 100, 1000);
  EXPECT_EQ(negative.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(negative.status()), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(negative.status(), "field"), "page_size");
}

}  // namespace
}  // namespace policytrack
