// The pure parts: aggregation, alignment, units, windows and the quality of
// results.
#include "services/app/compute.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/aggregate.h"
#include "services/app/judgement.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

Columns Make(const std::vector<std::tuple<int64_t, double, Flags>>& points) {
  Columns columns;
  for (const auto& [period, value, flags] : points) columns.Append(period, value, flags, period);
  return columns;
}

// A period that no point of the target is for, as one of a year without a target or of
// another part of the year, is said to be that.
TEST(JudgementTest, WhatTheTargetDoesNotAskForIsSaid) {
  const Flags undefined = MissingFlags(v1::MISSING_REASON_UNDEFINED);
  v1::Target target;
  target.add_interim_points()->set_period("2024-12");
  target.mutable_final_point()->set_period("2025-12");
  Judgement judgement;
  judgement.Add(kStatusOutput, {"code", 0, undefined});
  judgement.Add(kExpectedOutput, {"vehicles", 0, undefined});
  EXPECT_EQ(WhyNotJudged(judgement, target, "plugins/p", "2026-02"),
            "cannot be judged at 2026-02 because the target asks for nothing at that period; it "
            "has points at 2024-12, 2025-12");
  Judgement expecting;
  expecting.Add(kStatusOutput, {"code", 0, undefined});
  expecting.Add(kExpectedOutput, {"vehicles", 5, kNormal});
  EXPECT_EQ(WhyNotJudged(expecting, target, "plugins/p", "2026-02"),
            "cannot be judged at 2026-02 because the method is not defined for these values");
  target.clear_final_point();
  EXPECT_EQ(WhyNotJudged(judgement, target, "plugins/p", "2026-02"),
            "cannot be judged at 2026-02 because the method is not defined for these values");
}

TEST(AggregateTest, APartCountsFromItsFirstPeriodOn) {
  const Columns a = Make({{1, 10, 0}, {2, 20, 0}, {3, 30, 0}});
  const Columns b = Make({{2, 1, 0}, {4, 2, 0}});
  const Columns sum = Aggregate({a, b}, v1::AGGREGATION_SUM);
  EXPECT_THAT(sum.periods, testing::ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(sum.values[0], 10) << "b had not reported yet";
  EXPECT_EQ(sum.values[1], 21);
  EXPECT_EQ(sum.flags[2], MissingFlags(v1::MISSING_REASON_PART_MISSING)) << "b is late";
  EXPECT_EQ(sum.flags[3], MissingFlags(v1::MISSING_REASON_PART_MISSING)) << "a is late";
}

TEST(AggregateTest, QualityIsTheWorstAndABreakThatOfAnyPart) {
  const Columns a = Make({{1, 10, kEstimated}, {2, 20, kNormal}});
  const Columns b = Make({{1, 1, kProvisional}, {2, 3, kBreak}});
  const Columns sum = Aggregate({a, b}, v1::AGGREGATION_SUM);
  EXPECT_EQ(sum.flags[0], kProvisional);
  EXPECT_EQ(sum.flags[1], kBreak);
  EXPECT_EQ(Aggregate({a, b}, v1::AGGREGATION_MEAN).values[1], 11.5);
  EXPECT_EQ(Aggregate({a, b}, v1::AGGREGATION_MINIMUM).values[1], 3);
  EXPECT_EQ(Aggregate({a, b}, v1::AGGREGATION_MAXIMUM).values[1], 20);
}

// The value exists, in another figure; where no part has it, nothing more is known.
TEST(AggregateTest, WhatIsIncludedElsewhereCanExist) {
  const Flags elsewhere = MissingFlags(v1::MISSING_REASON_INCLUDED_ELSEWHERE);
  const Flags holiday = MissingFlags(v1::MISSING_REASON_HOLIDAY);
  const Columns a =
      Make({{1, 0, elsewhere}, {2, 0, elsewhere}, {3, 0, holiday}, {4, 0, elsewhere}});
  const Columns b = Make({{1, 0, elsewhere}, {2, 0, holiday}, {3, 0, holiday}, {4, 7, 0}});
  const Columns sum = Aggregate({a, b}, v1::AGGREGATION_SUM);
  EXPECT_EQ(sum.flags[0], elsewhere);
  EXPECT_EQ(sum.flags[1], elsewhere);
  EXPECT_EQ(sum.flags[2], MissingFlags(v1::MISSING_REASON_CANNOT_EXIST));
  EXPECT_EQ(sum.values[3], 7);
}

TEST(AggregateTest, SumsDoNotLoseSmallParts) {
  std::vector<Columns> parts = {Make({{1, 1e16, 0}})};
  for (int i = 0; i < 10; ++i) parts.push_back(Make({{1, 1, 0}}));
  EXPECT_EQ(Aggregate(parts, v1::AGGREGATION_SUM).values[0], 1e16 + 10);
  parts = {Make({{1, 1.7e308, 0}}), Make({{1, 1.7e308, 0}})};
  EXPECT_EQ(Aggregate(parts, v1::AGGREGATION_SUM).flags[0],
            MissingFlags(v1::MISSING_REASON_UNDEFINED));
}

TEST(AggregateTest, AMissingPartOfAComputedSeriesIsMissingOnlyOnceItHasReported) {
  const Flags few = MissingFlags(v1::MISSING_REASON_TOO_FEW_POINTS);
  const Columns a = Make({{1, 0, few}, {2, 5, 0}, {3, 0, few}});
  const Columns b = Make({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}});
  const Columns sum = Aggregate({a, b}, v1::AGGREGATION_SUM);
  EXPECT_EQ(sum.values[0], 1);
  EXPECT_EQ(sum.values[1], 6);
  EXPECT_EQ(sum.flags[2], MissingFlags(v1::MISSING_REASON_PART_MISSING));
}

TEST(WeightedMeanTest, MissingAndSenselessWeightsHaveReasons) {
  const Columns a = Make({{1, 10, 0}, {2, 10, 0}, {3, 10, 0}, {4, 10, 0}, {5, 10, 0}});
  const Columns b = Make({{1, 40, 0}, {2, 40, 0}, {3, 40, 0}, {4, 40, 0}});
  const Columns of_a = Make({{1, 3, 0}, {2, 1, 0}, {3, 0, 0}, {4, 3, 0}, {5, 1, 0}});
  const Columns of_b = Make({{1, 1, 0}, {3, 0, 0}, {4, -1, 0}, {5, 1, 0}});
  const Columns mean = WeightedMean({a, b}, {of_a, of_b});
  EXPECT_EQ(mean.values[0], 17.5);
  EXPECT_EQ(mean.flags[1], MissingFlags(v1::MISSING_REASON_PART_MISSING)) << "b has no weight";
  EXPECT_EQ(mean.flags[2], MissingFlags(v1::MISSING_REASON_ZERO_BASE));
  EXPECT_EQ(mean.flags[3], MissingFlags(v1::MISSING_REASON_UNDEFINED)) << "a negative weight";
  EXPECT_EQ(mean.flags[4], MissingFlags(v1::MISSING_REASON_PART_MISSING)) << "b has no value";
}

TEST(WeightedMeanTest, APartCountsFromItsFirstValueWhateverItsWeight) {
  const Columns a = Make({{1, 10, 0}, {2, 10, 0}});
  const Columns b = Make({{2, 40, kEstimated}});
  const Columns mean = WeightedMean(
      {a, b}, {Make({{1, 3, 0}, {2, 3, kProvisional}}), Make({{1, 1, 0}, {2, 3, kBreak}})});
  EXPECT_EQ(mean.values[0], 10);
  EXPECT_EQ(mean.values[1], 25);
  EXPECT_EQ(mean.flags[1], kProvisional | kBreak) << "quality and breaks of weights count";
  const Columns same = Make({{1, 0.1, 0}});
  EXPECT_EQ(WeightedMean({same, same, same}, {same, same, Make({{1, 0.7, 0}})}).values[0], 0.1)
      << "the mean of equal parts is what they are";
}

TEST(WindowTest, RangesFollowLookBackAndLookAhead) {
  const auto check = [](PeriodRange range, int64_t first, int64_t last) {
    EXPECT_EQ(range.first, first);
    EXPECT_EQ(range.last, last);
  };
  const plugins::Window window{12, 2};
  check(OutputRange({100, 110}, window), 98, 122);
  check(InputRange({98, 122}, window), 86, 124);
  const plugins::Window unbounded{plugins::kUnbounded, 0};
  check(OutputRange({100, 110}, unbounded), 100, kLastPeriod);
  check(InputRange({100, kLastPeriod}, unbounded), kFirstPeriod, kLastPeriod);
  check(OutputRange({kFirstPeriod, kLastPeriod}, window), kFirstPeriod, kLastPeriod);
  check(OutputRange({kFirstPeriod + 1, kLastPeriod - 1}, window), kFirstPeriod, kLastPeriod);
}

TEST(ComputeTest, TheAxisIsTheUnionOfPeriodsAndAbsentInputsAreMissing) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/part"));
  world.Put(MakeDataset("datasets/whole"));
  world.Put(MakeIndicator("indicators/x", "plugins/share",
                          {{"part", "datasets/part"}, {"whole", "datasets/whole"}}));
  world.Push("datasets/part", {{{}, 2020, 1}, {{}, 2022, 3}, {{}, 2023, 4}});
  world.Push("datasets/whole", {{{}, 2020, 4}, {{}, 2021, 4}, {{}, 2023, 0}});
  world.Evaluate();
  // 1 input missing, 3 zero base.
  EXPECT_EQ(world.Text("indicators/x", "value"),
            "2020:0.25 2021:missing(1) 2022:missing(1) 2023:missing(3)");
}

TEST(ComputeTest, AResultIsNeverOfBetterQualityThanItsInputs) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/part"));
  world.Put(MakeDataset("datasets/whole"));
  world.Put(MakeIndicator("indicators/x", "plugins/share",
                          {{"part", "datasets/part"}, {"whole", "datasets/whole"}}));
  world.Push("datasets/part", {{{}, 2020, 1}, {{}, 2021, 1, kEstimated}});
  world.Push("datasets/whole", {{{}, 2020, 4, kProvisional}, {{}, 2021, 4, kImputed}});
  world.Evaluate();
  const Columns columns = world.Read("indicators/x").series[0].columns;
  EXPECT_EQ(columns.flags[0], kProvisional);
  EXPECT_EQ(columns.flags[1], kEstimated);
}

TEST(ComputeTest, MultipliersAndUnitsAreTakenOutBeforeThePlugin) {
  EvaluationWorld world;
  v1::Dataset tonnes = MakeDataset("datasets/tonnes");
  tonnes.set_unit("tonnes");
  tonnes.set_unit_multiplier(4);
  world.Put(tonnes);
  v1::Dataset kilos = MakeDataset("datasets/kilos");
  kilos.set_unit("kg");
  world.Put(kilos);
  world.Put(MakeIndicator("indicators/x", "plugins/share",
                          {{"part", "datasets/tonnes"}, {"whole", "datasets/kilos"}}));
  world.Put(MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/tonnes"}}));
  world.Push("datasets/tonnes", {{{}, 2020, 0.3}});
  world.Push("datasets/kilos", {{{}, 2020, 6000000}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/x", "value"), "2020:0.5");
  EXPECT_EQ(world.Text("indicators/copy", "value"), "2020:3000");
}

TEST(ComputeTest, PartsAndTotalsAreNeverAddedUp) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales", {"region", "fuel"}));
  v1::Indicator sum =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/sales"}}, {"region"});
  sum.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  world.Put(sum);
  world.Put(
      MakeIndicator("indicators/plain", "plugins/copy", {{"value", "datasets/sales"}}, {"region"}));
  v1::Indicator picked = sum;
  picked.set_name("indicators/picked");
  (*picked.mutable_inputs(0)->mutable_selection())["fuel"].add_values("electric");
  (*picked.mutable_inputs(0)->mutable_selection())["region"].add_values("east");
  world.Put(picked);
  world.Push("datasets/sales", {{{"east", "electric"}, 2020, 1},
                                {{"east", "petrol"}, 2020, 2},
                                {{"east", "_T"}, 2020, 3},
                                {{"west", "electric"}, 2020, 10}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/sum", "value", {"east"}), "2020:3");
  EXPECT_EQ(world.Text("indicators/sum", "value", {"west"}), "2020:10");
  EXPECT_EQ(world.Text("indicators/plain", "value", {"east"}), "2020:3");
  EXPECT_EQ(world.Text("indicators/plain", "value", {"west"}), "") << "no total was reported";
  EXPECT_EQ(world.Text("indicators/picked", "value", {"east"}), "2020:1");
  EXPECT_EQ(world.Read("indicators/picked").series.size(), 1u);
}

TEST(ComputeTest, APartThatAppearsLaterCountsFromThenOn) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales", {"region"}));
  v1::Indicator sum =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/sales"}});
  sum.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  world.Put(sum);
  world.Push("datasets/sales",
             {{{"east"}, 2020, 1}, {{"east"}, 2021, 1}, {{"east"}, 2022, 1}, {{"east"}, 2023, 1}});
  world.Evaluate();
  world.Push("datasets/sales", {{{"west"}, 2021, 10}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/sum", "value"),
            "2020:1 2021:11 2022:missing(2) 2023:missing(2)");
  world.Push("datasets/sales", {{{"west"}, 2022, 10}, {{"west"}, 2023, 10}, Gone({"west"}, 2021)});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/sum", "value"), "2020:1 2021:1 2022:11 2023:11");
}

// Gives its first input, and counts how it was asked.
class CountingInstance final : public plugins::Instance {
 public:
  explicit CountingInstance(std::vector<size_t>* batches) : batches_(batches) {}
  plugins::Window window() const override { return {0, 0}; }
  absl::StatusOr<std::vector<Columns>> Compute(const std::vector<int64_t>& axis,
                                               const std::vector<plugins::InputView>& inputs,
                                               PeriodRange window) override {
    if (inputs[0]->values[0] == 13) return absl::InternalError("thirteen");
    return std::vector<Columns>{inputs[0]->Slice(window)};
  }
  std::vector<absl::StatusOr<std::vector<Columns>>> ComputeBatch(
      const std::vector<plugins::BatchCall>& calls) override {
    batches_->push_back(calls.size());
    return plugins::Instance::ComputeBatch(calls);
  }

 private:
  std::vector<size_t>* const batches_;
};

TEST(ComputeGroupsTest, GroupsGoToThePluginTogetherAndAreAnsweredApart) {
  std::vector<size_t> batches;
  Calculation calculation;
  calculation.inputs.resize(1);
  calculation.outputs.resize(1);
  calculation.instance = std::make_unique<CountingInstance>(&batches);
  std::vector<GroupInputs> groups(4);
  for (size_t g = 0; g < groups.size(); ++g) {
    auto input = std::make_shared<InputColumns>();
    input->column = Make({{1, g == 1 ? 13 : 1.0 * static_cast<double>(g), 0}, {2, 5, 0}});
    groups[g].axis = input->column.periods;
    groups[g].inputs.push_back(std::move(input));
  }
  // Of the last one nothing is asked.
  const auto results = ComputeGroups(
      calculation,
      {{&groups[0], {}}, {&groups[1], {}}, {&groups[2], {2, 2}}, {&groups[3], {7, 9}}});
  EXPECT_THAT(batches, testing::ElementsAre(3));
  ASSERT_EQ(results.size(), 4u);
  EXPECT_THAT((*results[0])[0].values, testing::ElementsAre(0, 5));
  EXPECT_EQ(results[1].status().message(), "thirteen");
  EXPECT_THAT((*results[2])[0].values, testing::ElementsAre(5));
  ASSERT_TRUE(results[3].ok());
  EXPECT_TRUE((*results[3])[0].empty());
}

}  // namespace
}  // namespace policytrack::app
