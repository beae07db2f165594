// Pushes by themselves, without a stream: what they hold in memory, and when they
// give it back. What they write is shown in tests/rpc/observation_service_test.cc.
#include "services/app/push.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

constexpr int64_t kMiB = 1 << 20;

class PushTest : public testing::Test {
 protected:
  void SetUp() override {
    v1::Dataset dataset;
    dataset.set_name("datasets/sales");
    dataset.set_frequency(v1::FREQUENCY_DAY);
    dataset.add_dimensions()->set_id("region");
    dataset.set_revision(1);  // that of the commit that writes it
    world_.Put(dataset);
  }

  std::unique_ptr<Push> Start(PushBudget* budget, int64_t max_bytes = 8 * kMiB) {
    PushLimits limits;
    limits.max_bytes = max_bytes;
    return std::make_unique<Push>(&world_.store(), budget, limits, "somebody");
  }

  // Columns of one series.
  static v1::PushObservationsRequest Block(const std::string& region, int points) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/sales");
    v1::ObservationColumns* block = message.add_columns();
    (*block->mutable_dimensions())["region"] = region;
    for (int i = 0; i < points; ++i) {
      block->add_periods(i);
      block->add_values(i);
    }
    return message;
  }

  static v1::PushObservationsResponse Finish(Push* push) {
    absl::Notification answered;
    v1::PushObservationsResponse response;
    push->Finish([&](absl::StatusOr<v1::PushObservationsResponse> result) {
      EXPECT_TRUE(result.ok()) << result.status();
      if (result.ok()) response = *std::move(result);
      answered.Notify();
    });
    answered.WaitForNotification();
    return response;
  }

  EvaluationWorld world_;
};

TEST_F(PushTest, AllPushesTogetherAreBounded) {
  PushBudget budget(8 * kMiB);
  auto first = Start(&budget);
  ASSERT_EQ(first->Add(Block("east", 200000)).message(), "");
  EXPECT_GE(budget.held_bytes(), 200000 * 26);
  EXPECT_LE(budget.held_bytes(), 200000 * 39 + kMiB);

  const absl::Status busy = Start(&budget)->Add(Block("west", 200000));
  EXPECT_EQ(busy.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(busy), reason::kStoreBusy);
  // A small one finds room beside it.
  {
    auto small = Start(&budget);
    ASSERT_EQ(small->Add(Block("north", 10)).message(), "");
    EXPECT_EQ(Finish(small.get()).created_count(), 10);
  }
  EXPECT_EQ(Finish(first.get()).created_count(), 200000);
  EXPECT_EQ(budget.held_bytes(), 0);
}

TEST_F(PushTest, ABrokenStreamGivesEverythingBack) {
  PushBudget budget(8 * kMiB);
  {
    auto push = Start(&budget);
    ASSERT_EQ(push->Add(Block("east", 1000)).message(), "");
    EXPECT_GT(budget.held_bytes(), 0);
  }
  EXPECT_EQ(budget.held_bytes(), 0);
}

TEST_F(PushTest, ManySmallSeriesCountForWhatTheyTake) {
  PushBudget budget(64 * kMiB);
  auto push = Start(&budget, 4 * kMiB);
  absl::Status status;
  int series = 0;
  while (status.ok() && series < 100000) {
    status = push->Add(Block(absl::StrCat("r", series++), 1));
  }
  EXPECT_EQ(ReasonOf(status), reason::kRequestTooLarge);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LE(series, 4 * kMiB / 400);
}

TEST_F(PushTest, RowsThatComeOneByOneDoNotDoubleWhatIsHeld) {
  PushBudget budget(64 * kMiB);
  auto push = Start(&budget);
  for (int i = 0; i < 100000; ++i) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/sales");
    v1::ObservationColumns* block = message.add_columns();
    (*block->mutable_dimensions())["region"] = "east";
    block->add_periods(i);
    block->add_values(i);
    ASSERT_EQ(push->Add(message).message(), "");
  }
  EXPECT_LE(budget.held_bytes(), 100000 * 39 + kMiB);
  EXPECT_EQ(Finish(push.get()).created_count(), 100000);
}

}  // namespace
}  // namespace policytrack::app
