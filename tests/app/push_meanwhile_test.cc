// A push whose dataset is changed or deleted between its first row and its end.
// Over the wire nobody can say which came first; here one can.
#include "services/app/push.h"

#include <functional>
#include <string>

#include "absl/synchronization/notification.h"
#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

class PushMeanwhileTest : public testing::Test {
 protected:
  PushMeanwhileTest() {
    dataset_ = MakeDataset("datasets/d", {"region"});
    Store();
  }

  // The documents of the store say which revision wrote them.
  void Store() {
    dataset_.set_revision(world_.store().revision() + 1);
    world_.Put(dataset_);
  }

  // The reason that a push of one row ends with when `meanwhile` comes before its
  // end, and the resource that it names.
  std::string ReasonAfter(const std::function<void()>& meanwhile) {
    PushBudget budget(PushLimits().max_total_bytes);
    Push push(&world_.store(), &budget, PushLimits(), "agency");
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/d");
    v1::Observation* row = message.add_rows();
    row->set_period("2024");
    row->set_value(1);
    (*row->mutable_dimensions())["region"] = "east";
    EXPECT_TRUE(push.Add(message).ok());
    meanwhile();
    const int64_t before = world_.store().revision();
    absl::Notification answered;
    absl::Status status;
    push.Finish([&](absl::StatusOr<v1::PushObservationsResponse> response) {
      status = response.status();
      answered.Notify();
    });
    answered.WaitForNotification();
    EXPECT_EQ(world_.store().revision(), status.ok() ? before + 1 : before);
    return status.ok() ? "OK" : ReasonOf(status) + " " + MetadataOf(status, "resource");
  }

  EvaluationWorld world_;
  v1::Dataset dataset_;
};

TEST_F(PushMeanwhileTest, OfADatasetThatIsAsItWas) {
  EXPECT_EQ(ReasonAfter([] {}), "OK");
}

// What was checked may no longer hold: the caller is told to push again, and nothing is written.
TEST_F(PushMeanwhileTest, OfADatasetThatWasChanged) {
  EXPECT_EQ(ReasonAfter([this] {
              dataset_.mutable_allowed_range()->set_minimum(2);
              Store();
            }),
            "STORE_BUSY datasets/d");
}

TEST_F(PushMeanwhileTest, OfADatasetThatWasDeleted) {
  EXPECT_EQ(ReasonAfter([this] { world_.Delete("datasets/d"); }), "RESOURCE_NOT_FOUND datasets/d");
}

}  // namespace
}  // namespace policytrack::app
