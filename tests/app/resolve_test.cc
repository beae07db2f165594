// Resolving: every way in which a definition can be wrong is refused by code,
// reason and field.
#include "services/app/resolve.h"

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"
#include "tests/app/resolve_fixture.h"

namespace policytrack::app {
namespace {

using testing::HasSubstr;

TEST_F(ResolveTest, AGoodDefinitionResolvesWithUnitsAndRules) {
  v1::Dataset mass = MakeDataset("datasets/mass", {"region"});
  mass.set_unit("tonnes");
  mass.set_unit_multiplier(4);
  world_.Put(mass);
  v1::Dataset kilos = MakeDataset("datasets/kilos", {"region"});
  kilos.set_unit("kg");
  world_.Put(kilos);
  const v1::Indicator share =
      MakeIndicator("indicators/s", "plugins/share",
                    {{"whole", "datasets/mass"}, {"part", "datasets/kilos"}}, {"region"});
  const absl::Status read = world_.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const Calculation calculation,
                        ResolveIndicator(tx, storage::kPresent, world_.engine(), share, "i"));
    EXPECT_NE(calculation.instance, nullptr);
    EXPECT_EQ(calculation.frequency, v1::FREQUENCY_YEAR);
    // In the order of the descriptor, both in the unit of `part`.
    EXPECT_EQ(calculation.inputs[0].meta.slot, "part");
    EXPECT_EQ(calculation.inputs[1].meta.slot, "whole");
    EXPECT_EQ(calculation.inputs[1].meta.unit, "kg");
    EXPECT_EQ(calculation.inputs[1].source_unit, "tonnes");
    EXPECT_EQ(calculation.inputs[1].source_multiplier, 4);
    EXPECT_EQ(calculation.inputs[1].conversion.Apply(2), 2000);
    EXPECT_EQ(calculation.outputs[0].unit, "ratio");
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read;
}

TEST_F(ResolveTest, WhatDoesNotExistIsNotFound) {
  indicator_.mutable_inputs(0)->set_source("datasets/absent");
  absl::Status status = Resolve(indicator_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(MetadataOf(status, "resource"), "datasets/absent");
  EXPECT_THAT(std::string(status.message()), HasSubstr("indicator.inputs[0].source"));

  indicator_.mutable_inputs(0)->set_source("indicators/absent");
  EXPECT_EQ(ReasonOf(Resolve(indicator_)), "RESOURCE_NOT_FOUND");
  indicator_.mutable_inputs(0)->set_source("datasets/sales");
  indicator_.set_plugin("plugins/absent");
  EXPECT_EQ(ReasonOf(Resolve(indicator_)), "RESOURCE_NOT_FOUND");
  indicator_.mutable_inputs(0)->set_source("plans/p");
  indicator_.set_plugin("plugins/copy");
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].source", "not the name of a dataset");
}

TEST_F(ResolveTest, SlotsAreCheckedAgainstTheDescriptor) {
  v1::Indicator unknown = indicator_;
  unknown.mutable_inputs(0)->set_slot("values");
  ExpectInvalid(Resolve(unknown), "indicator.inputs[0].slot", "it has value");
  v1::Indicator twice = indicator_;
  *twice.add_inputs() = twice.inputs(0);
  ExpectInvalid(Resolve(twice), "indicator.inputs[1].slot", "fed twice");
  const v1::Indicator open =
      MakeIndicator("indicators/x", "plugins/share", {{"part", "datasets/sales"}});
  ExpectInvalid(Resolve(open), "indicator.inputs", "\"whole\"");
  v1::Indicator output = indicator_;
  output.mutable_inputs(0)->set_output("value");
  ExpectInvalid(Resolve(output), "indicator.inputs[0].output", "only for indicators");
  world_.Put(indicator_);
  const v1::Indicator no_output =
      MakeIndicator("indicators/y", "plugins/copy", {{"value", "indicators/x"}});
  ExpectInvalid(Resolve(no_output), "indicator.inputs[0].output", "it has value");
}

TEST_F(ResolveTest, GroupsAreDimensionsOfEveryInput) {
  indicator_.add_group_by("colour");
  ExpectInvalid(Resolve(indicator_), "indicator.group_by[0]", "not a dimension of datasets/sales");
  v1::Indicator share =
      MakeIndicator("indicators/x", "plugins/share",
                    {{"part", "datasets/sales"}, {"whole", "datasets/stock"}}, {"region", "fuel"});
  ExpectInvalid(Resolve(share), "indicator.group_by[1]", "not a dimension of datasets/stock");
  v1::Indicator twice = MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}},
                                      {"region", "region"});
  ExpectInvalid(Resolve(twice), "indicator.group_by[1]", "named twice");
}

TEST_F(ResolveTest, SelectionsAreOfKnownDimensionsAndValues) {
  Select("colour", {"red"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.colour",
                "has no dimension \"colour\"; it has region, fuel");
  indicator_.mutable_inputs(0)->clear_selection();
  Select("region", {"south"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.region",
                "not a value of region");
  indicator_.mutable_inputs(0)->clear_selection();
  Select("region", {"east", "_T"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.region", "either");
  indicator_.mutable_inputs(0)->clear_selection();
  Select("region", {"east", "west"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.region", "need an aggregation");
  indicator_.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  EXPECT_TRUE(Resolve(indicator_).ok()) << Resolve(indicator_);
  Select("fuel", {"electric", "electric"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.fuel", "twice");
}

// The order of a map differs from run to run and from message to message.
TEST_F(ResolveTest, OfSeveralUnknownDimensionsTheFirstByIdIsNamed) {
  world_.Put(
      MakeIndicator("indicators/g", "plugins/copy", {{"value", "datasets/stock"}}, {"region"}));
  for (int round = 0; round < 20; ++round) {
    v1::Indicator indicator = indicator_;
    auto& selection = *indicator.mutable_inputs(0)->mutable_selection();
    for (int i = 9; i > 0; --i) {
      selection[absl::StrCat("unknown-", i, "-", round)].add_values("x");
    }
    ExpectInvalid(Resolve(indicator),
                  absl::StrCat("indicator.inputs[0].selection.unknown-1-", round),
                  "has no dimension");
    v1::Target target = MakeMeasure("measures/m", "indicators/g", "value", "2025", 10).targets(0);
    for (int i = 9; i > 0; --i) {
      (*target.mutable_group())[absl::StrCat("unknown-", i, "-", round)] = "x";
    }
    ExpectInvalid(Check(target), absl::StrCat("measure.targets[0].group.unknown-1-", round),
                  "not a dimension");
  }
}

TEST_F(ResolveTest, InputsMustGoTogether) {
  v1::Dataset monthly = MakeDataset("datasets/monthly");
  monthly.set_frequency(v1::FREQUENCY_MONTH);
  world_.Put(monthly);
  v1::Dataset fiscal = MakeDataset("datasets/fiscal");
  fiscal.set_year_start_month(4);
  world_.Put(fiscal);
  v1::Dataset running = MakeDataset("datasets/running");
  running.set_accumulation(v1::ACCUMULATION_YEAR_TO_DATE);
  world_.Put(running);
  v1::Dataset money = MakeDataset("datasets/money");
  money.set_unit("yuan");
  world_.Put(money);
  const auto share = [](const std::string& whole) {
    return MakeIndicator("indicators/x", "plugins/share",
                         {{"part", "datasets/sales"}, {"whole", whole}});
  };
  EXPECT_TRUE(Resolve(share("datasets/stock")).ok()) << Resolve(share("datasets/stock"));
  const std::string field = "indicator.inputs[1].source";
  ExpectInvalid(Resolve(share("datasets/monthly")), field, "state the frequency");
  ExpectInvalid(Resolve(share("datasets/fiscal")), field, "starts in month 4");
  ExpectInvalid(Resolve(share("datasets/running")), field, "do not go together");
  ExpectInvalid(Resolve(share("datasets/money")), field, "units of one kind");
  indicator_.set_frequency(v1::FREQUENCY_MONTH);
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].source", "by year");
}

TEST_F(ResolveTest, InputsAreBroughtToTheFrequencyOfTheIndicator) {
  v1::Dataset monthly = MakeDataset("datasets/monthly");
  monthly.set_frequency(v1::FREQUENCY_MONTH);
  world_.Put(monthly);
  v1::Indicator share = MakeIndicator("indicators/x", "plugins/share",
                                      {{"part", "datasets/sales"}, {"whole", "datasets/monthly"}});
  share.set_frequency(v1::FREQUENCY_YEAR);
  EXPECT_TRUE(Resolve(share).ok()) << Resolve(share);
  share.set_frequency(v1::FREQUENCY_QUARTER);
  ExpectInvalid(Resolve(share), "indicator.inputs[0].source", "by year");

  v1::Dataset rate = MakeDataset("datasets/rate");
  rate.set_frequency(v1::FREQUENCY_MONTH);
  rate.set_accumulation(v1::ACCUMULATION_LEVEL);
  rate.set_unit("percent");
  world_.Put(rate);
  v1::Indicator copy = MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/rate"}});
  EXPECT_TRUE(Resolve(copy).ok());
  copy.set_frequency(v1::FREQUENCY_YEAR);
  ExpectInvalid(Resolve(copy), "indicator.inputs[0].source", "no mean over periods");
  copy.mutable_inputs(0)->set_accumulation(v1::ACCUMULATION_FLOW);
  ExpectInvalid(Resolve(copy), "indicator.inputs[0].accumulation", "ACCUMULATION_LEVEL");
}

TEST_F(ResolveTest, PercentagesAreNotAggregated) {
  v1::Dataset rate = MakeDataset("datasets/rate", {"region"});
  rate.set_unit("percent");
  world_.Put(rate);
  indicator_.mutable_inputs(0)->set_source("datasets/rate");
  EXPECT_TRUE(Resolve(indicator_).ok());
  indicator_.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_MEAN);
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].aggregation", "not aggregated");
}

TEST_F(ResolveTest, PluginsMustBeActiveOfTheirKindAndTakeTheParameters) {
  indicator_.set_plugin("plugins/judge");
  indicator_.mutable_inputs(0)->set_slot("value");
  ExpectInvalid(Resolve(indicator_), "indicator.plugin", "not a calculator");
  indicator_.set_plugin("plugins/copy");
  (*indicator_.mutable_parameters()->mutable_fields())["depth"].set_number_value(1);
  absl::Status status = Resolve(indicator_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "PARAMETERS_INVALID") << status;
  indicator_.clear_parameters();
  world_.engine().SetState("plugins/copy", v1::PLUGIN_STATE_BROKEN, "its file is truncated");
  status = Resolve(indicator_);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "PLUGIN_NOT_ACTIVE") << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("its file is truncated"));
}

TEST_F(ResolveTest, ACycleIsRefusedAndNamed) {
  world_.Put(MakeIndicator("indicators/a", "plugins/copy", {{"value", "datasets/sales"}}));
  world_.Put(MakeIndicator("indicators/b", "plugins/copy", {{"value", "indicators/a#value"}}));
  world_.Put(MakeIndicator("indicators/c", "plugins/copy", {{"value", "indicators/b#value"}}));
  const auto check = [&](const v1::Indicator& indicator) {
    return world_.store().Read(
        [&](storage::ReadTransaction& tx) { return CheckNoCycle(tx, indicator); });
  };
  EXPECT_TRUE(
      check(MakeIndicator("indicators/d", "plugins/copy", {{"value", "indicators/c#value"}})).ok());
  const absl::Status cycle =
      check(MakeIndicator("indicators/a", "plugins/copy", {{"value", "indicators/c#value"}}));
  EXPECT_EQ(cycle.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(cycle), "INDICATOR_CYCLE");
  EXPECT_THAT(std::string(cycle.message()),
              HasSubstr("indicators/a <- indicators/c <- indicators/b <- indicators/a"));
  const absl::Status self =
      check(MakeIndicator("indicators/e", "plugins/copy", {{"value", "indicators/e#value"}}));
  EXPECT_EQ(ReasonOf(self), "INDICATOR_CYCLE");
}

TEST_F(ResolveTest, TargetsAreCheckedFieldByField) {
  world_.Put(
      MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/stock"}}, {"region"}));
  const std::string at = "measure.targets[0]";
  v1::Target good = MakeMeasure("measures/m", "indicators/x", "value", "2025", 10).targets(0);
  (*good.mutable_group())["region"] = "east";
  EXPECT_TRUE(Check(good).ok()) << Check(good);

  v1::Target target = good;
  target.set_indicator("indicators/absent");
  EXPECT_EQ(ReasonOf(Check(target)), "RESOURCE_NOT_FOUND");
  target = good;
  target.set_output("values");
  ExpectInvalid(Check(target), at + ".output", "it has value");
  target = good;
  target.clear_group();
  ExpectInvalid(Check(target), at + ".group.region", "must be set");
  target = good;
  (*target.mutable_group())["fuel"] = "electric";
  ExpectInvalid(Check(target), at + ".group.fuel", "not a dimension");
  target = good;
  target.set_unit("yuan");
  ExpectInvalid(Check(target), at + ".unit", "not of the kind of vehicles");
  target = good;
  target.mutable_final_point()->set_period("2025-01");
  ExpectInvalid(Check(target), at + ".final_point.period", "2025-01");
  target = good;
  target.mutable_final_point()->clear_value();
  ExpectInvalid(Check(target), at + ".final_point.value", "must be set");
  target = good;
  target.mutable_baseline()->set_period("2025");
  ExpectInvalid(Check(target), at + ".final_point.period", "does not come after");
  target.mutable_baseline()->set_period("2020");
  EXPECT_TRUE(Check(target).ok());
  v1::TargetPoint* interim = target.add_interim_points();
  interim->set_period("2020");
  interim->set_value(5);
  ExpectInvalid(Check(target), at + ".interim_points[0].period", "does not come after");
  interim->set_period("2022");
  EXPECT_TRUE(Check(target).ok());
  target.mutable_baseline()->set_upper_value(3);
  ExpectInvalid(Check(target), at + ".baseline.upper_value", "not for a baseline");
  target = good;
  target.mutable_final_point()->set_upper_value(12);
  ExpectInvalid(Check(target), at + ".final_point.upper_value", "only for");
  target.set_relation(v1::TARGET_RELATION_WITHIN);
  EXPECT_TRUE(Check(target).ok()) << Check(target);
  target.mutable_final_point()->set_upper_value(10);
  ExpectInvalid(Check(target), at + ".final_point.upper_value", "above value");
  target.mutable_final_point()->clear_upper_value();
  ExpectInvalid(Check(target), at + ".final_point.upper_value", "both ends");
  target = good;
  target.set_tolerance_percent(5);
  ExpectInvalid(Check(target), at + ".tolerance_percent", "only for");
  target.set_relation(v1::TARGET_RELATION_ABOUT);
  EXPECT_TRUE(Check(target).ok()) << Check(target);
  target.set_tolerance_percent(-1);
  ExpectInvalid(Check(target), at + ".tolerance_percent", "from 0 on");
  target = good;
  target.mutable_assessment()->set_plugin("plugins/copy");
  ExpectInvalid(Check(target), at + ".assessment.plugin", "not an assessment");
  target = good;
  (*target.mutable_assessment()->mutable_parameters()->mutable_fields())["strictness"]
      .set_string_value("very");
  EXPECT_EQ(ReasonOf(Check(target)), "PARAMETERS_INVALID");
}

TEST_F(ResolveTest, ReferencesLeaveOutPluginsAndRepetition) {
  const v1::Indicator share = MakeIndicator("indicators/x", "plugins/share",
                                            {{"part", "datasets/b"}, {"whole", "datasets/a"}});
  EXPECT_THAT(ReferencesOf(share), testing::ElementsAre("datasets/a", "datasets/b"));
  v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", 10);
  *measure.add_targets() = measure.targets(0);
  EXPECT_THAT(ReferencesOf(measure), testing::ElementsAre("indicators/x", "plans/p"));
}

}  // namespace
}  // namespace policytrack::app
