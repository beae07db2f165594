#include "core/error.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "core/utf8.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

google::rpc::ErrorInfo InfoOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(payload.has_value());
  if (payload.has_value()) {
    EXPECT_TRUE(info.ParseFromString(std::string(*payload)));
  }
  return info;
}

TEST(ErrorTest, CarriesOneErrorInfo) {
  const absl::Status status = Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
                                    "the etag is old", {{"resource", "plans/x"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "the etag is old");
  const google::rpc::ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(info.domain(), "policytrack.dev");
  EXPECT_EQ(info.metadata_size(), 1);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
  EXPECT_EQ(MetadataOf(status, "resource"), "plans/x");
  EXPECT_EQ(MetadataOf(status, "field"), "");
}

TEST(ErrorTest, AStatusWithoutErrorInfoHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
  EXPECT_EQ(MetadataOf(absl::InternalError("x"), "field"), "");
  absl::Status damaged = absl::InternalError("x");
  damaged.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord("\xff\xff\xff"));
  EXPECT_EQ(ReasonOf(damaged), "");
}

TEST(ErrorTest, FieldErrorsNameTheField) {
  const absl::Status invalid = FieldInvalid("measure.unit", "is odd");
  EXPECT_EQ(invalid.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(invalid.message(), "measure.unit: is odd");
  EXPECT_EQ(ReasonOf(invalid), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(invalid, "field"), "measure.unit");
  const absl::Status required = FieldRequired("plan.display_name");
  EXPECT_EQ(required.message(), "plan.display_name: must be set");
  EXPECT_EQ(ReasonOf(required), reason::kFieldRequired);
  const absl::Status missing = NotFound("plans/x", "plans/x does not exist");
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(missing), reason::kResourceNotFound);
  EXPECT_EQ(MetadataOf(missing, "resource"), "plans/x");
}

TEST(ErrorTest, APrefixGoesBeforeMessageAndField) {
  const absl::Status inner = FieldInvalid("period", "is odd");
  const absl::Status outer = WithFieldPrefix(inner, "rows[3]");
  EXPECT_EQ(outer.code(), inner.code());
  EXPECT_EQ(outer.message(), "rows[3].period: is odd");
  EXPECT_EQ(MetadataOf(outer, "field"), "rows[3].period");
  EXPECT_EQ(ReasonOf(outer), reason::kFieldInvalid);
  const absl::Status other = WithFieldPrefix(NotFound("plans/x", "gone"), "measure.plan");
  EXPECT_EQ(other.message(), "measure.plan: gone");
  EXPECT_EQ(MetadataOf(other, "resource"), "plans/x");
  EXPECT_EQ(MetadataOf(other, "field"), "");
  EXPECT_TRUE(WithFieldPrefix(absl::OkStatus(), "x").ok());
  EXPECT_EQ(WithFieldPrefix(inner, ""), inner);
}

TEST(ErrorTest, TheWholeStaysUnder4KiB) {
  ErrorMetadata metadata;
  for (int i = 0; i < 100; ++i) {
    metadata.emplace_back("key" + std::to_string(i), std::string(1000, 'v'));
  }
  absl::Status status = Error(absl::StatusCode::kInvalidArgument, reason::kRowsInvalid,
                              std::string(100000, 'm'), metadata);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(status.message().size() + InfoOf(status).ByteSizeLong(), 4096u);
    EXPECT_EQ(ReasonOf(status), reason::kRowsInvalid);
    status = WithFieldPrefix(status, std::string(5000, 'p'));
  }
}

TEST(ErrorTest, BytesThatAreNotUtf8DoNotLoseTheReason) {
  const absl::Status status = FieldInvalid("f\xff", "is \xc3 odd");
  EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(status, "field"), "f\xef\xbf\xbd");
  EXPECT_TRUE(IsUtf8(status.message()));
  const absl::Status prefixed = WithFieldPrefix(status, "\xfe");
  EXPECT_EQ(ReasonOf(prefixed), reason::kFieldInvalid);
  EXPECT_TRUE(IsUtf8(prefixed.message()));
}

TEST(ErrorTest, AMessageIsOneLine) {
  const absl::Status status = FieldInvalid("a\nb", "\x1b[31m\x7f\xc2\x85 is \t odd, \xc2\xa0é");
  EXPECT_EQ(status.message(), "a\\nb: \\u001b[31m\\u007f\\u0085 is \\u0009 odd, \xc2\xa0é");
  EXPECT_EQ(WithFieldPrefix(status, "x\r").message(),
            absl::StrCat("x\\u000d.", std::string(status.message())));
}

TEST(ErrorTest, ALongPathDoesNotHideWhatIsWrong) {
  const std::string path = "plan.translations." + std::string(1 << 20, 'x');
  EXPECT_THAT(std::string(FieldInvalid(path, "is odd").message()), testing::EndsWith(": is odd"));
  EXPECT_THAT(std::string(FieldRequired(path).message()), testing::EndsWith(": must be set"));
}

TEST(CutTextTest, CutsAtCharacters) {
  EXPECT_EQ(CutText("abcdef", 6), "abcdef");
  EXPECT_EQ(CutText("abcdefg", 6), "abc...");
  EXPECT_EQ(CutText("", 0), "");
  EXPECT_EQ(CutText("abc", 0), "");
  EXPECT_EQ(CutText("abcd", 2), "..");
  const std::string chinese = "万辆亿元万辆";  // 18 bytes
  for (size_t max = 0; max <= chinese.size(); ++max) {
    const std::string cut = CutText(chinese, max);
    EXPECT_LE(cut.size(), max);
    EXPECT_TRUE(IsUtf8(cut)) << max;
  }
  EXPECT_EQ(CutText(chinese, 17), "万辆亿元...");
  EXPECT_LE(CutText(std::string(100, '\x80'), 50).size(), 50u);
}

absl::StatusOr<int> Half(int number) {
  if (number % 2 != 0) return FieldInvalid("number", "is odd");
  return number / 2;
}

absl::StatusOr<int> Quarter(int number) {
  PT_ASSIGN_OR_RETURN(const int half, Half(number));
  PT_RETURN_IF_ERROR(Half(half).status());
  return half / 2;
}

TEST(MacroTest, HandErrorsUp) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(ReasonOf(Quarter(3).status()), reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Quarter(6).status()), reason::kFieldInvalid);
}

}  // namespace
}  // namespace policytrack
