#include "services/rpc/status.h"

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace policytrack::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;

class StatusTest : public testing::Test {
 protected:
  grpc::Status Convert(const absl::Status& status) {
    return ToGrpcStatus(
        status, "GetPlan", [this](absl::string_view line) { log_ = std::string(line); },
        &pushback_);
  }
  std::string log_;
  int pushback_ = -1;
};

TEST_F(StatusTest, AnErrorWithAReasonPasses) {
  const grpc::Status status = Convert(FieldInvalid("plan.region", "is not a region"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("plan.region"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "policytrack.dev");
  EXPECT_EQ(info.reason(), "FIELD_INVALID");
  EXPECT_EQ(pushback_, 0);
}

TEST_F(StatusTest, InternalTextStaysInTheLog) {
  const grpc::Status status = Convert(absl::InternalError("SELECT secret FROM table"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), Not(HasSubstr("SELECT")));
  EXPECT_THAT(log_, HasSubstr("SELECT secret"));
  // The id that clients see leads to the line in the log.
  const std::string id = status.error_message().substr(sizeof("internal error ") - 1, 16);
  EXPECT_THAT(log_, HasSubstr(id));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  ASSERT_EQ(details.details_size(), 1);
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "INTERNAL_ERROR");
  EXPECT_EQ(info.metadata().at("request_id"), id);
}

TEST_F(StatusTest, UnavailableSaysWhenToTryAgain) {
  const grpc::Status status =
      Convert(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "busy"));
  EXPECT_GT(pushback_, 0);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::RetryInfo retry;
  EXPECT_TRUE(details.details(0).UnpackTo(&retry));
}

TEST_F(StatusTest, DetailsStayBelowFourKilobytes) {
  absl::Status status =
      Error(absl::StatusCode::kInvalidArgument, reason::kRowsInvalid, std::string(3000, 'x'));
  google::rpc::BadRequest violations;
  for (int i = 0; i < 100; ++i) {
    violations.add_field_violations()->set_description(std::string(100, 'y'));
  }
  status.SetPayload("type.googleapis.com/google.rpc.BadRequest",
                    absl::Cord(violations.SerializeAsString()));
  EXPECT_LE(Convert(status).error_details().size(), 4096u);
}

}  // namespace
}  // namespace policytrack::rpc
