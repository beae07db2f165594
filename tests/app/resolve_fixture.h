// Definitions against a world with datasets/sales by region, east and west, and
// fuel, and datasets/stock by region.
#ifndef POLICYTRACK_TESTS_APP_RESOLVE_FIXTURE_H_
#define POLICYTRACK_TESTS_APP_RESOLVE_FIXTURE_H_

#include <string>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/resolve.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {

class ResolveTest : public testing::Test {
 protected:
  ResolveTest() {
    v1::Dataset sales = MakeDataset("datasets/sales", {"region", "fuel"});
    sales.mutable_dimensions(0)->add_values()->set_code("east");
    sales.mutable_dimensions(0)->add_values()->set_code("west");
    world_.Put(sales);
    world_.Put(MakeDataset("datasets/stock", {"region"}));
    indicator_ = MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}});
  }

  absl::Status Resolve(const v1::Indicator& indicator) {
    return world_.store().Read([&](storage::ReadTransaction& tx) {
      return ResolveIndicator(tx, storage::kPresent, world_.engine(), indicator, "indicator")
          .status();
    });
  }
  absl::Status Check(const v1::Target& target) {
    return world_.store().Read([&](storage::ReadTransaction& tx) {
      return CheckTarget(tx, storage::kPresent, world_.engine(), target, "measure.targets[0]");
    });
  }
  void ExpectInvalid(const absl::Status& status, const std::string& field,
                     const std::string& message) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(ReasonOf(status), testing::AnyOf("FIELD_INVALID", "FIELD_REQUIRED")) << status;
    EXPECT_EQ(MetadataOf(status, "field"), field) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(message));
  }
  void Select(const std::string& dimension, const std::vector<std::string>& values) {
    auto& selection = (*indicator_.mutable_inputs(0)->mutable_selection())[dimension];
    for (const std::string& value : values) selection.add_values(value);
  }

  EvaluationWorld world_;
  v1::Indicator indicator_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_RESOLVE_FIXTURE_H_
