// The sentences of an explanation: what is said, and what is not spoken of.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/explain.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A world of one dataset and one target that its indicator copies, in a unit.
class SentencesTest : public testing::Test {
 protected:
  v1::Dataset Dataset(const std::string& unit) {
    v1::Dataset dataset = MakeDataset("datasets/d");
    dataset.set_unit(unit);
    dataset.set_display_name("Share");
    return dataset;
  }
  v1::Measure Measure(const std::string& unit, double goal) {
    v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", goal);
    measure.mutable_targets(0)->set_unit(unit);
    measure.mutable_targets(0)->mutable_baseline()->set_period("2020");
    return measure;
  }
  std::vector<std::string> Sentences(const v1::Dataset& dataset, const v1::Measure& measure,
                                     const std::vector<Figure>& figures) {
    world_.Put(dataset);
    world_.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/d"}}));
    world_.Put(measure);
    world_.Push("datasets/d", figures);
    world_.Evaluate();
    v1::ExplainProgressRequest request;
    request.set_target("measures/m/targets/t");
    Explainer explainer(&world_.store(), &world_.engine(), &world_.evaluator());
    const auto response = explainer.ExplainProgress(request);
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    progress_ = response->progress();
    return {response->sentences().begin(), response->sentences().end()};
  }

  EvaluationWorld world_;
  v1::TargetProgress progress_;
};

TEST_F(SentencesTest, AChangeOfAPercentageIsInPercentagePoints) {
  const auto sentences =
      Sentences(Dataset("percent"), Measure("percent", 20), {{{}, 2020, 10}, {{}, 2021, 12}});
  EXPECT_THAT(sentences, Contains("The value for 2021 is 12 percent, as written on 2023-11-14 at "
                                  "revision 4 by agency."));
  EXPECT_THAT(sentences, Contains("From 2021 on the pace needed to meet the target starts at 2 "
                                  "percentage points a year."));
}

TEST_F(SentencesTest, AtTheBaselineThereIsNoWayYet) {
  const auto sentences = Sentences(Dataset("vehicles"), Measure("vehicles", 20), {{{}, 2020, 10}});
  EXPECT_EQ(progress_.period(), "2020");
  EXPECT_THAT(sentences,
              Contains("The target is at least 20 vehicles in 2025; progress is measured "
                       "from 2020 itself."));
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("way to the target"))));
}

// What its author chose is said; what was left as it is stands in the step.
TEST_F(SentencesTest, OnlyChosenParametersAreInTheProse) {
  v1::Measure measure = Measure("vehicles", 20);
  const std::vector<Figure> figures = {{{}, 2020, 10}, {{}, 2021, 12}};
  EXPECT_THAT(Sentences(Dataset("vehicles"), measure, figures),
              Contains("It is judged by plugins/judge 1.0.0."));
  (*measure.mutable_targets(0)
        ->mutable_assessment()
        ->mutable_parameters()
        ->mutable_fields())["strictness"]
      .set_number_value(2);
  EXPECT_THAT(Sentences(Dataset("vehicles"), measure, figures),
              Contains("It is judged by plugins/judge 1.0.0 with strictness = 2."));
}

TEST_F(SentencesTest, NumbersAreShortInProseAndExactBeside) {
  const auto sentences = Sentences(Dataset("vehicles"), Measure("vehicles", 12345678),
                                   {{{}, 2020, 0}, {{}, 2021, 1234.56789012}});
  EXPECT_EQ(progress_.latest_value(), 1234.56789012);
  EXPECT_THAT(sentences, Contains(HasSubstr("The value for 2021 is 1234.57 vehicles,")));
  EXPECT_THAT(sentences, Contains(HasSubstr("at least 12345678 vehicles in 2025")))
      << "a whole number keeps its digits";
  EXPECT_THAT(sentences, Contains("The way to the target asks for 2469136 vehicles in 2021."));
}

TEST_F(SentencesTest, AMetTargetNeedsNoPace) {
  const auto sentences =
      Sentences(Dataset("vehicles"), Measure("vehicles", 20), {{{}, 2020, 10}, {{}, 2021, 20}});
  EXPECT_EQ(progress_.status(), v1::PROGRESS_STATUS_ACHIEVED);
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("pace needed"))));
}

TEST_F(SentencesTest, WithoutAFinalPointThereIsNoWay) {
  v1::Measure measure = Measure("vehicles", 0);
  measure.mutable_targets(0)->clear_final_point();
  // The assessment of these tests steers at the last point of the path.
  v1::TargetPoint& point = *measure.mutable_targets(0)->add_interim_points();
  point.set_period("2023");
  point.set_value(40);
  const auto sentences = Sentences(Dataset("vehicles"), measure, {{{}, 2020, 10}, {{}, 2021, 20}});
  EXPECT_EQ(progress_.status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_FALSE(progress_.has_expected_value());
  EXPECT_FALSE(progress_.has_required_pace());
  EXPECT_FALSE(progress_.has_projected_value());
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("way to the target"))));
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("pace"))));
  EXPECT_THAT(sentences, Not(Contains(HasSubstr("out of reach"))));
}

TEST_F(SentencesTest, WhatIsNotKnownOfTheOriginIsNotSpokenOf) {
  const std::vector<Figure> figures = {{{}, 2020, 10}, {{}, 2021, 20}};
  v1::Dataset dataset = Dataset("vehicles");
  const v1::Measure measure = Measure("vehicles", 20);
  EXPECT_THAT(Sentences(dataset, measure, figures),
              Contains("Source of the figures of Share: Statistics bureau."));
  dataset.set_producer(" ");
  EXPECT_THAT(Sentences(dataset, measure, figures),
              Not(Contains(HasSubstr("Source of the figures"))));
  dataset.clear_producer();
  dataset.add_references()->set_uri("https://example.org/");
  EXPECT_THAT(Sentences(dataset, measure, figures),
              Not(Contains(HasSubstr("Source of the figures"))));
  dataset.add_references()->set_title("Yearbook");
  EXPECT_THAT(Sentences(dataset, measure, figures),
              Contains("Source of the figures of Share: published in \"Yearbook\"."));
}

}  // namespace
}  // namespace policytrack::app
