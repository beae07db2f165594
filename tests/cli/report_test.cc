// The report's sections: methods side by side, and what steers.
#include "nlohmann/json.hpp"
#include "tests/cli/read_fixture.h"

namespace policytrack::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The first target judged by other methods too.
void AddFurther(v1::TargetProgress* target) {
  target->mutable_evaluation()->set_plugin("plugins/attainment");
  target->add_assessment_parameters("across_breaks = false");
  target->add_assessment_parameters("method = open_sdg");
  target->set_methods_disagree(true);
  v1::FurtherJudgement* linear = target->add_further_judgements();
  linear->set_plugin("plugins/attainment");
  linear->add_parameters("method = linear_pace");
  linear->set_status(v1::PROGRESS_STATUS_ON_TRACK);
  linear->set_score(2.75);
  linear->set_projected_value(151.5);
  v1::FurtherJudgement* own = target->add_further_judgements();
  own->set_plugin("plugins/own");
  own->set_status(v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  own->set_reason("plugins/own is not active");
}

TEST_F(ReadTest, ReportShowsMethodsSideBySide) {
  EXPECT_THAT(Run({"report", "p"}).out, Not(HasSubstr("several methods")));
  AddFurther(server.plan_progress.mutable_measures(0)->mutable_targets(0));
  const Ran ran = Run({"report", "p"});
  EXPECT_THAT(ran.out, HasSubstr("provisional; methods disagree\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("\nJudged by several methods\n\n"
                        "TARGET  METHOD       STATUS          SCORE  RATIO  PROJECTED  NOTE\n"
                        "Share   open_sdg     limited         -1.25                    counts; "
                        "the methods disagree\n"
                        "        linear_pace  on track         2.75             151.5\n"
                        "        own          not assessable                           "
                        "plugins/own is not active\n"));
  EXPECT_THAT(Run({"report", "p", "--format", "markdown"}).out,
              HasSubstr("\n## Judged by several methods\n\n| TARGET |"));
  EXPECT_THAT(Run({"report", "p", "--format", "csv"}).out,
              HasSubstr(",true,\"limited by open_sdg, on track by linear_pace, not assessable by "
                        "own\"\n"));
  EXPECT_EQ(json::parse(Run({"report", "p", "-o", "json"})
                            .out)["measures"][0]["targets"][0]["further_judgements"][0]["status"],
            "PROGRESS_STATUS_ON_TRACK");
}

TEST_F(ReadTest, AssessmentsOfOneMethodAreToldApart) {
  v1::TargetProgress* target = server.plan_progress.mutable_measures(0)->mutable_targets(0);
  AddFurther(target);
  target->mutable_further_judgements(0)->set_parameters(0, "across_breaks = true");
  target->mutable_further_judgements(0)->add_parameters("method = open_sdg");
  target->add_assessment_parameters("year_end_month = 12");
  target->mutable_further_judgements(0)->add_parameters("year_end_month = 12");
  EXPECT_THAT(Run({"report", "p"}).out,
              AllOf(HasSubstr("open_sdg (across_breaks = false) "),
                    HasSubstr("open_sdg (across_breaks = true) "), Not(HasSubstr("year_end"))));
}

TEST_F(ReadTest, ReportShowsWhatSteers) {
  EXPECT_THAT(Run({"report", "p"}).out, Not(HasSubstr("What steers")));
  v1::TargetProgress* target = server.plan_progress.mutable_measures(0)->mutable_targets(0);
  target->set_required_pace(65.876543211);
  target->set_best_pace(30);
  target->set_out_of_reach_period("2024-12");
  target->set_flip_change(-2.5);
  target->set_flip_status(v1::PROGRESS_STATUS_DETERIORATING);
  target->set_rests_on_provisional(true);
  target->set_worst_input_status(v1::OBSERVATION_STATUS_FORECAST);
  EXPECT_THAT(Run({"report", "p"}).out,
              HasSubstr("TARGET  PACE NEEDED  BEST PACE  OUT OF REACH FROM  FLIPS BY  TO         "
                        "    UNIT  RESTS ON\n"
                        "Share      +65.8765        +30  2024-12                -2.5  "
                        "deteriorating  万辆  forecast\n"));
  EXPECT_THAT(Run({"report", "p", "--format", "csv"}).out,
              HasSubstr(",65.876543211,30,2024-12,-2.5,PROGRESS_STATUS_DETERIORATING,"
                        "OBSERVATION_STATUS_FORECAST,,\n"));
  // A pace needed above the best one is not yet out of reach.
  EXPECT_THAT(Run({"report", "p"}).out, HasSubstr("needed is the first year's by the method"));
  target->set_out_of_reach_period(target->period());
  EXPECT_THAT(Run({"report", "p"}).out, HasSubstr("+30  already"));
}

TEST_F(ReadTest, AnExplanationBeginsWithWhatTheMethodsSay) {
  v1::TargetProgress* progress = server.explanation.mutable_progress();
  progress->set_status(v1::PROGRESS_STATUS_LIMITED);
  EXPECT_THAT(Run({"explain", "measures/a/targets/t"}).out, Not(HasSubstr("methods")));
  AddFurther(progress);
  EXPECT_THAT(Run({"explain", "measures/a/targets/t"}).out,
              HasSubstr("\nmethods disagree: limited by open_sdg, on track by linear_pace, not "
                        "assessable by own\n"));
}

}  // namespace
}  // namespace policytrack::cli
