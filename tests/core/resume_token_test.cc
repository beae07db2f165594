#include "core/resume_token.h"

#include <string>

#include "core/error.h"
#include "core/page_token.h"
#include "core/token_bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

const std::string kChain = "0123456789abcdef";

void ExpectRefused(const std::string& token, const char* why) {
  const auto point = ParseResumeToken("selection", token);
  ASSERT_FALSE(point.ok()) << token;
  EXPECT_EQ(point.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(point.status()), reason::kResumeTokenInvalid);
  EXPECT_EQ(MetadataOf(point.status(), "field"), "resume_token");
  EXPECT_THAT(std::string(point.status().message()), HasSubstr(why));
}

TEST(ResumeTokenTest, RoundTrips) {
  for (const ResumePoint& point :
       {ResumePoint{0, ""}, ResumePoint{1, kChain}, ResumePoint{INT64_MAX, kChain}}) {
    const auto read = ParseResumeToken("selection", MakeResumeToken("selection", point));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->revision, point.revision);
    EXPECT_EQ(read->chain, point.chain);
  }
}

TEST(ResumeTokenTest, EveryChangedCharacterIsNoticed) {
  const std::string token = MakeResumeToken("selection", {7, kChain});
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ExpectRefused(changed, "resume_token: it is");
    ExpectRefused(token.substr(0, i), "resume_token: ");
  }
}

TEST(ResumeTokenTest, OtherTokensAreRefused) {
  ExpectRefused("", "is empty");
  ExpectRefused("made-up", "not a token of this service");
  ExpectRefused(MakePageToken("selection", {7, kChain, 0}), "no resume_token of WatchEvents");
  ExpectRefused(MakeResumeToken("another", {7, kChain}), "other names, kinds or filter");
  // Sealed as ours are, with what none of ours has.
  ExpectRefused(MakeResumeToken("selection", {7, "short"}), "not a token of this service");
  ExpectRefused(MakeResumeToken("selection", {0, kChain}), "not a token of this service");
  ExpectRefused(MakeResumeToken("selection", {-1, kChain}), "not a token of this service");
}

}  // namespace
}  // namespace policytrack
