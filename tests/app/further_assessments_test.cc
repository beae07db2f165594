// Further assessments: the same target judged by other methods, side by side.
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/explain.h"
#include "services/app/progress.h"
#include "services/app/resolve.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class FurtherAssessmentsTest : public testing::Test {
 protected:
  FurtherAssessmentsTest() {
    world_.PutPlan("plans/p");
    v1::Dataset sales = MakeDataset("datasets/sales");
    sales.set_unit_multiplier(4);
    world_.Put(sales);
    world_.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  }

  // Of at least 200 in 2025, judged plainly and with these strictnesses.
  v1::Measure Measure(const std::vector<double>& strictnesses) {
    v1::Measure measure = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
    v1::Target& target = *measure.mutable_targets(0);
    target.set_unit_multiplier(4);
    for (const double strictness : strictnesses) {
      v1::Assessment& further = *target.add_further_assessments();
      further.set_plugin("plugins/judge");
      (*further.mutable_parameters()->mutable_fields())["strictness"].set_number_value(strictness);
    }
    return measure;
  }
  v1::MeasureProgress Get(int64_t as_of = 0, const std::string& period = "") {
    v1::GetMeasureProgressRequest request;
    request.set_name("measures/m");
    request.set_period(period);
    if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
    ProgressReader reader(&world_.store(), &world_.engine(), &world_.evaluator(), &world_.clock());
    const auto progress = reader.GetMeasureProgress(request);
    EXPECT_TRUE(progress.ok()) << progress.status();
    return progress.ok() ? *progress : v1::MeasureProgress();
  }
  static std::vector<v1::ProgressStatus> StatusesOf(const v1::TargetProgress& target) {
    std::vector<v1::ProgressStatus> statuses = {target.status()};
    for (const auto& further : target.further_judgements()) statuses.push_back(further.status());
    return statuses;
  }

  EvaluationWorld world_;
};

TEST_F(FurtherAssessmentsTest, AreShownBesideTheTargetsOwn) {
  world_.Put(Measure({2, 1, 0.5}));
  world_.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 120}, {{}, 2022, 130}});
  world_.Evaluate();
  const v1::MeasureProgress measure = Get();
  const v1::TargetProgress& target = measure.targets(0);
  EXPECT_THAT(StatusesOf(target),
              ElementsAre(v1::PROGRESS_STATUS_MODERATE, v1::PROGRESS_STATUS_LIMITED,
                          v1::PROGRESS_STATUS_MODERATE, v1::PROGRESS_STATUS_ON_TRACK));
  EXPECT_TRUE(target.methods_disagree());
  EXPECT_THAT(target.assessment_parameters(), ElementsAre("strictness = 1"));
  const v1::FurtherJudgement& further = target.further_judgements(0);
  EXPECT_EQ(further.plugin(), "plugins/judge");
  EXPECT_THAT(further.parameters(), ElementsAre("strictness = 2"));
  // The same figures, in the unit of the target.
  EXPECT_EQ(further.score(), 3.75);
  EXPECT_EQ(further.ratio(), 0.75);
  EXPECT_EQ(further.expected_value(), 140);
  EXPECT_EQ(further.projected_value(), 175);
  EXPECT_NEAR(further.required_pace(), 70.0 / 3, 1e-12);
  EXPECT_EQ(further.reason(), "");
  // Only the target's own assessment counts.
  EXPECT_EQ(measure.status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_EQ(measure.counts().moderate(), 1);
  EXPECT_EQ(measure.counts().limited(), 0);
  EXPECT_EQ(measure.target_count(), 1);
}

TEST_F(FurtherAssessmentsTest, NothingIsStoredOfThem) {
  world_.Put(Measure({}));
  world_.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 120}});
  world_.Evaluate();
  const ComputedView before = world_.Read("measures/m/targets/t");
  world_.Put(Measure({2, 3}));
  world_.Evaluate();
  EXPECT_TRUE(SameSeries(world_.Read("measures/m/targets/t"), before))
      << Describe(world_.Read("measures/m/targets/t"));
  EXPECT_EQ(Get().targets(0).further_judgements_size(), 2);
}

TEST_F(FurtherAssessmentsTest, AgreementIsNotDisagreement) {
  world_.Put(Measure({1.01}));
  world_.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 115}});
  world_.Evaluate();
  const v1::TargetProgress target = Get().targets(0);
  EXPECT_THAT(StatusesOf(target),
              ElementsAre(v1::PROGRESS_STATUS_MODERATE, v1::PROGRESS_STATUS_MODERATE));
  EXPECT_FALSE(target.methods_disagree());
}

TEST_F(FurtherAssessmentsTest, TheyAreJudgedAtThePeriodAskedAndAsOfTheRevisionAsked) {
  world_.Put(Measure({2}));
  world_.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 139}});
  const int64_t first = world_.Push("datasets/sales", {{{}, 2022, 130}});
  world_.Evaluate();
  const v1::MeasureProgress then = Get(first);
  EXPECT_THAT(StatusesOf(then.targets(0)),
              ElementsAre(v1::PROGRESS_STATUS_MODERATE, v1::PROGRESS_STATUS_LIMITED));
  EXPECT_THAT(StatusesOf(Get(0, "2021").targets(0)),
              ElementsAre(v1::PROGRESS_STATUS_ON_TRACK, v1::PROGRESS_STATUS_ON_TRACK));
  EXPECT_FALSE(Get(0, "2021").targets(0).methods_disagree());
  // A revised figure flips one of them; before it is evaluated, after it, and as of then.
  const int64_t revised = world_.Push("datasets/sales", {{{}, 2022, 165}});
  const auto now = [&] { return StatusesOf(Get().targets(0)); };
  EXPECT_THAT(now(), ElementsAre(v1::PROGRESS_STATUS_ON_TRACK, v1::PROGRESS_STATUS_MODERATE));
  world_.Evaluate();
  EXPECT_THAT(now(), ElementsAre(v1::PROGRESS_STATUS_ON_TRACK, v1::PROGRESS_STATUS_MODERATE));
  EXPECT_EQ(Get(first).SerializeAsString(), then.SerializeAsString());
  EXPECT_THAT(StatusesOf(Get(revised).targets(0)),
              ElementsAre(v1::PROGRESS_STATUS_ON_TRACK, v1::PROGRESS_STATUS_MODERATE));
  // A target that had none yet.
  world_.Put(Measure({}));
  EXPECT_EQ(Get().targets(0).further_judgements_size(), 0);
  EXPECT_EQ(Get(revised).targets(0).further_judgements_size(), 1);
}

TEST_F(FurtherAssessmentsTest, WithoutFiguresAllSayWhy) {
  world_.Put(Measure({2}));
  world_.Evaluate();
  const v1::TargetProgress none = Get().targets(0);
  EXPECT_THAT(StatusesOf(none),
              ElementsAre(v1::PROGRESS_STATUS_NO_DATA, v1::PROGRESS_STATUS_NO_DATA));
  EXPECT_EQ(none.further_judgements(0).reason(), "no figures yet for datasets/sales");
  EXPECT_FALSE(none.methods_disagree());
  world_.Push("datasets/sales", {{{}, 2020, 100}});
  world_.Evaluate();
  const v1::TargetProgress one = Get().targets(0);
  EXPECT_THAT(StatusesOf(one),
              ElementsAre(v1::PROGRESS_STATUS_NOT_ASSESSABLE, v1::PROGRESS_STATUS_NOT_ASSESSABLE));
  EXPECT_EQ(one.further_judgements(0).reason(), one.reason());
  EXPECT_FALSE(one.methods_disagree());
}

TEST_F(FurtherAssessmentsTest, OneThatCannotBeUsedHidesNothing) {
  v1::PluginDescriptor other = CalculatorDescriptor("other", {"value", "path"}, "code");
  other.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  other.mutable_outputs(0)->set_name("status");
  ASSERT_TRUE(world_.engine()
                  .AddPlugin(other, {0, 0},
                             [](const auto&, const auto&, PeriodRange,
                                const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               return Error(absl::StatusCode::kInternal, reason::kPluginFailed,
                                            "it divides by zero");
                             })
                  .ok());
  v1::Measure measure = Measure({2});
  measure.mutable_targets(0)->add_further_assessments()->set_plugin("plugins/other");
  world_.Put(measure);
  world_.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 120}});
  world_.Evaluate();
  v1::TargetProgress target = Get().targets(0);
  EXPECT_THAT(StatusesOf(target),
              ElementsAre(v1::PROGRESS_STATUS_ON_TRACK, v1::PROGRESS_STATUS_LIMITED,
                          v1::PROGRESS_STATUS_NOT_ASSESSABLE));
  EXPECT_THAT(target.further_judgements(1).reason(), HasSubstr("it divides by zero"));
  EXPECT_EQ(target.reason(), "");
  world_.engine().SetState("plugins/other", v1::PLUGIN_STATE_BROKEN, "its file is truncated");
  target = Get().targets(0);
  EXPECT_EQ(target.further_judgements(1).status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  EXPECT_THAT(target.further_judgements(1).reason(), HasSubstr("its file is truncated"));
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_FALSE(target.stale());
}

TEST_F(FurtherAssessmentsTest, AreSpokenOf) {
  world_.Put(Measure({2}));
  world_.Push("datasets/sales", {{{}, 2020, 100}, {{}, 2021, 120}, {{}, 2022, 130, kEstimated}});
  world_.Push("datasets/sales", {{{}, 2021, 120, kForecast}});
  world_.Evaluate();
  v1::ExplainProgressRequest request;
  request.set_target("measures/m/targets/t");
  Explainer explainer(&world_.store(), &world_.engine(), &world_.evaluator());
  auto response = explainer.ExplainProgress(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->sentences(),
              testing::IsSupersetOf(
                  {"The best pace seen is 10 万辆 a year; at that pace the target is out of reach "
                   "from 2024 on.",
                   "If the value for 2022 were 70 万辆 higher, the judgement would be achieved.",
                   "Judged by plugins/judge with strictness = 2 instead: limited progress.",
                   "The methods disagree, so the status is a choice of method."}));
  request.set_period("2021");
  response = explainer.ExplainProgress(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->sentences(), Contains(HasSubstr("The methods disagree")));
}

TEST_F(FurtherAssessmentsTest, AreCheckedLikeTheTargetsOwn) {
  const auto check = [&](const v1::Target& target) {
    absl::Status status;
    EXPECT_TRUE(world_.store()
                    .Read([&](storage::ReadTransaction& tx) -> absl::Status {
                      status = CheckTarget(tx, storage::kPresent, world_.engine(), target,
                                           "measure.targets[0]");
                      return absl::OkStatus();
                    })
                    .ok());
    return status;
  };
  v1::Target target = Measure({1, 2, 3, 4, 5, 6, 7, 8}).targets(0);
  EXPECT_TRUE(check(target).ok()) << check(target);
  *target.add_further_assessments() = target.further_assessments(0);
  EXPECT_EQ(ReasonOf(check(target)), "FIELD_INVALID");
  EXPECT_EQ(MetadataOf(check(target), "field"), "measure.targets[0].further_assessments");
  EXPECT_THAT(check(target).message(), HasSubstr("at most 8"));
  target = Measure({1, 2}).targets(0);
  target.mutable_further_assessments(1)->set_plugin("plugins/none");
  EXPECT_EQ(ReasonOf(check(target)), "RESOURCE_NOT_FOUND");
  target.mutable_further_assessments(1)->set_plugin("plugins/copy");
  EXPECT_EQ(MetadataOf(check(target), "field"), "measure.targets[0].further_assessments[1].plugin");
  target = Measure({1, 2}).targets(0);
  (*target.mutable_further_assessments(1)->mutable_parameters()->mutable_fields())["strictness"]
      .set_string_value("very");
  EXPECT_EQ(ReasonOf(check(target)), "PARAMETERS_INVALID");
  EXPECT_THAT(MetadataOf(check(target), "field"),
              HasSubstr("measure.targets[0].further_assessments[1].parameters.strictness"));
  EXPECT_THAT(check(target).message(), Not(HasSubstr("targets[0].assessment")));
}

}  // namespace
}  // namespace policytrack::app
