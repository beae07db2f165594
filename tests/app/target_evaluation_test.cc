// Targets are evaluated like indicators of their own.
#include "gtest/gtest.h"
#include "services/app/evaluator.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

TEST(TargetEvaluationTest, TargetsAreJudgedAndRemovedOnesLoseTheirPoints) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
  world.Put(measure);
  world.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 120}, {{}, 2022, 130}});
  world.Evaluate();
  EXPECT_EQ(world.Text("measures/m/targets/t", "status"), "2020:missing(5) 2021:4 2022:3");
  EXPECT_EQ(world.Text("measures/m/targets/t", "expected"), "2020:missing(5) 2021:120 2022:140");

  measure.mutable_targets(0)->set_id("renamed");
  world.Put(measure);
  world.Evaluate();
  EXPECT_EQ(world.Text("measures/m/targets/renamed", "ratio"), "2020:missing(5) 2021:1 2022:0.75");
  EXPECT_TRUE(world.store()
                  .Read([&](storage::ReadTransaction& tx) -> absl::Status {
                    const auto series = tx.FindSeries("measures/m/targets/t", "status", "");
                    EXPECT_TRUE(tx.ReadSeries((*series)->id, {}, storage::kPresent)->empty());
                    return absl::OkStatus();
                  })
                  .ok());

  world.Delete("measures/m");
  world.Evaluate();
  EXPECT_TRUE(world.store()
                  .Read([&](storage::ReadTransaction& tx) -> absl::Status {
                    const auto series = tx.FindSeries("measures/m/targets/renamed", "status", "");
                    EXPECT_TRUE(tx.ReadSeries((*series)->id, {}, storage::kPresent)->empty());
                    return absl::OkStatus();
                  })
                  .ok());
  world.Put(measure);
  world.Evaluate();
  EXPECT_EQ(world.Text("measures/m/targets/renamed", "ratio"), "2020:missing(5) 2021:1 2022:0.75");
}

TEST(TargetEvaluationTest, ABaselineWithoutValueFollowsTheRevisedFigure) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
  measure.mutable_targets(0)->mutable_baseline()->set_period("2020");
  world.Put(measure);
  world.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 118}, {{}, 2022, 130}});
  world.Evaluate();
  const int64_t before = world.store().revision();
  EXPECT_EQ(world.Text("measures/m/targets/t", "status"), "2020:missing(5) 2021:3 2022:3");
  // A revised baseline flips the judgement of all that follows.
  world.Push("datasets/sales", {{{}, 2020, 80}});
  world.Evaluate();
  EXPECT_EQ(world.Text("measures/m/targets/t", "status"), "2020:missing(5) 2021:4 2022:4");
  EXPECT_EQ(world.Text("measures/m/targets/t", "status", {}, before),
            "2020:missing(5) 2021:3 2022:3");
}

TEST(TargetEvaluationTest, ABaselineFromTheSeriesReachesBeyondAnyWindow) {
  EvaluationWorld world;
  v1::PluginDescriptor descriptor = CalculatorDescriptor("gain", {"value", "path"}, "@value");
  descriptor.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  descriptor.mutable_inputs(1)->set_unaligned(true);
  descriptor.mutable_outputs(0)->set_name("status");
  ASSERT_TRUE(world.engine()
                  .AddPlugin(descriptor, {0, 0},
                             [](const auto& axis, const auto& inputs, PeriodRange window,
                                const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               Columns out;
                               for (size_t i = 0; i < axis.size(); ++i) {
                                 if (!window.Contains(axis[i])) continue;
                                 out.Append(axis[i], inputs[0]->values[i] - inputs[1]->values[0],
                                            kNormal);
                               }
                               return std::vector<Columns>{out};
                             })
                  .ok());
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
  measure.mutable_targets(0)->mutable_baseline()->set_period("2020");
  measure.mutable_targets(0)->mutable_assessment()->set_plugin("plugins/gain");
  world.Put(measure);
  world.Push("datasets/sales", {{{}, 2019, 90}, {{}, 2020, 100}, {{}, 2021, 118}});
  world.Evaluate();
  EXPECT_EQ(world.Text("measures/m/targets/t", "status"), "2019:-10 2020:0 2021:18");
  world.Push("datasets/sales", {{{}, 2020, 80}});
  world.Evaluate();
  EXPECT_EQ(world.Text("measures/m/targets/t", "status"), "2019:10 2020:0 2021:38");
}

}  // namespace
}  // namespace policytrack::app
