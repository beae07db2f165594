// Progress: what a target, a measure and a plan say, now and as of the past.
#include "services/app/progress.h"

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/rollup.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() {
    world_.PutPlan("plans/p");
    v1::Dataset sales = MakeDataset("datasets/sales", {"region"});
    sales.set_unit_multiplier(4);
    world_.Put(sales);
    world_.Put(
        MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}, {"region"}));
  }

  v1::Measure Measure(const std::string& name, const std::string& region, double goal) {
    v1::Measure measure = MakeMeasure(name, "indicators/x", "value", "2025", goal);
    measure.mutable_targets(0)->set_unit_multiplier(4);
    (*measure.mutable_targets(0)->mutable_group())["region"] = region;
    return measure;
  }
  ProgressReader Reader() {
    return ProgressReader(&world_.store(), &world_.engine(), &world_.evaluator(), &world_.clock());
  }
  v1::MeasureProgress Get(const std::string& name, int64_t as_of = 0,
                          const std::string& period = "") {
    v1::GetMeasureProgressRequest request;
    request.set_name(name);
    request.set_period(period);
    if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
    const auto progress = Reader().GetMeasureProgress(request);
    EXPECT_TRUE(progress.ok()) << progress.status();
    return progress.ok() ? *progress : v1::MeasureProgress();
  }
  v1::PlanProgress GetPlan(int64_t as_of = 0) {
    v1::GetPlanProgressRequest request;
    request.set_name("plans/p");
    if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
    const auto progress = Reader().GetPlanProgress(request);
    EXPECT_TRUE(progress.ok()) << progress.status();
    return progress.ok() ? *progress : v1::PlanProgress();
  }

  EvaluationWorld world_;
};

TEST_F(ProgressTest, ATargetIsJudgedAtTheLatestPeriodWithDataInItsOwnUnit) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Push("datasets/sales", {{{"east"}, 2020, 100}, {{"east"}, 2021, 120}});
  const int64_t pushed = world_.Push("datasets/sales", {{{"east"}, 2022, 130, kProvisional}});
  const absl::Time when = world_.clock().Now();
  world_.Evaluate();

  const v1::MeasureProgress measure = Get("measures/m");
  EXPECT_EQ(measure.revision(), world_.store().revision());
  EXPECT_EQ(measure.stage(), v1::MEASURE_STAGE_IN_FORCE);
  ASSERT_EQ(measure.targets_size(), 1);
  const v1::TargetProgress& target = measure.targets(0);
  EXPECT_EQ(target.target(), "measures/m/targets/t");
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_EQ(target.ratio(), 0.75);
  EXPECT_EQ(target.score(), 3.75);
  EXPECT_EQ(target.period(), "2022");
  EXPECT_EQ(target.latest_value(), 130);
  EXPECT_EQ(target.latest_status(), v1::OBSERVATION_STATUS_PROVISIONAL);
  EXPECT_EQ(target.latest_revision(), pushed);
  EXPECT_EQ(target.latest_time().seconds(), absl::ToUnixSeconds(when));
  EXPECT_EQ(target.expected_value(), 140);
  EXPECT_EQ(target.projected_value(), 175);
  EXPECT_NEAR(target.required_pace(), 70.0 / 3, 1e-12);
  EXPECT_EQ(target.baseline().period(), "2020");
  EXPECT_EQ(target.baseline().value(), 100);
  EXPECT_EQ(target.final_point().value(), 200);
  EXPECT_EQ(target.unit(), "vehicles");
  EXPECT_EQ(target.unit_multiplier(), 4);
  EXPECT_EQ(target.evaluation().plugin(), "plugins/judge");
  EXPECT_FALSE(target.stale());
  EXPECT_EQ(target.reason(), "");
  // What steers, in the unit of the target too.
  EXPECT_EQ(target.best_pace(), 10);
  EXPECT_EQ(target.out_of_reach_period(), "2024");
  EXPECT_EQ(target.flip_change(), 70);
  EXPECT_EQ(target.flip_status(), v1::PROGRESS_STATUS_ACHIEVED);
  EXPECT_TRUE(target.rests_on_provisional());
  EXPECT_EQ(target.worst_input_status(), v1::OBSERVATION_STATUS_PROVISIONAL);
  EXPECT_EQ(target.further_judgements_size(), 0);
  EXPECT_EQ(target.assessment_parameters_size(), 0);
  EXPECT_FALSE(target.methods_disagree());
  EXPECT_EQ(measure.status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_EQ(measure.score(), 3.75);
  EXPECT_EQ(measure.counts().moderate(), 1);
  EXPECT_TRUE(measure.counts().has_achieved());
  EXPECT_EQ(measure.missing_size(), 0);
  EXPECT_EQ(measure.rollup_rule(), kMeasureRule);
  EXPECT_EQ(measure.judged_target_count(), 1);
  EXPECT_EQ(measure.target_count(), 1);
}

TEST_F(ProgressTest, AnAskedPeriodIsJudgedInsteadOfTheLatest) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Push("datasets/sales",
              {{{"east"}, 2020, 100}, {{"east"}, 2021, 120}, {{"east"}, 2022, 130}});
  world_.Evaluate();
  EXPECT_EQ(Get("measures/m", 0, "2021").status(), v1::PROGRESS_STATUS_ON_TRACK);
  const v1::TargetProgress none = Get("measures/m", 0, "2024").targets(0);
  EXPECT_EQ(none.status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_EQ(none.period(), "2024");
  EXPECT_EQ(none.reason(), "no figure for 2024");
  v1::GetMeasureProgressRequest request;
  request.set_name("measures/m");
  request.set_period("2024-01");
  const absl::Status bad = Reader().GetMeasureProgress(request).status();
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(bad), "FIELD_INVALID");
  EXPECT_EQ(MetadataOf(bad, "field"), "period");
}

TEST_F(ProgressTest, WithoutFiguresItSaysWhichAreMissing) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Evaluate();
  const v1::MeasureProgress measure = Get("measures/m");
  EXPECT_EQ(measure.status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_FALSE(measure.has_score());
  EXPECT_EQ(measure.counts().no_data(), 1);
  EXPECT_TRUE(measure.has_judged_target_count()) << "0 is said, not left out";
  EXPECT_EQ(measure.judged_target_count(), 0);
  EXPECT_EQ(measure.target_count(), 1);
  EXPECT_EQ(measure.targets(0).status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_EQ(measure.targets(0).reason(), "no figures yet for datasets/sales (region = east)");
  EXPECT_THAT(measure.missing(),
              ElementsAre("target t: no figures yet for datasets/sales (region = east)"));
  EXPECT_FALSE(measure.targets(0).has_latest_value());

  // Through a chain it is still the dataset that is named.
  world_.Put(MakeIndicator("indicators/y", "plugins/change", {{"value", "indicators/x#value"}},
                           {"region"}));
  v1::Measure far = Measure("measures/far", "west", 1);
  far.mutable_targets(0)->set_indicator("indicators/y");
  world_.Put(far);
  world_.Push("datasets/sales", {{{"east"}, 2020, 1}});
  world_.Evaluate();
  EXPECT_EQ(Get("measures/far").targets(0).reason(),
            "no figures yet for datasets/sales (region = west)");
  v1::Measure near = Measure("measures/near", "east", 1);
  near.mutable_targets(0)->set_indicator("indicators/y");
  world_.Put(near);
  world_.Evaluate();
  EXPECT_EQ(Get("measures/near").targets(0).reason(),
            "indicators/y has no value because there are not enough points, or not enough time "
            "between them");
}

TEST_F(ProgressTest, WithFiguresThatCannotBeJudgedItSaysWhy) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Push("datasets/sales", {{{"east"}, 2020, 100}});
  world_.Evaluate();
  const v1::TargetProgress target = Get("measures/m").targets(0);
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  EXPECT_EQ(target.latest_value(), 100);
  EXPECT_EQ(target.reason(),
            "cannot be judged at 2020 because there are not enough points, or not enough time "
            "between them");
  EXPECT_EQ(Get("measures/m").status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
}

TEST_F(ProgressTest, ThePastAnswersAsItDidAndAnUnevaluatedPresentIsNotBehind) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Push("datasets/sales", {{{"east"}, 2020, 100}, {{"east"}, 2021, 119}});
  world_.Evaluate();
  const int64_t then = world_.store().revision();
  const v1::MeasureProgress before = Get("measures/m");
  EXPECT_EQ(before.status(), v1::PROGRESS_STATUS_ON_TRACK);
  // A revised baseline flips the status.
  const int64_t revised = world_.Push("datasets/sales", {{{"east"}, 2020, 110}});
  const v1::MeasureProgress now = Get("measures/m");
  EXPECT_EQ(now.revision(), revised);
  EXPECT_EQ(now.status(), v1::PROGRESS_STATUS_LIMITED);
  EXPECT_EQ(now.targets(0).evaluation().revision(), 0) << "computed on demand";
  world_.Evaluate();
  EXPECT_EQ(Get("measures/m").status(), v1::PROGRESS_STATUS_LIMITED);
  EXPECT_GT(Get("measures/m").targets(0).evaluation().revision(), revised);
  EXPECT_EQ(Get("measures/m", then).SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(Get("measures/m", revised).status(), v1::PROGRESS_STATUS_LIMITED);
}

TEST_F(ProgressTest, AFailedEvaluationIsStaleAndKeepsWhatWasGood) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Push("datasets/sales", {{{"east"}, 2020, 100}, {{"east"}, 2021, 120}});
  world_.Evaluate();
  world_.engine().SetState("plugins/copy", v1::PLUGIN_STATE_BROKEN, "its file is truncated");
  world_.Push("datasets/sales", {{{"east"}, 2022, 500}});
  world_.Evaluate();
  const v1::MeasureProgress measure = Get("measures/m");
  const v1::TargetProgress& target = measure.targets(0);
  EXPECT_TRUE(target.stale());
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_EQ(target.latest_value(), 120);
  EXPECT_THAT(target.reason(), HasSubstr("the last evaluation of indicators/x failed "
                                         "(PLUGIN_NOT_ACTIVE: plugins/copy is not active"));
  EXPECT_THAT(target.reason(), HasSubstr("what is shown is the last good one"));
  ASSERT_EQ(measure.missing_size(), 1);
  EXPECT_THAT(measure.missing(0), HasSubstr("PLUGIN_NOT_ACTIVE"));
}

TEST_F(ProgressTest, ABreakBetweenBaselineAndPeriodIsMarked) {
  world_.Put(Measure("measures/m", "east", 200));
  world_.Push("datasets/sales", {{{"east"}, 2020, 100, kBreak}, {{"east"}, 2021, 120}});
  world_.Evaluate();
  EXPECT_FALSE(Get("measures/m").targets(0).series_break());
  world_.Push("datasets/sales", {{{"east"}, 2021, 120, kBreak}});
  world_.Evaluate();
  EXPECT_TRUE(Get("measures/m").targets(0).series_break());
}

TEST_F(ProgressTest, ThePlanIsTheWorstOfItsMeasuresAndTheMeanOfTheirScores) {
  world_.Put(Measure("measures/a", "east", 200));
  world_.Put(Measure("measures/b", "west", 200));
  world_.Put(Measure("measures/c", "north", 200));
  v1::Measure cancelled = Measure("measures/d", "west", 10000);
  cancelled.add_lifecycle()->set_stage(v1::MEASURE_STAGE_CANCELLED);
  world_.Put(cancelled);
  v1::Measure elsewhere = Measure("measures/e", "west", 10000);
  elsewhere.set_plan("plans/other");
  world_.Put(elsewhere);
  v1::Measure bare = Measure("measures/f", "west", 1);
  bare.clear_targets();
  world_.Put(bare);
  world_.Put(Measure("measures/g", "west", 10000));
  world_.Delete("measures/g");
  // A second target of measure a.
  v1::Measure a = Measure("measures/a", "east", 200);
  *a.add_targets() = Measure("measures/a", "west", 200).targets(0);
  a.mutable_targets(1)->set_id("u");
  world_.Put(a);
  world_.Push(
      "datasets/sales",
      {{{"east"}, 2020, 100}, {{"east"}, 2021, 120}, {{"west"}, 2020, 100}, {{"west"}, 2021, 115}});
  world_.Evaluate();

  const v1::PlanProgress plan = GetPlan();
  std::vector<std::string> names;
  for (const v1::MeasureProgress& measure : plan.measures()) names.push_back(measure.measure());
  EXPECT_THAT(names, ElementsAre("measures/a", "measures/b", "measures/c", "measures/f"));
  EXPECT_EQ(plan.measures(0).status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_EQ(plan.measures(0).score(), (5 + 3.75) / 2);
  EXPECT_EQ(plan.measures(1).score(), 3.75);
  EXPECT_EQ(plan.measures(2).status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_EQ(plan.measures(3).status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_THAT(plan.measures(3).missing(), ElementsAre(HasSubstr("no target is set")));
  EXPECT_EQ(plan.status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_EQ(plan.score(), ((5 + 3.75) / 2 + 3.75) / 2);
  EXPECT_EQ(plan.counts().on_track(), 1);
  EXPECT_EQ(plan.counts().moderate(), 2);
  EXPECT_EQ(plan.counts().no_data(), 1);
  EXPECT_EQ(plan.counts().deteriorating(), 0);
  EXPECT_EQ(plan.rollup_rule(), kPlanRule);
  EXPECT_THAT(plan.rollup_rule(), HasSubstr("rest only on the targets that could be judged"));
  // Those of a and b, not that of c; cancelled and deleted measures have none.
  EXPECT_EQ(plan.judged_target_count(), 3);
  EXPECT_EQ(plan.target_count(), 4);
  EXPECT_EQ(plan.measures(0).judged_target_count(), 2);
  EXPECT_EQ(plan.measures(0).target_count(), 2);
  EXPECT_EQ(plan.measures(2).judged_target_count(), 0);
  EXPECT_EQ(plan.measures(2).target_count(), 1);
  EXPECT_TRUE(plan.measures(3).has_target_count());
  EXPECT_EQ(plan.measures(3).target_count(), 0);
  EXPECT_EQ(plan.revision(), world_.store().revision());
  EXPECT_EQ(GetPlan(4).measures_size(), 1) << "only measures/a was there at revision 4";
}

TEST_F(ProgressTest, MilestonesAreHeldAgainstTheDayOfTheClock) {
  v1::Measure measure = Measure("measures/m", "east", 200);
  const auto add = [&](const std::string& id, int month, int day, int done_day) {
    v1::Milestone& milestone = *measure.add_milestones();
    milestone.set_id(id);
    if (month > 0) {
      milestone.mutable_due_date()->set_year(2023);
      milestone.mutable_due_date()->set_month(month);
      milestone.mutable_due_date()->set_day(day);
    }
    if (done_day > 0) {
      milestone.mutable_done_date()->set_year(2023);
      milestone.mutable_done_date()->set_month(11);
      milestone.mutable_done_date()->set_day(done_day);
    }
  };
  // The clock stands at 2023-11-14.
  add("today", 11, 14, 0);
  add("yesterday", 11, 13, 0);
  add("this-month", 11, 0, 0);
  add("open", 0, 0, 0);
  add("done", 11, 10, 10);
  add("late", 11, 10, 11);
  world_.Put(measure);
  const v1::MeasureProgress progress = Get("measures/m");
  EXPECT_EQ(progress.milestone_date().year(), 2023);
  EXPECT_EQ(progress.milestone_date().month(), 11);
  EXPECT_EQ(progress.milestone_date().day(), 14);
  std::vector<v1::MilestoneState> states;
  for (const auto& milestone : progress.milestones()) states.push_back(milestone.state());
  EXPECT_THAT(states, ElementsAre(v1::MILESTONE_STATE_PENDING, v1::MILESTONE_STATE_OVERDUE,
                                  v1::MILESTONE_STATE_PENDING, v1::MILESTONE_STATE_PENDING,
                                  v1::MILESTONE_STATE_DONE, v1::MILESTONE_STATE_DONE_LATE));
}

TEST_F(ProgressTest, WrongQuestionsAreRefused) {
  const int64_t created = world_.Put(Measure("measures/m", "east", 200));
  const auto ask = [&](const v1::GetMeasureProgressRequest& request) {
    return Reader().GetMeasureProgress(request).status();
  };
  v1::GetMeasureProgressRequest request;
  EXPECT_EQ(ReasonOf(ask(request)), "FIELD_REQUIRED");
  request.set_name("measures/M");
  EXPECT_EQ(ReasonOf(ask(request)), "NAME_INVALID");
  request.set_name("measures/absent");
  EXPECT_EQ(ReasonOf(ask(request)), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ask(request).message(),
            "measures/absent does not exist; list measures to see which do");
  request.set_name("measures/m");
  request.mutable_as_of()->set_revision(created - 1);
  EXPECT_EQ(ReasonOf(ask(request)), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ask(request).message(), absl::StrCat("measures/m did not exist at revision ",
                                                 created - 1, "; list measures to see which do"));
  request.mutable_as_of()->set_revision(created + 1);
  EXPECT_EQ(MetadataOf(ask(request), "field"), "as_of.revision");
  request.mutable_as_of()->set_revision(0);
  EXPECT_EQ(ReasonOf(ask(request)), "FIELD_INVALID");
  request.mutable_as_of()->mutable_time()->set_seconds(1);
  EXPECT_EQ(MetadataOf(ask(request), "field"), "as_of.time");
  request.mutable_as_of()->mutable_time()->set_seconds(absl::ToUnixSeconds(world_.clock().Now()));
  EXPECT_TRUE(ask(request).ok()) << ask(request);
  request.mutable_as_of()->Clear();
  EXPECT_EQ(MetadataOf(ask(request), "field"), "as_of");
  request.clear_as_of();
  request.set_at_least_revision(created + 1);
  EXPECT_EQ(MetadataOf(ask(request), "field"), "at_least_revision");
  world_.Evaluate();
  request.set_at_least_revision(created);
  EXPECT_TRUE(ask(request).ok());
  world_.Delete("measures/m");
  request.clear_at_least_revision();
  EXPECT_EQ(ReasonOf(ask(request)), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ask(request).message(), "measures/m does not exist; list measures to see which do")
      << "deleted for good";
  v1::GetPlanProgressRequest plan;
  plan.set_name("plans/absent");
  EXPECT_EQ(Reader().GetPlanProgress(plan).status().message(),
            "plans/absent does not exist; list plans to see which do");
}

TEST_F(ProgressTest, ADeletedMeasureIsSaidToBeDeleted) {
  v1::Measure measure = Measure("measures/m", "east", 200);
  measure.mutable_delete_time()->set_seconds(1700000000);
  world_.Put(measure);
  const int64_t deleted = world_.Delete("measures/m");
  v1::GetMeasureProgressRequest request;
  request.set_name("measures/m");
  const absl::Status now = Reader().GetMeasureProgress(request).status();
  EXPECT_EQ(now.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(now), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(MetadataOf(now, "resource"), "measures/m");
  EXPECT_EQ(now.message(), "measures/m is deleted; undelete it to have it judged");
  // It may have come back since.
  const int64_t later = world_.Push("datasets/sales", {{{"east"}, 2020, 100}});
  world_.Put(Measure("measures/m", "east", 200));
  request.mutable_as_of()->set_revision(later);
  EXPECT_EQ(Reader().GetMeasureProgress(request).status().message(),
            absl::StrCat("measures/m was deleted at revision ", deleted,
                         ", so there is nothing to judge as of revision ", later,
                         "; ask for a revision before it"));
}

}  // namespace
}  // namespace policytrack::app
