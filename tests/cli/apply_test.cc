#include "clients/cli/documents_api.h"
#include "core/error.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"
#include "tests/cli/cli_harness.h"

namespace policytrack::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr char kPlan[] = "kind: Plan\nname: plans/p\ndisplay_name: P\n";
constexpr char kDataset[] =
    "kind: Dataset\nname: datasets/d\ndisplay_name: D\nunit: vehicles\n"
    "frequency: FREQUENCY_YEAR\naccumulation: ACCUMULATION_FLOW\n";
constexpr char kIndicator[] =
    "kind: Indicator\nname: indicators/i\ndisplay_name: I\nplugin: plugins/level\n"
    "inputs: [{slot: value, source: datasets/d}]\n";

std::string Measure(const std::string& id, const std::string& display_name) {
  return "kind: Measure\nname: measures/" + id + "\nplan: plans/p\ndisplay_name: " + display_name +
         "\nlifecycle: [{stage: MEASURE_STAGE_PROPOSED, effective_date: 2024-01-01}]\n";
}

class ApplyTest : public CliTest {
 protected:
  void WriteSet() {
    // Named so that the order of the files is not the order of reference.
    Write("set/z/plan.yaml", kPlan);
    Write("set/y.yml", kDataset);
    Write("set/b.yaml", kIndicator);
    Write("set/a.yaml", Measure("m", "M"));
    Write("set/figures/d.mapping.yaml", "dataset: d\n");
    Write("set/push.yaml", "dataset: d\n");
    Write("set/README.md", "no YAML: [");
  }
};

TEST_F(ApplyTest, ScriptsComeBeforeTheIndicatorsThatUseThem) {
  Write("set/a.yaml",
        "kind: Indicator\nname: indicators/i\ndisplay_name: I\nplugin: scripts/s\n"
        "inputs: [{slot: a, source: datasets/d}]\n");
  Write("set/b.yaml",
        "kind: Script\nname: scripts/s\ndisplay_name: S\ncode: |\n  function compute(a)\n"
        "    return 2 * a\n  end\ninputs: [{slot: a}]\nunit: \"@a\"\n"
        "accumulation: ACCUMULATION_FLOW\n");
  Write("set/c.yaml", kDataset);
  Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, StartsWith("created    datasets/d\ncreated    scripts/s\n"
                                  "created    indicators/i\n"));
  ran = Run({"get", "scripts/s"});
  EXPECT_THAT(ran.out, HasSubstr("function compute(a)\n    return 2 * a\n"));
  ran = Run({"list", "scripts"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("scripts/s"), HasSubstr("@a"), HasSubstr("code")));
  EXPECT_EQ(Run({"delete", "scripts/s"}).code, kDone);
}

TEST_F(ApplyTest, CreatesInOrderOfReferenceAndIsDone) {
  WriteSet();
  const Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_EQ(ran.out,
            "created    plans/p\ncreated    datasets/d\ncreated    indicators/i\n"
            "created    measures/m\n4 created, 0 changed, 0 unchanged\n");
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(server.request_ids(), SizeIs(4));
  EXPECT_THAT(server.request_ids(),
              testing::Each(testing::MatchesRegex(
                  "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
}

TEST_F(ApplyTest, ASecondApplyWritesNothing) {
  WriteSet();
  Run({"apply", Path("set")});
  const int64_t revision = server.revision();
  const Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("0 created, 0 changed, 4 unchanged\n"));
  EXPECT_EQ(server.revision(), revision);
  EXPECT_THAT(server.calls(), Not(Contains(StartsWith("Update"))));
}

TEST_F(ApplyTest, SaysWhatChangesFieldByField) {
  WriteSet();
  Run({"apply", Path("set")});
  Write("set/a.yaml", Measure("m", "New") + "category: roads\n");
  const Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("changed    measures/m\n"
                                 "             display_name: \"M\" -> \"New\"\n"
                                 "             category: (unset) -> \"roads\"\n"));
  EXPECT_EQ(TextOf(*server.Find("measures/m"), "display_name"), "New");
}

TEST_F(ApplyTest, AllProblemsAreToldAndNothingIsSent) {
  WriteSet();
  const std::string bad =
      Write("set/c.yaml", "kind: Plan\nname: plans/q\ndisplay_name: Q\nfoo: 1\n");
  const std::string twice = Write("set/w.yaml", kPlan);
  const Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr(bad + ":4:1: `Plan` has no field `foo`"));
  EXPECT_THAT(ran.err, HasSubstr("`plans/p` is already at " + twice + ":2"));
  EXPECT_THAT(ran.err, HasSubstr("2 problems in 6 files; nothing was sent"));
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(ApplyTest, AnnotatesOnGitHub) {
  variables["GITHUB_ACTIONS"] = "true";
  const std::string file = Write("a.yaml", "kind: Plan\nname: plans/q\ndisplay_name: Q\nfoo: 1\n");
  const Ran ran = Run({"apply", file});
  EXPECT_THAT(ran.err, HasSubstr("::error file=" + file + ",line=4,col=1::`Plan` has no field"));
}

TEST_F(ApplyTest, StopsAtTheFirstRefusalAndSaysWhere) {
  WriteSet();
  const std::string file =
      Write("set/b.yaml", kIndicator + std::string("---\n") + Measure("a", "refuse me"));
  const Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr("FIELD_INVALID"));
  EXPECT_THAT(ran.err, HasSubstr(":10:15: error: measures/"));
  EXPECT_THAT(ran.err, HasSubstr("not applied: measures/a"));
  EXPECT_THAT(ran.out, HasSubstr("1 refused"));
}

TEST_F(ApplyTest, ADanglingReferenceIsToldAtItsLine) {
  const std::string file = Write("m.yaml", Measure("m", "M"));
  const Ran ran = Run({"apply", file});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr(file + ":3:7: error: measures/m: `plans/p` does not exist"));
}

TEST_F(ApplyTest, AnUnreachableServerIsNotAFaultOfTheDocument) {
  WriteSet();
  server.FailNext("", absl::UnavailableError("down"), false, 100);
  const Ran ran = Run({"apply", Path("set"), "--retries", "1"});
  EXPECT_EQ(ran.code, kUnavailable) << ran;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("nothing was applied"), Not(HasSubstr("plan.yaml"))));
}

TEST_F(ApplyTest, ADryRunWritesNothingAndForgivesWhatItWouldCreate) {
  WriteSet();
  const Ran ran = Run({"apply", Path("set"), "--dry-run"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("created    indicators/i (refers to datasets/d, which this apply "
                                 "creates"));
  EXPECT_THAT(ran.out, HasSubstr("dry run, nothing was written: 4 created"));
  EXPECT_EQ(server.revision(), 0);
}

TEST_F(ApplyTest, ADryRunTellsEveryRefusal) {
  Write("set/a.yaml",
        std::string(kIndicator) + "---\n" + Measure("m", "refuse me") + "---\n" + kPlan);
  const Ran ran = Run({"apply", Path("set"), "--dry-run"});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr("`datasets/d` does not exist [RESOURCE_NOT_FOUND]"));
  EXPECT_THAT(ran.out, HasSubstr("2 created, 0 changed, 0 unchanged, 1 refused"));
}

TEST_F(ApplyTest, PrunesMeasuresOfItsPlanAndNothingElse) {
  WriteSet();
  Run({"apply", Path("set")});
  v1::Measure other;
  other.set_name("measures/old");
  other.set_plan("plans/p");
  server.Put(other);
  other.set_name("measures/of-another-plan");
  other.set_plan("plans/q");
  server.Put(other);
  v1::Dataset dataset;
  dataset.set_name("datasets/other");
  server.Put(dataset);

  Ran ran = Run({"apply", Path("set"), "--prune", "--dry-run"});
  EXPECT_THAT(ran.out, HasSubstr("deleted    measures/old"));
  EXPECT_NE(server.Find("measures/old"), nullptr);

  ran = Run({"apply", Path("set"), "--prune"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("deleted    measures/old (belongs to plans/p"));
  EXPECT_THAT(ran.out, HasSubstr("0 created, 0 changed, 4 unchanged, 1 deleted"));
  EXPECT_EQ(server.Find("measures/old"), nullptr);
  EXPECT_NE(server.Find("measures/of-another-plan"), nullptr);
  EXPECT_NE(server.Find("datasets/other"), nullptr);
}

TEST_F(ApplyTest, PruneNeedsAPlan) {
  const Ran ran = Run({"apply", Write("d.yaml", kDataset), "--prune"});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(ApplyTest, BringsBackADeletedMeasure) {
  WriteSet();
  Run({"apply", Path("set")});
  v1::Measure deleted = static_cast<const v1::Measure&>(*server.Find("measures/m"));
  deleted.mutable_delete_time()->set_seconds(1);
  server.Put(deleted);
  const Ran ran = Run({"apply", Path("set")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("undeleted  measures/m\n"));
}

TEST_F(ApplyTest, ACreateWhoseAnswerWasLostIsNotRefused) {
  server.FailNext("CreatePlan", absl::UnavailableError("reset"), true);
  const Ran ran = Run({"apply", Write("p.yaml", kPlan)});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("1 created"));
  ASSERT_THAT(server.request_ids(), SizeIs(2));
  EXPECT_EQ(server.request_ids()[0], server.request_ids()[1]);
}

TEST_F(ApplyTest, AnUpdateWhoseAnswerWasLostIsNotRefused) {
  Run({"apply", Write("p.yaml", kPlan)});
  server.FailNext("UpdatePlan", absl::UnavailableError("reset"), true);
  const Ran ran = Run({"apply", Write("p.yaml", "kind: Plan\nname: plans/p\ndisplay_name: Q\n")});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("changed    plans/p\n             display_name: \"P\" -> \"Q\""));
}

TEST_F(ApplyTest, AnEtagInTheFileIsKept) {
  Run({"apply", Write("p.yaml", kPlan)});
  const Ran ran = Run(
      {"apply", Write("p.yaml", "kind: Plan\nname: plans/p\ndisplay_name: Q\netag: '\"9\"'\n")});
  EXPECT_EQ(ran.code, kRefused) << ran;
  EXPECT_THAT(ran.err, HasSubstr("[ETAG_MISMATCH]"));
}

TEST_F(ApplyTest, Json) {
  WriteSet();
  Run({"apply", Path("set/z/plan.yaml")});
  Write("set/z/plan.yaml", "kind: Plan\nname: plans/p\ndisplay_name: Q\n");
  const Ran ran = Run({"apply", Path("set"), "--output", "json"});
  EXPECT_EQ(ran.code, kDone) << ran;
  const json answer = json::parse(ran.out);
  EXPECT_EQ(answer["summary"]["created"], 3);
  EXPECT_EQ(answer["summary"]["changed"], 1);
  EXPECT_EQ(answer["documents"][0]["name"], "plans/p");
  EXPECT_EQ(answer["documents"][0]["result"], "changed");
  EXPECT_EQ(answer["documents"][0]["changes"][0]["path"], "display_name");
  EXPECT_EQ(answer["documents"][0]["changes"][0]["old"], "\"P\"");
}

TEST_F(ApplyTest, WhatCannotBeReadIsUsage) {
  EXPECT_EQ(Run({"apply", Path("nothing")}).code, kUsage);
  std::filesystem::create_directories(Path("empty"));
  EXPECT_EQ(Run({"apply", Path("empty")}).code, kUsage);
  const Ran ran = Run({"apply", Write("comment.yaml", "# nothing\n")});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_THAT(ran.err, HasSubstr("there is no document"));
}

}  // namespace
}  // namespace policytrack::cli
