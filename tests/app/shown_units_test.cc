#include "services/app/shown_units.h"

#include <string>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/observations.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::HasSubstr;

TEST(ShownUnitsTest, WhatIsKeptIsLeftAsItIsUnlessAUnitIsAsked) {
  KeptUnits kept;
  kept.outputs["value"] = {"vehicles", 4};
  kept.outputs["share"] = {"percent", 0};
  Columns columns;
  columns.Append(2023, 4.35, kNormal);
  columns.Append(2024, 0, MissingFlags(v1::MISSING_REASON_UNDEFINED));
  const auto convert = [&](const ScaledUnit& asked, const std::string& output) {
    Columns copy = columns;
    const auto shown = ShownUnits::Make("indicators/x", kept, asked);
    EXPECT_TRUE(shown.ok()) << shown.status();
    EXPECT_TRUE(shown->Convert(output, v1::FREQUENCY_YEAR, 0, 2, &copy).ok());
    EXPECT_EQ(copy.values[1], 0);
    return copy.values[0];
  };
  EXPECT_EQ(convert({}, "value"), 4.35);
  EXPECT_EQ(convert({"vehicles", 0}, "value"), 43500);
  EXPECT_EQ(convert({"vehicles", 0}, "share"), 4.35);
  EXPECT_EQ(convert({"vehicles", 0}, "unknown"), 4.35);
  const auto refused = ShownUnits::Make("indicators/x", kept, {"yuan", 0});
  EXPECT_EQ(ReasonOf(refused.status()), reason::kFieldInvalid);
}

// What stands after a failed evaluation may be the points of another definition, in
// another unit.
TEST(ShownUnitsTest, AFailedEvaluationHasNoUnitsToTell) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 43500}});
  world.Evaluate();
  Observations observations(&world.store(), &world.engine(), &world.evaluator());
  v1::ListObservationsRequest request;
  request.set_parent("indicators/copy");
  request.set_unit("vehicles");
  request.set_unit_multiplier(4);
  auto answer = observations.List(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->observations(0).value(), 4.35);
  EXPECT_EQ(answer->units(0).unit_multiplier(), 4);

  world.engine().SetState("plugins/copy", v1::PLUGIN_STATE_NOT_TRUSTED, "its digest is not listed");
  answer = observations.List(request);
  EXPECT_EQ(ReasonOf(answer.status()), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(answer.status(), "field"), "unit");
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("its digest is not listed"));
  request.clear_unit();
  request.clear_unit_multiplier();
  answer = observations.List(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->observations(0).value(), 43500);
  EXPECT_EQ(answer->units_size(), 0);
  v1::ReadSeriesRequest read;
  read.set_parent("indicators/copy");
  const auto series = observations.Read(read);
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_EQ(series->units_size(), 0);
}

}  // namespace
}  // namespace policytrack::app
