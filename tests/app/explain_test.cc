// Explanations and previews.
#include "services/app/explain.h"

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/period.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/preview.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ExplainTest : public testing::Test {
 protected:
  ExplainTest() {
    v1::Dataset sales = MakeDataset("datasets/sales", {"region"});
    sales.set_display_name("Sales of cars");
    v1::Reference& reference = *sales.add_references();
    reference.set_title("Yearbook");
    reference.set_publisher("Press");
    world_.Put(sales);
    v1::Indicator sum =
        MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/sales"}});
    sum.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
    world_.Put(sum);
    world_.Put(MakeIndicator("indicators/x", "plugins/total", {{"value", "indicators/sum#value"}}));
    v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
    measure.mutable_targets(0)->mutable_baseline()->set_period("2020");
    world_.Put(measure);
  }
  v1::ExplainProgressResponse Explain(int64_t as_of = 0) {
    return world_.Explain("measures/m/targets/t", as_of);
  }

  EvaluationWorld world_;
};

// What weighs a mean is a figure that the judgement rests on, like any other.
TEST_F(ExplainTest, WeightsAreShownAndHaveTheirVintage) {
  v1::Dataset cars = MakeDataset("datasets/cars", {"region"});
  cars.set_unit_multiplier(4);
  cars.set_display_name("Cars on the road");
  world_.Put(cars);
  v1::Indicator mean =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/sales"}});
  mean.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_WEIGHTED_MEAN);
  mean.mutable_inputs(0)->set_weight_source("datasets/cars");
  world_.Put(mean);
  world_.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "indicators/sum#value"}}));
  world_.Push("datasets/sales", {{{"east"}, 2020, 10}, {{"west"}, 2020, 20}});
  world_.Evaluate();
  EXPECT_EQ(Explain().progress().reason(), "no figures yet for datasets/cars");
  const int64_t weighed = world_.Push("datasets/cars", {{{"east"}, 2020, 1}, {{"west"}, 2020, 3}});
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  EXPECT_EQ(response.progress().latest_value(), 17.5);
  EXPECT_EQ(response.progress().latest_revision(), weighed);
  ASSERT_EQ(response.steps_size(), 3);
  ASSERT_EQ(response.steps(2).inputs_size(), 4);
  const v1::ExplainedInput& weight = response.steps(2).inputs(3);
  EXPECT_EQ(weight.slot(), "value (weights)");
  EXPECT_EQ(weight.source(), "datasets/cars");
  EXPECT_EQ(weight.display_name(), "Cars on the road");
  EXPECT_EQ(weight.unit_multiplier(), 4);
  EXPECT_EQ(weight.dimensions().at("region"), "west");
  EXPECT_EQ(weight.points(0).value(), 3);
}

TEST_F(ExplainTest, StepsGoFromTheAssessmentBackToTheDatasets) {
  const int64_t first = world_.Push("datasets/sales", {{{"east"}, 2020, 10}, {{"west"}, 2020, 20}});
  const int64_t second =
      world_.Push("datasets/sales", {{{"east"}, 2021, 12}, {{"west"}, 2021, 22, kProvisional}});
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  EXPECT_EQ(response.progress().period(), "2021");
  EXPECT_EQ(response.progress().latest_value(), 64);
  EXPECT_EQ(response.progress().latest_revision(), second);
  ASSERT_EQ(response.steps_size(), 3);

  const v1::ExplainedStep& judged = response.steps(0);
  EXPECT_EQ(judged.evaluation().parent(), "measures/m/targets/t");
  EXPECT_EQ(judged.evaluation().plugin(), "plugins/judge");
  EXPECT_EQ(judged.evaluation().plugin_version(), "1.0.0");
  EXPECT_EQ(judged.evaluation().plugin_digest(), world_.engine().PluginDigest("plugins/judge"));
  EXPECT_THAT(judged.parameters(), Contains(HasSubstr("strictness = 1")));
  EXPECT_THAT(judged.parameters(), Contains("host.relation = at_least"));
  EXPECT_THAT(judged.parameters(), Contains("host.baseline_period = 2020"));
  EXPECT_THAT(judged.parameters(), Contains("host.target_period = 2025"));
  ASSERT_EQ(judged.inputs_size(), 2);
  EXPECT_EQ(judged.inputs(0).slot(), "value");
  EXPECT_EQ(judged.inputs(0).source(), "indicators/x");
  EXPECT_EQ(judged.inputs(0).points_size(), 2);
  EXPECT_EQ(judged.inputs(1).slot(), "path");
  ASSERT_EQ(judged.inputs(1).points_size(), 2) << "the baseline from the series, the final point";
  EXPECT_EQ(judged.inputs(1).points(0).value(), 30);
  EXPECT_EQ(judged.inputs(1).points(1).period(), "2025");

  EXPECT_EQ(response.steps(1).evaluation().parent(), "indicators/x");
  EXPECT_EQ(response.steps(2).evaluation().parent(), "indicators/sum");
  ASSERT_EQ(response.steps(2).inputs_size(), 2);
  const v1::ExplainedInput& west = response.steps(2).inputs(1);
  EXPECT_EQ(west.source(), "datasets/sales");
  EXPECT_EQ(west.display_name(), "Sales of cars");
  EXPECT_EQ(west.producer(), "Statistics bureau");
  EXPECT_EQ(west.references(0).title(), "Yearbook");
  EXPECT_EQ(west.dimensions().at("region"), "west");
  ASSERT_EQ(west.points_size(), 2);
  EXPECT_EQ(west.points(0).value(), 20);
  EXPECT_EQ(west.points(0).revision(), first);
  EXPECT_EQ(west.points(1).revision(), second);
  EXPECT_EQ(west.points(1).status(), v1::OBSERVATION_STATUS_PROVISIONAL);
  EXPECT_EQ(west.points(1).principal(), "agency");
  EXPECT_TRUE(west.points(1).has_time());
}

// A sum over a hundred regions is explained by the first, and says how many more.
TEST_F(ExplainTest, OfManySeriesItSaysHowManyMore) {
  std::vector<Figure> figures;
  for (int i = 0; i < 100; ++i) figures.push_back({{absl::StrCat("r", 100 + i)}, 2020, 1});
  world_.Push("datasets/sales", figures);
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  ASSERT_EQ(response.steps_size(), 3);
  EXPECT_EQ(response.steps(2).inputs_size(), 20);
  EXPECT_EQ(response.steps(2).further_input_count(), 80);
  EXPECT_EQ(response.steps(1).further_input_count(), 0);
  EXPECT_EQ(response.steps(2).inputs(0).treatment(), "summed over its series");
  EXPECT_THAT(response.sentences(),
              Contains(HasSubstr("region = r105: 1 vehicles for 2020 (revision 5), summed over its "
                                 "series; and 94 more series.")));
}

// The figure of a quarter is not that of its last month.
TEST_F(ExplainTest, WhatIsMadeOfMonthsIsSaid) {
  v1::Dataset running = MakeDataset("datasets/running");
  running.set_frequency(v1::FREQUENCY_MONTH);
  running.set_accumulation(v1::ACCUMULATION_YEAR_TO_DATE);
  world_.Put(running);
  v1::Dataset sales = MakeDataset("datasets/sales");
  sales.set_frequency(v1::FREQUENCY_MONTH);
  world_.Put(sales);
  v1::Indicator sum = MakeIndicator("indicators/sum", "plugins/share",
                                    {{"part", "datasets/running"}, {"whole", "datasets/sales"}});
  sum.set_frequency(v1::FREQUENCY_YEAR);
  sum.mutable_inputs(0)->set_accumulation(v1::ACCUMULATION_FLOW);
  world_.Put(sum);
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  ASSERT_EQ(response.steps_size(), 3);
  EXPECT_EQ(response.steps(2).inputs(0).treatment(),
            "each year the last of its months, totals to date turned into totals of each period");
  EXPECT_EQ(response.steps(2).inputs(1).treatment(), "each year the sum of its months");
  EXPECT_EQ(response.steps(1).inputs(0).treatment(), "");
}

TEST_F(ExplainTest, SentencesCanBeReadAloud) {
  world_.Push("datasets/sales", {{{"east"}, 2020, 30}});
  world_.Push("datasets/sales", {{{"east"}, 2021, 34, kProvisional}});
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  EXPECT_THAT(
      response.sentences(),
      ElementsAre(
          "\"Sales\" is on track as of 2021.",
          "The value for 2021 is 64 vehicles, as written on 2023-11-14 at revision 6 by agency.",
          "That value is provisional and may be revised.",
          "The target is at least 200 vehicles in 2025; progress is measured from 30 vehicles in "
          "2020.",
          "The way to the target asks for 64 vehicles in 2021.",
          "At the pace so far the value would be 200 vehicles in 2025.",
          "From 2021 on the pace needed to meet the target starts at 34 vehicles a year.",
          "The best pace seen is 34 vehicles a year; at that pace the target is out of reach from "
          "2024 on.",
          "If the value for 2021 were 136 vehicles higher, the judgement would be achieved.",
          "It is judged by plugins/judge 1.0.0.",
          "Indicator indicators/x is computed by plugins/total 1.0.0 from Indicator indicators/sum "
          "(indicators/sum): 34 vehicles for 2021 (revision 7).",
          "Indicator indicators/sum is computed by plugins/copy 1.0.0 from Sales of cars "
          "(datasets/sales), region = east: 34 vehicles for 2021 (revision 6), summed over its "
          "series.",
          "Source of the figures of Sales of cars: Statistics bureau; published in \"Yearbook\" "
          "(Press).",
          "It went from \"not assessable\" to \"on track\" on 2023-11-14 (revision 6) because a "
          "figure came for 2021: 64 vehicles, after 30 vehicles in 2020."));
}

// A year of running totals is its December, whatever of it was revised since.
TEST_F(ExplainTest, TheVintageIsThatOfThePointsThatMakeTheValue) {
  v1::Dataset running = MakeDataset("datasets/running");
  running.set_frequency(v1::FREQUENCY_MONTH);
  running.set_accumulation(v1::ACCUMULATION_YEAR_TO_DATE);
  world_.Put(running);
  v1::Indicator yearly =
      MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/running"}});
  yearly.set_frequency(v1::FREQUENCY_YEAR);
  world_.Put(yearly);
  std::vector<Figure> months;
  const int64_t january = *ParsePeriod(v1::FREQUENCY_MONTH, "2020-01");
  for (int64_t m = 0; m < 12; ++m) months.push_back({{}, january + m, 10.0 * (m + 1)});
  const int64_t written = world_.Push("datasets/running", months);
  const int64_t march = world_.Push("datasets/running", {{{}, january + 2, 31}});
  world_.Evaluate();
  EXPECT_EQ(Explain().progress().latest_value(), 120);
  EXPECT_EQ(Explain().progress().latest_revision(), written);

  // A sum over the months of another indicator is made of all of them.
  v1::Indicator monthly =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/running"}});
  monthly.mutable_inputs(0)->set_accumulation(v1::ACCUMULATION_FLOW);
  world_.Put(monthly);
  yearly = MakeIndicator("indicators/x", "plugins/copy", {{"value", "indicators/sum#value"}});
  yearly.set_frequency(v1::FREQUENCY_YEAR);
  world_.Put(yearly);
  world_.Evaluate();
  EXPECT_EQ(Explain().progress().latest_value(), 120);
  EXPECT_EQ(Explain().progress().latest_revision(), march);
}

// That a newer year could not be made is said, and what it lacks.
TEST_F(ExplainTest, NewerPeriodsWithoutValueAreNamed) {
  v1::Dataset monthly = MakeDataset("datasets/monthly");
  monthly.set_frequency(v1::FREQUENCY_MONTH);
  world_.Put(monthly);
  v1::Indicator yearly =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/monthly"}});
  yearly.set_frequency(v1::FREQUENCY_YEAR);
  world_.Put(yearly);
  world_.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "indicators/sum#value"}}));
  std::vector<Figure> months;
  const int64_t january = *ParsePeriod(v1::FREQUENCY_MONTH, "2020-01");
  for (int64_t m = 0; m < 30; ++m) {
    if (m != 14) months.push_back({{}, january + m, 1});
  }
  world_.Push("datasets/monthly", months);
  world_.Evaluate();
  v1::ExplainProgressResponse response = Explain();
  EXPECT_EQ(response.progress().period(), "2020");
  const std::string newer =
      "2021 has no value because an input has no value for a period that is needed, 2022 has no "
      "value because the last parts of the period have not come yet";
  EXPECT_THAT(response.progress().reason(), testing::EndsWith("; " + newer));
  EXPECT_THAT(response.sentences(), Contains(newer + "; 2020 is the last period that has one."));
  EXPECT_THAT(response.sentences(), Contains(testing::StartsWith("Reason: cannot be judged at "
                                                                 "2020")))
      << "and that is said by itself";

  v1::ExplainProgressRequest request;
  request.set_target("measures/m/targets/t");
  request.set_period("2021");
  Explainer explainer(&world_.store(), &world_.engine(), &world_.evaluator());
  response = *explainer.ExplainProgress(request);
  EXPECT_EQ(response.progress().reason(),
            "indicators/x has no value at 2021 because an input has no value for a period that is "
            "needed: datasets/monthly has none for 2021-03");
  request.set_period("2022");
  EXPECT_EQ(explainer.ExplainProgress(request)->progress().reason(),
            "indicators/x has no value at 2022 because the last parts of the period have not come "
            "yet: datasets/monthly has none for 2022-07, 2022-08, 2022-09, 2022-10 and 2 more");
}

TEST_F(ExplainTest, WithoutFiguresItSaysSo) {
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  ASSERT_GE(response.sentences_size(), 2);
  EXPECT_EQ(response.sentences(0), "\"Sales\" has no data.");
  EXPECT_EQ(response.sentences(1), "Reason: no figures yet for datasets/sales.");
  EXPECT_GE(response.steps_size(), 2);
}

TEST_F(ExplainTest, ThePastIsExplainedFromThePast) {
  world_.Push("datasets/sales", {{{"east"}, 2020, 30}, {{"east"}, 2021, 34}});
  world_.Evaluate();
  const int64_t then = world_.store().revision();
  const v1::ExplainProgressResponse before = Explain();
  world_.Push("datasets/sales", {{{"east"}, 2020, 1}, {{"east"}, 2022, 1}});
  world_.Evaluate();
  EXPECT_NE(Explain().SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(Explain(then).SerializeAsString(), before.SerializeAsString());
}

TEST_F(ExplainTest, OnlyTheLast24PointsAreShown) {
  std::vector<Figure> figures;
  for (int64_t year = 1980; year < 2020; ++year) figures.push_back({{"east"}, year, 1.0});
  world_.Push("datasets/sales", figures);
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  const v1::ExplainedInput& input = response.steps(2).inputs(0);
  EXPECT_EQ(input.points_size(), 24);
  EXPECT_EQ(input.points(23).period(), "2019");
}

TEST_F(ExplainTest, AnUnknownTargetIsNotFound) {
  v1::ExplainProgressRequest request;
  Explainer explainer(&world_.store(), &world_.engine(), &world_.evaluator());
  EXPECT_EQ(ReasonOf(explainer.ExplainProgress(request).status()), "FIELD_REQUIRED");
  request.set_target("measures/m");
  EXPECT_EQ(ReasonOf(explainer.ExplainProgress(request).status()), "NAME_INVALID");
  request.set_target("measures/m/targets/u");
  const absl::Status no_target = explainer.ExplainProgress(request).status();
  EXPECT_EQ(ReasonOf(no_target), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(no_target.message(),
            "measures/m has no target u at revision 4; get measures/m to see its targets");
  request.set_target("measures/absent/targets/u");
  const absl::Status no_measure = explainer.ExplainProgress(request).status();
  EXPECT_EQ(ReasonOf(no_measure), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(no_measure.message(), "measures/absent does not exist; list measures to see which do");
}

TEST_F(ExplainTest, APreviewComputesAndStoresNothing) {
  world_.Push("datasets/sales", {{{"east"}, 2020, 10}, {{"east"}, 2021, 12}, {{"west"}, 2021, 5}});
  world_.Evaluate();
  const int64_t before = world_.store().revision();
  Preview preview(&world_.store(), &world_.engine());
  v1::PreviewIndicatorRequest request;
  *request.mutable_indicator() =
      MakeIndicator("", "plugins/change", {{"value", "datasets/sales"}}, {"region"});
  const auto response = preview.PreviewIndicator(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->series_size(), 2);
  EXPECT_EQ(response->series(0).dimensions().at("region"), "east");
  EXPECT_EQ(response->series(0).output(), "value");
  EXPECT_EQ(response->series(0).frequency(), v1::FREQUENCY_YEAR);
  EXPECT_THAT(response->series(0).periods(), ElementsAre(2020, 2021));
  EXPECT_THAT(response->series(0).values(), ElementsAre(0, 2));
  EXPECT_THAT(response->series(0).missing_indexes(), ElementsAre(0));
  EXPECT_EQ(response->evaluation().plugin(), "plugins/change");
  EXPECT_EQ(response->evaluation().input_revision(), before);
  EXPECT_EQ(response->evaluation().revision(), 0);
  EXPECT_FALSE(response->truncated());
  EXPECT_EQ(world_.store().revision(), before);

  request.mutable_as_of()->set_revision(3);
  EXPECT_EQ(preview.PreviewIndicator(request)->series_size(), 0);
  request.mutable_indicator()->mutable_inputs(0)->set_source("datasets/absent");
  EXPECT_EQ(ReasonOf(preview.PreviewIndicator(request).status()), "RESOURCE_NOT_FOUND");
}

TEST_F(ExplainTest, APreviewOfManyGroupsIsCutAndSaysSo) {
  std::vector<Figure> figures;
  for (int i = 0; i < 1200; ++i) figures.push_back({{"r" + std::to_string(i)}, 2020, 1.0});
  world_.Push("datasets/sales", figures);
  Preview preview(&world_.store(), &world_.engine());
  v1::PreviewIndicatorRequest request;
  *request.mutable_indicator() =
      MakeIndicator("", "plugins/copy", {{"value", "datasets/sales"}}, {"region"});
  const auto response = preview.PreviewIndicator(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->series_size(), 1000);
  EXPECT_TRUE(response->truncated());
}

}  // namespace
}  // namespace policytrack::app
