#include "core/error.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"
#include "tests/cli/read_fixture.h"

namespace policytrack::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(ReadTest, ReportAsTable) {
  const Ran ran = Run({"report", "plans/p"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("Plan\n\nplans/p, revision 42\n"));
  EXPECT_THAT(ran.out, HasSubstr("84.1235 (2024-09)"));
  EXPECT_THAT(ran.out, HasSubstr(">= 150 (2025)"));
  EXPECT_THAT(ran.out, HasSubstr("万辆"));
  EXPECT_THAT(ran.out, HasSubstr("provisional"));
  EXPECT_THAT(ran.out, HasSubstr("no data yet"));
  EXPECT_THAT(ran.out, HasSubstr("no targets"));
  EXPECT_THAT(
      ran.out,
      HasSubstr("Plan: limited, score -1.25, judged by 1 of 2 targets (1 limited, 1 no data yet)\n"
                "Rule: The worst measure decides.\n"));
  EXPECT_THAT(ran.out, HasSubstr("Still missing:\n  Measure A: datasets/x has no figures\n"));
}

TEST_F(ReadTest, ReportAsMarkdown) {
  const Ran ran = Run({"report", "p", "--format", "markdown"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("# Plan\n"));
  EXPECT_THAT(ran.out, HasSubstr("| Output \\| value | no data yet |"));
}

TEST_F(ReadTest, ReportAsCsvIsExact) {
  const Ran ran = Run({"report", "p", "--format", "csv"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, testing::StartsWith("measure,measure_name,target,"));
  EXPECT_THAT(ran.out, HasSubstr("PROGRESS_STATUS_LIMITED,-1.25,2024-09,84.123456789,0,100,"));
}

TEST_F(ReadTest, ReportAsJson) {
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"--format", "json"}, std::vector<std::string>{"-o", "json"}}) {
    std::vector<std::string> arguments = {"report", "p"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const Ran ran = Run(arguments);
    EXPECT_EQ(json::parse(ran.out)["measures"][0]["targets"][0]["latest_value"], 84.123456789);
  }
}

TEST_F(ReadTest, ReportInAnotherLanguage) {
  const Ran ran = Run({"report", "p", "--language", "zh"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("计划"), HasSubstr("措施甲"), HasSubstr("目标"),
                             HasSubstr("Measure B")));
}

TEST_F(ReadTest, ReportOfThePast) {
  Run({"report", "p", "--as-of", "12"});
  EXPECT_EQ(server.last_plan_request.as_of().revision(), 12);
  Run({"report", "p", "--as-of", "2024-11-12T08:00:00Z"});
  EXPECT_EQ(server.last_plan_request.as_of().time().seconds(), 1731398400);
  Run({"report", "p", "--wait", "9"});
  EXPECT_EQ(server.last_plan_request.at_least_revision(), 9);
  EXPECT_FALSE(server.last_plan_request.has_as_of());
  EXPECT_EQ(Run({"report", "p", "--wait", "0"}).code, kDone);
}

TEST_F(ReadTest, GetWritesWhatApplyReads) {
  const Ran ran = Run({"get", "measures/a"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, testing::StartsWith("kind: Measure\nname: measures/a\n"));
  EXPECT_THAT(ran.out, HasSubstr("display_name: 措施甲"));
  EXPECT_EQ(json::parse(Run({"get", "plans/p", "-o", "json"}).out)["display_name"], "Plan");
}

TEST_F(ReadTest, GetPluginsAndCommits) {
  EXPECT_THAT(Run({"get", "plugins/growth"}).out, HasSubstr("state: PLUGIN_STATE_ACTIVE"));
  EXPECT_THAT(Run({"get", "commits/2"}).out, HasSubstr("revision: 2"));
}

TEST_F(ReadTest, GetRefuses) {
  Ran ran = Run({"get", "plans/nothing"});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_EQ(ran.err, "error: there is no plans/nothing [RESOURCE_NOT_FOUND]\n");
  EXPECT_EQ(Run({"get", "nothing"}).code, kUsage);
  EXPECT_EQ(Run({"get", "targets/x"}).code, kUsage);
}

TEST_F(ReadTest, ListsPageByPageOrAll) {
  Ran ran = Run({"list", "measures"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("measures/a"), Not(HasSubstr("measures/b"))));
  EXPECT_THAT(ran.err, HasSubstr("there are more: --all"));
  ran = Run({"list", "measures", "--all"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("measures/a"), HasSubstr("measures/b")));
  ran = Run({"list", "measures", "--all", "-o", "json"});
  const json answer = json::parse(ran.out);
  EXPECT_THAT(answer["measures"], SizeIs(2));
  EXPECT_EQ(answer["revision"], "3");
  EXPECT_FALSE(answer.contains("next_page_token"));
  EXPECT_TRUE(json::parse(Run({"list", "measures", "-o", "json"}).out).contains("next_page_token"));
}

TEST_F(ReadTest, ListsEveryCollection) {
  for (const char* collection :
       {"plans", "measures", "datasets", "indicators", "scripts", "plugins", "commits"}) {
    EXPECT_EQ(Run({"list", collection}).code, kDone) << collection;
  }
  EXPECT_EQ(Run({"list", "datasets"}).out, "no datasets\n");
  EXPECT_EQ(Run({"list", "nothing"}).code, kUsage);
  EXPECT_EQ(Run({"list", "plans", "datasets/x"}).code, kUsage);
  EXPECT_EQ(Run({"list", "plans", "--from", "2024"}).code, kUsage);
}

TEST_F(ReadTest, ListsObservations) {
  const Ran ran = Run({"list", "observations", "datasets/d", "--from", "2024-01", "--to", "2024-09",
                       "--as-of", "5", "--all"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_EQ(ran.out,
            "DIMENSIONS   PERIOD   VALUE  STATUS       REVISION\n"
            "region=河南  2024-01    0.1  provisional         3\n"
            "region=河南  2024-02    0.1  provisional         3\n");
  EXPECT_EQ(server.last_list_request.start_period(), "2024-01");
  EXPECT_EQ(server.last_list_request.end_period(), "2024-09");
  EXPECT_EQ(server.last_list_request.as_of().revision(), 5);
  EXPECT_EQ(Run({"list", "observations"}).code, kUsage);
}

TEST_F(ReadTest, AsksForTheUnitWanted) {
  struct Case {
    std::vector<std::string> flags;
    std::string unit;
    int multiplier;
  };
  for (const Case& c :
       {Case{{"--unit", "万辆"}, "vehicles", 4}, Case{{"--unit", "亿元"}, "yuan", 8},
        Case{{"--unit", "yuan", "--multiplier", "8"}, "yuan", 8},
        Case{{"--unit", "10^3 tonnes"}, "tonnes", 3},
        Case{{"--unit", "percent", "--multiplier", "0"}, "percent", 0}, Case{{}, "", 0}}) {
    std::vector<std::string> list = {"list", "observations", "datasets/d"};
    std::vector<std::string> report = {"report", "p"};
    list.insert(list.end(), c.flags.begin(), c.flags.end());
    report.insert(report.end(), c.flags.begin(), c.flags.end());
    EXPECT_EQ(Run(list).code, kDone);
    EXPECT_EQ(server.last_list_request.unit(), c.unit);
    EXPECT_EQ(server.last_list_request.unit_multiplier(), c.multiplier);
    EXPECT_EQ(Run(report).code, kDone);
    EXPECT_EQ(server.last_plan_request.unit(), c.unit);
    EXPECT_EQ(server.last_plan_request.unit_multiplier(), c.multiplier);
  }
}

TEST_F(ReadTest, AUnitThatIsNoneIsAWrongUsage) {
  const auto refused = [&](std::vector<std::string> flags) {
    std::vector<std::string> arguments = {"list", "observations", "datasets/d"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, kUsage) << ran;
    arguments = {"report", "p"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    EXPECT_EQ(Run(arguments).err, ran.err);
    return ran.err;
  };
  EXPECT_THAT(refused({"--unit", "vehicle"}), HasSubstr("the nearest are vehicles"));
  EXPECT_THAT(refused({"--multiplier", "4"}), HasSubstr("name that too"));
  EXPECT_THAT(refused({"--unit", "万辆", "--multiplier", "4"}),
              HasSubstr("has a multiplier of its own, 4"));
  EXPECT_THAT(refused({"--unit", "yuan", "--multiplier", "16"}), HasSubstr("16 is not a power"));
  EXPECT_EQ(Run({"list", "plans", "--unit", "yuan"}).code, kUsage);
}

TEST_F(ReadTest, TellsTheUnitOfEachValueWhereOneWasAskedFor) {
  v1::OutputUnit unit;
  unit.set_unit("vehicles");
  unit.set_unit_multiplier(4);
  server.units = {unit};
  const Ran ran = Run({"list", "observations", "datasets/d", "--unit", "万辆"});
  EXPECT_THAT(ran.out, HasSubstr("PERIOD   VALUE  UNIT  STATUS"));
  EXPECT_THAT(ran.out, HasSubstr("2024-01    0.1  万辆  provisional"));
  EXPECT_THAT(Run({"list", "observations", "datasets/d"}).out, Not(HasSubstr("UNIT")));
  const json answer = json::parse(Run({"list", "observations", "datasets/d", "-o", "json"}).out);
  EXPECT_EQ(answer["units"][0]["unit"], "vehicles");
  EXPECT_EQ(answer["units"][0]["unit_multiplier"], 4);
}

TEST_F(ReadTest, PluginsSayWhyTheyCannotBeUsed) {
  const Ran ran = Run({"plugins"});
  EXPECT_THAT(ran.out, HasSubstr("plugins/rusty"));
  EXPECT_THAT(ran.out, HasSubstr("the file is text"));
}

TEST_F(ReadTest, TheReasonOfAPluginIsWhole) {
  v1::Plugin plugin;
  plugin.set_name("plugins/growth");
  plugin.set_state(v1::PLUGIN_STATE_NOT_TRUSTED);
  plugin.mutable_plugin_descriptor()->set_summary(std::string(70, 's'));
  const std::string line = std::string(64, 'a') + "  growth.so";
  plugin.set_state_message("the SHA-256 is not on the list; add the line `" + line + "`");
  server.plugins.push_back(plugin);
  Ran ran = Run({"plugins"});
  EXPECT_THAT(ran.out,
              HasSubstr("\n\nplugins/growth: the SHA-256 is not on the list; add the line `" +
                        line + "`\n"));
  // A program or a file gets cells whole; a screen gets them cut, and the reason whole.
  EXPECT_THAT(ran.out, HasSubstr(std::string(70, 's')));
  out_terminal = true;
  ran = Run({"list", "plugins"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr(line), Not(HasSubstr(std::string(70, 's')))));
}

TEST_F(ReadTest, PluginsSayWhereTheyRun) {
  v1::Plugin plugin;
  plugin.set_name("plugins/strange");
  plugin.set_state(v1::PLUGIN_STATE_ACTIVE);
  plugin.set_hosting(v1::PLUGIN_HOSTING_WORKER);
  server.plugins.push_back(plugin);
  EXPECT_THAT(Run({"plugins"}).out, HasSubstr("plugins/strange  active  worker"));
}

TEST_F(ReadTest, OnePlugin) {
  EXPECT_THAT(Run({"plugins", "growth"}).out, HasSubstr("name: plugins/growth"));
  EXPECT_THAT(Run({"plugins", "plugins/growth"}).out, HasSubstr("state: PLUGIN_STATE_ACTIVE"));
}

TEST_F(ReadTest, TextsOfTheServerDoNotMoveTheCursor) {
  const std::string bad = "\x1b]0;x\a\xe2\x80\xae\nline\xc2\x9b";
  server.plan_progress.set_display_name(bad);
  server.plan_progress.set_rollup_rule(bad);
  v1::MeasureProgress* measure = server.plan_progress.mutable_measures(0);
  measure->set_display_name(bad);
  measure->set_missing(0, bad);
  measure->mutable_targets(0)->set_reason(bad);
  for (const char* format : {"table", "markdown"}) {
    const Ran ran = Run({"report", "p", "--format", format});
    EXPECT_EQ(ran.code, kDone) << ran;
    EXPECT_THAT(ran.out, HasSubstr("x1b]0;x"));
    EXPECT_THAT(ran.out, HasSubstr("u202e line"));
    for (const char* raw : {"\x1b", "\a", "\xe2\x80\xae", "\xc2\x9b", "\nline"}) {
      EXPECT_THAT(ran.out, Not(HasSubstr(raw)));
    }
  }
  const json answer = json::parse(Run({"report", "p", "-o", "json"}).out);
  EXPECT_EQ(answer["display_name"], bad);
  server.FailNext("GetPlanProgress", NotFound("plans/p", bad));
  EXPECT_THAT(Run({"report", "p"}).err, Not(HasSubstr("\x1b")));
}

TEST_F(ReadTest, AValueThatIsNotThereSaysWhy) {
  v1::Observation row;
  row.set_period("2024");
  row.set_status(v1::OBSERVATION_STATUS_NORMAL);
  row.set_missing_reason(v1::MISSING_REASON_ZERO_BASE);
  server.observations.push_back(row);
  row.clear_missing_reason();
  server.observations.push_back(row);
  const Ran ran = Run({"list", "observations", "indicators/i"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("the base is zero"), HasSubstr("no value"),
                             Not(HasSubstr("normal"))));
}

TEST_F(ReadTest, NothingIsExpectedWithoutAFinalPoint) {
  EXPECT_THAT(Run({"report", "p"}).out, HasSubstr("  100  "));
  server.plan_progress.mutable_measures(0)->mutable_targets(0)->clear_final_point();
  EXPECT_THAT(Run({"report", "p"}).out, Not(HasSubstr("  100  ")));
  EXPECT_THAT(Run({"report", "p", "--format", "csv"}).out, HasSubstr("84.123456789,0,,"));
}

TEST_F(ReadTest, Commits) {
  const Ran ran = Run({"commits"});
  EXPECT_THAT(
      ran.out,
      HasSubstr(
          "2024-11-12T00:00:00.250Z  push  ci         datasets/output: 5 created, 1 revised\n"));
  server.unlisted_changes = 34;
  EXPECT_THAT(Run({"commits"}).out,
              HasSubstr("datasets/output: 5 created, 1 revised; and 34 more\n"));
}

TEST_F(ReadTest, DeletesAndUndeletes) {
  Ran ran = Run({"delete", "measures/a", "--etag", "\"9\""});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr("[ETAG_MISMATCH]"));
  ran = Run({"delete", "measures/a", "--dry-run"});
  EXPECT_EQ(ran.out, "dry run, nothing was written: would delete measures/a\n");
  EXPECT_NE(server.Find("measures/a"), nullptr);
  ran = Run({"undelete", "measures/a"});
  EXPECT_EQ(ran.out, "undeleted measures/a\n");
  ran = Run({"delete", "measures/a"});
  EXPECT_EQ(ran.out, "deleted measures/a\n");
  EXPECT_EQ(server.Find("measures/a"), nullptr);
  EXPECT_EQ(Run({"undelete", "plans/p"}).code, kUsage);
  EXPECT_EQ(Run({"delete", "a"}).code, kUsage);
}

class ExplainTest : public ReadTest {
 protected:
  void SetUp() override {
    ReadTest::SetUp();
    v1::ExplainProgressResponse& e = server.explanation;
    e.mutable_progress()->set_status(v1::PROGRESS_STATUS_ON_TRACK);
    e.mutable_progress()->set_period("2024-09");
    e.add_sentences("Sales reached 84 of the 100 expected.");
    v1::ExplainedStep* step = e.add_steps();
    step->set_display_name("Attainment");
    step->mutable_evaluation()->set_plugin("plugins/attainment");
    step->mutable_evaluation()->set_plugin_version("1.0.0");
    step->mutable_evaluation()->set_input_revision(7);
    step->add_parameters("method = linear");
    v1::ExplainedInput* input = step->add_inputs();
    input->set_slot("value");
    input->set_source("datasets/d");
    input->set_unit("vehicles");
    input->set_treatment("each quarter the sum of its months");
    step->set_further_input_count(3);
    v1::ExplainedPoint* point = input->add_points();
    point->set_period("2024-09");
    point->set_value(0.1);
    point->set_status(v1::OBSERVATION_STATUS_NORMAL);
    point->set_revision(7);
    point->set_principal("ci");
    step->add_inputs()->set_source("datasets/none");
    v1::MeasureProgress& m = server.measure_progress;
    m.add_targets()->set_target("measures/a/targets/t");
    m.add_targets()->set_target("measures/a/targets/u");
  }
};

TEST_F(ExplainTest, OneTarget) {
  const Ran ran = Run({"explain", "measures/a/targets/t"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("on track at 2024-09"), HasSubstr("Sales reached 84"),
                             HasSubstr("computed by plugins/attainment 1.0.0 from revision 7"),
                             HasSubstr("parameters: method = linear"),
                             HasSubstr("value: datasets/d, "), HasSubstr("no data yet"),
                             HasSubstr("    taken: each quarter the sum of its months\n"),
                             HasSubstr("  and 3 more series\n")));
  EXPECT_EQ(
      json::parse(Run({"explain", "measures/a/targets/t", "-o", "json"}).out)["progress"]["target"],
      "measures/a/targets/t");
}

TEST_F(ExplainTest, AllTargetsOfAMeasure) {
  const Ran ran = Run({"explain", "measures/a"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("measures/a/targets/t"), HasSubstr("measures/a/targets/u")));
  EXPECT_THAT(json::parse(Run({"explain", "measures/a", "-o", "json"}).out)["targets"], SizeIs(2));
  server.measure_progress.Clear();
  EXPECT_EQ(Run({"explain", "measures/a"}).out, "measures/a has no targets\n");
  EXPECT_EQ(Run({"explain", "plans/p"}).code, kUsage);
}

}  // namespace
}  // namespace policytrack::cli
