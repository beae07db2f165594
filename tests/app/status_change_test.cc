// Why the status of a target changed last: each cause by itself, now and as of the
// past.
#include "services/app/status_change.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/explain.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::HasSubstr;

class StatusChangeTest : public testing::Test {
 protected:
  StatusChangeTest() {
    world_.PutPlan("plans/p");
    v1::Dataset sales = MakeDataset("datasets/sales", {"region"});
    sales.set_unit_multiplier(4);
    world_.Put(sales);
    indicator_ =
        MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}, {"region"});
    world_.Put(indicator_);
    measure_ = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
    measure_.mutable_targets(0)->set_unit_multiplier(4);
    (*measure_.mutable_targets(0)->mutable_group())["region"] = "east";
    world_.Put(measure_);
    world_.Push("datasets/sales", {{{"east"}, 2020, 100}, {{"east"}, 2021, 119}});
    world_.Evaluate();
  }

  v1::ExplainProgressResponse Explain(int64_t as_of = 0) {
    return world_.Explain("measures/m/targets/t", as_of);
  }

  void ExpectChange(v1::StatusChangeCause cause, int64_t revision, const std::string& words) {
    const v1::ExplainProgressResponse response = Explain();
    ASSERT_TRUE(response.has_last_change());
    const v1::StatusChange& change = response.last_change();
    EXPECT_EQ(v1::StatusChangeCause_Name(change.cause()), v1::StatusChangeCause_Name(cause));
    EXPECT_EQ(change.revision(), revision);
    EXPECT_EQ(change.to_status(), response.progress().status());
    EXPECT_NE(change.from_status(), change.to_status());
    EXPECT_TRUE(change.has_time());
    EXPECT_THAT(change.reason(), HasSubstr(words));
    EXPECT_EQ(response.sentences(response.sentences_size() - 1), change.reason());
  }

  EvaluationWorld world_;
  v1::Indicator indicator_;
  v1::Measure measure_;
};

TEST_F(StatusChangeTest, FirstFiguresAreAChangeFromNoData) {
  const v1::ExplainProgressResponse response = Explain();
  ASSERT_TRUE(response.has_last_change());
  EXPECT_EQ(response.last_change().from_status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_EQ(response.last_change().to_status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_EQ(response.last_change().cause(), v1::STATUS_CHANGE_CAUSE_NEW_PERIOD);
}

TEST_F(StatusChangeTest, ANewPeriod) {
  const int64_t pushed = world_.Push("datasets/sales", {{{"east"}, 2022, 120}});
  ExpectChange(v1::STATUS_CHANGE_CAUSE_NEW_PERIOD, pushed, "a figure came for 2022");
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_NEW_PERIOD, pushed, "a figure came for 2022");
}

TEST_F(StatusChangeTest, AFigureThatIsTakenAway) {
  world_.Push("datasets/sales", {{{"east"}, 2022, 120}});
  world_.Evaluate();
  const int64_t taken = world_.Push("datasets/sales", {Gone({"east"}, 2022)});
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_NEW_PERIOD, taken, "the figure of 2022, 120");
  ExpectChange(v1::STATUS_CHANGE_CAUSE_NEW_PERIOD, taken, "was taken away, so that 2021");
}

// Texts of the indicator change as well, which is no cause.
TEST_F(StatusChangeTest, AnotherDescriptionIsNoOtherMethod) {
  indicator_.set_description("in other words");
  world_.Put(indicator_);
  world_.Push("datasets/sales", {{{"east"}, 2021, 101}});
  world_.Evaluate();
  const v1::ExplainProgressResponse response = Explain();
  EXPECT_EQ(response.last_change().cause(), v1::STATUS_CHANGE_CAUSE_FIGURE_REVISED);
}

TEST_F(StatusChangeTest, ARevisedFigure) {
  const int64_t pushed = world_.Push("datasets/sales", {{{"east"}, 2021, 101}});
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_FIGURE_REVISED, pushed, "the figure of 2021 was revised");
}

TEST_F(StatusChangeTest, ARevisedBaseline) {
  const int64_t pushed = world_.Push("datasets/sales", {{{"east"}, 2020, 110}});
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_BASELINE_REVISED, pushed, "the baseline of 2020");
}

TEST_F(StatusChangeTest, AChangedTarget) {
  measure_.mutable_targets(0)->mutable_final_point()->set_value(900);
  const int64_t changed = world_.Put(measure_);
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_TARGET_CHANGED, changed, "the target itself was changed");
}

TEST_F(StatusChangeTest, AChangedMethod) {
  auto& parameters = *measure_.mutable_targets(0)->mutable_assessment()->mutable_parameters();
  (*parameters.mutable_fields())["strictness"].set_number_value(3);
  const int64_t changed = world_.Put(measure_);
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED, changed,
               "because the method by which it is judged was changed");
}

TEST_F(StatusChangeTest, AnIndicatorThatIsComputedOtherwise) {
  indicator_.set_plugin("plugins/total");
  const int64_t changed = world_.Put(indicator_);
  world_.Evaluate();
  ExpectChange(v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED, changed,
               "because the way in which its indicator is computed was changed");
}

TEST_F(StatusChangeTest, AnotherVersionOfAPlugin) {
  v1::PluginDescriptor copy = CalculatorDescriptor("copy", {"value"}, "@value");
  copy.set_version("1.1.0");
  ASSERT_TRUE(world_.engine()
                  .AddPlugin(copy, {0, 0},
                             [](const std::vector<int64_t>& axis,
                                const std::vector<plugins::InputView>& inputs, PeriodRange window,
                                const google::protobuf::Struct&) {
                               std::vector<Columns> outputs(1);
                               for (size_t i = 0; i < axis.size(); ++i) {
                                 if (!window.Contains(axis[i])) continue;
                                 outputs[0].Append(axis[i], 2 * inputs[0]->values[i], kNormal);
                               }
                               return outputs;
                             })
                  .ok());
  world_.evaluator().RecheckAll();
  world_.Evaluate();
  const v1::StatusChange change = Explain().last_change();
  EXPECT_EQ(change.cause(), v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED);
  EXPECT_EQ(change.to_status(), v1::PROGRESS_STATUS_ACHIEVED);
  EXPECT_THAT(change.reason(), HasSubstr("was replaced by another version"));
}

// What came later and did not change the status is no change of it, and the past
// tells what it told.
TEST_F(StatusChangeTest, TheLastChangeStays) {
  const int64_t revised = world_.Push("datasets/sales", {{{"east"}, 2021, 101}});
  world_.Evaluate();
  const int64_t then = world_.store().revision();
  const std::string told = Explain(then).last_change().SerializeAsString();
  for (int i = 0; i < 5; ++i) {
    world_.Push("datasets/sales", {{{"west"}, 2021, i + 1.0}, {{"east"}, 2021, 101 + i * 0.125}});
    world_.Evaluate();
  }
  ExpectChange(v1::STATUS_CHANGE_CAUSE_FIGURE_REVISED, revised, "the figure of 2021 was revised");
  world_.Push("datasets/sales", {{{"east"}, 2022, 150}});
  world_.Evaluate();
  EXPECT_EQ(Explain(then).last_change().SerializeAsString(), told);
}

}  // namespace
}  // namespace policytrack::app
