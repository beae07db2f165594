// A plan with progress, for the tests of commands that read.
#ifndef POLICYTRACK_TESTS_CLI_READ_FIXTURE_H_
#define POLICYTRACK_TESTS_CLI_READ_FIXTURE_H_

#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"
#include "tests/cli/cli_harness.h"

namespace policytrack::cli {

class ReadTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    v1::Plan plan;
    plan.set_name("plans/p");
    plan.set_display_name("Plan");
    (*plan.mutable_translations())["zh-Hans"].set_display_name("计划");
    server.Put(plan);
    v1::Measure measure;
    measure.set_name("measures/a");
    measure.set_plan("plans/p");
    measure.set_display_name("Measure A");
    (*measure.mutable_translations())["zh"].set_display_name("措施甲");
    v1::Target* target = measure.add_targets();
    target->set_id("t");
    (*target->mutable_translations())["zh"].set_display_name("目标");
    server.Put(measure);
    measure.set_name("measures/b");
    measure.clear_targets();
    measure.clear_translations();
    measure.set_display_name("Measure B");
    server.Put(measure);
    FillProgress();
  }

  void FillProgress() {
    v1::PlanProgress& plan = server.plan_progress;
    plan.set_plan("plans/p");
    plan.set_display_name("Plan");
    plan.set_status(v1::PROGRESS_STATUS_LIMITED);
    plan.set_score(-1.25);
    plan.set_revision(42);
    plan.set_rollup_rule("The worst measure decides.");
    plan.mutable_counts()->set_limited(1);
    plan.mutable_counts()->set_no_data(1);
    v1::MeasureProgress* a = plan.add_measures();
    a->set_measure("measures/a");
    a->set_display_name("Measure A");
    v1::TargetProgress* t = a->add_targets();
    t->set_target("measures/a/targets/t");
    t->set_display_name("Share");
    t->set_status(v1::PROGRESS_STATUS_LIMITED);
    t->set_score(-1.25);
    t->set_period("2024-09");
    t->set_latest_value(84.123456789);
    t->set_latest_status(v1::OBSERVATION_STATUS_PROVISIONAL);
    t->set_expected_value(100);
    t->set_relation(v1::TARGET_RELATION_AT_LEAST);
    t->mutable_final_point()->set_period("2025");
    t->mutable_final_point()->set_value(150);
    t->set_unit("vehicles");
    t->set_unit_multiplier(4);
    v1::TargetProgress* none = a->add_targets();
    none->set_target("measures/a/targets/none");
    none->set_display_name("Output | value");
    none->set_status(v1::PROGRESS_STATUS_NO_DATA);
    a->add_missing("datasets/x has no figures");
    v1::MeasureProgress* b = plan.add_measures();
    b->set_measure("measures/b");
    b->set_display_name("Measure B");
    b->set_status(v1::PROGRESS_STATUS_NO_DATA);
  }
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_TESTS_CLI_READ_FIXTURE_H_
