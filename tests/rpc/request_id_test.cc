// How long a request_id holds: 24 hours by the clock, over restarts too, and not
// longer.
#include "core/error.h"
#include "gmock/gmock.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

constexpr char kId[] = "6fa459ea-ee8a-4ca4-894e-db77e160355e";

class RequestIdTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& given) override {
    server::Config config = given;
    config.request_id_hours = hours_;
    return ServerFixture::Start(config);
  }
  void SetUp() override {
    ServerFixture::SetUp();
    MakeDataset();
  }

  std::string Create(const std::string& id, const std::string& display_name, v1::Plan* response) {
    v1::CreatePlanRequest request;
    request.set_plan_id(id);
    request.mutable_plan()->set_display_name(display_name);
    request.set_request_id(kId);
    return CodeOf(CALL(plans_, CreatePlan, request, response));
  }
  std::string PushOne(double value, v1::PushObservationsResponse* response) {
    auto message = Text<v1::PushObservationsRequest>(R"(
      dataset: "datasets/sales"
      rows { period: "2024-01" dimensions { key: "region" value: "CN-HA" } })");
    message.mutable_rows(0)->set_value(value);
    message.mutable_options()->set_request_id(kId);
    response->Clear();
    return CodeOf(Push({message}, response));
  }
  int64_t Head() {
    v1::ListCommitsResponse response;
    EXPECT_EQ(CodeOf(CALL(events_, ListCommits, v1::ListCommitsRequest(), &response)), "OK");
    return response.commits(0).revision();
  }
  // Answers that have expired and are still there, once the server has stopped.
  int64_t Left() {
    server_.reset();
    storage::SqliteOptions options;
    options.data_dir = data_dir_;
    auto store = storage::SqliteStore::Open(options, &clock_);
    EXPECT_TRUE(store.ok()) << store.status();
    int64_t left = -1;
    const auto written = (*store)->Write({}, [&](storage::WriteTransaction& tx) -> absl::Status {
      PT_ASSIGN_OR_RETURN(left, tx.DropExpiredAnswers(100));
      return absl::OkStatus();
    });
    EXPECT_TRUE(written.ok());
    return left;
  }

  int hours_ = 24;
};

TEST_F(RequestIdTest, OfACreateHoldsFor24Hours) {
  v1::Plan first;
  v1::Plan again;
  ASSERT_EQ(Create("one", "One", &first), "OK");
  const int64_t head = Head();
  clock_.Advance(absl::Hours(24) - absl::Microseconds(1));
  Restart();
  ASSERT_EQ(Create("one", "One", &again), "OK");
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(Create("two", "Two", &again), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  EXPECT_EQ(Head(), head);

  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(Create("one", "One", &again), "ALREADY_EXISTS RESOURCE_EXISTS");
  ASSERT_EQ(Create("two", "Two", &again), "OK");
  EXPECT_EQ(again.revision(), head + 1);
  // And holds for another 24 hours, now for this.
  clock_.Advance(absl::Hours(23));
  Restart();
  EXPECT_EQ(Create("one", "One", &again), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  EXPECT_EQ(Create("two", "Two", &again), "OK");
  EXPECT_EQ(Head(), head + 1);
}

TEST_F(RequestIdTest, OfAPushHoldsFor24Hours) {
  v1::PushObservationsResponse first;
  v1::PushObservationsResponse again;
  ASSERT_EQ(PushOne(1, &first), "OK");
  EXPECT_FALSE(first.replayed());
  clock_.Advance(absl::Hours(24) - absl::Microseconds(1));
  Restart();
  ASSERT_EQ(PushOne(1, &again), "OK");
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.created_count(), 1);
  EXPECT_EQ(again.revision(), first.revision());
  EXPECT_EQ(PushOne(2, &again), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  EXPECT_EQ(Head(), first.revision());

  clock_.Advance(absl::Microseconds(1));
  ASSERT_EQ(PushOne(2, &again), "OK");
  EXPECT_FALSE(again.replayed());
  EXPECT_EQ(again.revised_count(), 1);
  EXPECT_EQ(again.revision(), first.revision() + 1);
}

TEST_F(RequestIdTest, HowLongIsASetting) {
  hours_ = 2;
  Restart();
  v1::Plan response;
  ASSERT_EQ(Create("one", "One", &response), "OK");
  clock_.Advance(absl::Hours(2) - absl::Microseconds(1));
  EXPECT_EQ(Create("two", "Two", &response), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(Create("two", "Two", &response), "OK");
}

TEST_F(RequestIdTest, WhatHasExpiredIsDroppedInTheBackground) {
  v1::Plan response;
  v1::PushObservationsResponse pushed;
  ASSERT_EQ(Create("one", "One", &response), "OK");
  ASSERT_EQ(PushOne(1, &pushed), "OK");
  const int64_t head = Head();
  server_.reset();
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Left(), 2) << "the negative control";
  clock_.Advance(-absl::Hours(24));
  Restart();
  ASSERT_EQ(Create("two", "Two", &response), "OK");
  clock_.Advance(absl::Hours(24));
  // It looks again when it starts, and a stop lets it finish.
  Restart();
  EXPECT_EQ(Left(), 0);
  Restart();
  EXPECT_EQ(Head(), head + 1) << "that is no commit";
}

}  // namespace
}  // namespace policytrack::rpc_test
