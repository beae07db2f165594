// What evaluation makes of versions, reloads, quarantines and selections.
#include "core/error.h"
#include "services/app/resolve.h"
#include "tests/app/plugin_world.h"

namespace policytrack::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PluginLifecycleTest : public PluginWorldTest {
 protected:
  PluginLifecycleTest() {
    world_->Put(Times("indicators/follows", ""));
    world_->Evaluate();
  }

  static v1::Indicator Times(const std::string& name, const std::string& version) {
    v1::Indicator indicator = MakeIndicator(name, "plugins/times", {{"value", "datasets/sales"}});
    indicator.set_plugin_version(version);
    return indicator;
  }

  absl::Status Check(const std::string& version) {
    return world_->store().Read([&](storage::ReadTransaction& tx) {
      return ResolveIndicator(tx, storage::kPresent, engine_, Times("indicators/x", version),
                              "indicator")
          .status();
    });
  }
};

TEST_F(PluginLifecycleTest, ANewVersionEvaluatesAgainWhatFollowsAsACommitThatSaysSo) {
  world_->Put(Times("indicators/pinned", "1.1.0"));
  world_->Put(Times("indicators/major", "1"));
  world_->Evaluate();
  const std::string before = "2020:20 2021:40 2022:80";
  EXPECT_EQ(Text("indicators/follows"), before);
  const int64_t revision = world_->store().revision();
  PutTimes("times@1.2.0", "1.2.0", 3);
  PutTimes("times@2.0.0", "2.0.0", 5);
  ReloadAndEvaluate();
  EXPECT_EQ(Text("indicators/pinned"), before);
  EXPECT_EQ(Text("indicators/major"), "2020:30 2021:60 2022:120");
  EXPECT_EQ(Text("indicators/follows"), "2020:50 2021:100 2022:200");
  EXPECT_EQ(world_->store().revision(), revision + 1);
  const v1::Commit commit = LastCommit();
  EXPECT_EQ(commit.kind(), v1::COMMIT_KIND_EVALUATION);
  EXPECT_EQ(commit.principal(), "evaluator");
  EXPECT_THAT(commit.plugin_changes(),
              ElementsAre("plugins/times 1.1.0 -> 1.2.0", "plugins/times 1.1.0 -> 2.0.0"));
  const v1::Evaluation record = Record("indicators/follows");
  EXPECT_EQ(record.plugin_version(), "2.0.0");
  EXPECT_EQ(record.previous_plugin_version(), "1.1.0");
  EXPECT_EQ(record.plugin_change_revision(), revision + 1);
  // The past stands as it was computed then.
  EXPECT_EQ(world_->Text("indicators/follows", "value", {}, revision), before);

  // The next commit tells of figures only, and the record still knows since when.
  world_->Push("datasets/sales", {{{}, 2023, 1}});
  world_->Evaluate();
  EXPECT_THAT(LastCommit().plugin_changes(), IsEmpty());
  EXPECT_EQ(Record("indicators/follows").plugin_change_revision(), revision + 1);
}

TEST_F(PluginLifecycleTest, AnotherBuildOfOneVersionIsToldAsSuch) {
  v1::PluginDescriptor descriptor = CalculatorDescriptor("times", {"value"}, "@value");
  descriptor.set_version("1.1.0");
  descriptor.set_summary("For tests, corrected.");
  Put("times", descriptor, {0, 0}, [](const Columns& in, size_t i) { return in.values[i]; });
  ReloadAndEvaluate();
  EXPECT_EQ(Text("indicators/follows"), "2020:10 2021:20 2022:40");
  EXPECT_THAT(LastCommit().plugin_changes(),
              ElementsAre("plugins/times 1.1.0 -> 1.1.0 (another build)"));
}

TEST_F(PluginLifecycleTest, ExplainTellsWhichBuildChangedTheStatus) {
  v1::PluginDescriptor judge = CalculatorDescriptor("judge", {"value"}, "code");
  judge.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  judge.mutable_outputs(0)->set_name("status");
  v1::PluginInput& path = *judge.add_inputs();
  path.set_slot("path");
  path.set_optional(true);
  path.set_unaligned(true);
  const auto put = [&](const std::string& version, double status) {
    judge.set_version(version);
    Put("judge", judge, {0, 0}, [status](const Columns&, size_t) { return status; });
  };
  put("1.0.0", 2);
  EXPECT_TRUE(admin_->Reload(false).ok());
  world_->Put(MakeMeasure("measures/m", "indicators/follows", "value", "2025", 200));
  world_->Evaluate();
  put("1.1.0", 4);
  ReloadAndEvaluate();
  const v1::ExplainProgressResponse explained = world_->Explain("measures/m/targets/t");
  EXPECT_EQ(explained.last_change().cause(), v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED);
  EXPECT_THAT(explained.last_change().reason(), HasSubstr("plugins/judge 1.0.0 -> 1.1.0"));
  EXPECT_THAT(explained.sentences(),
              testing::Contains(HasSubstr("plugins/judge 1.1.0 (1.0.0 until revision")));
}

TEST_F(PluginLifecycleTest, ADefinitionThatNoVersionFitsIsRefused) {
  EXPECT_TRUE(Check("").ok());
  EXPECT_TRUE(Check("1").ok());
  EXPECT_TRUE(Check("1.1.0").ok());
  for (const char* version : {"2", "1.2.0"}) {
    const absl::Status status = Check(version);
    EXPECT_EQ(ReasonOf(status), reason::kPluginNotActive) << version;
    EXPECT_THAT(std::string(status.message()), HasSubstr("it has 1.1.0"));
  }
  const absl::Status status = Check("newest");
  EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(status, "field"), "indicator.plugin_version");
}

TEST_F(PluginLifecycleTest, AQuarantineLeavesTheLastGoodResultAsStaleWithTheReason) {
  const auto plugin = Quarantine("plugins/times", "", "doubles twice");
  ASSERT_TRUE(plugin.ok()) << plugin.status();
  EXPECT_EQ(plugin->state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_EQ(plugin->versions(0).quarantine().principal(), "operator");
  EXPECT_GT(plugin->versions(0).quarantine().time().seconds(), 0);
  const v1::Commit commit = LastCommit();
  EXPECT_EQ(commit.principal(), "operator");
  EXPECT_EQ(commit.changes(0).name(), "plugins/times");
  EXPECT_FALSE(admin_->Healthy());

  world_->Push("datasets/sales", {{{}, 2023, 80}});
  world_->Evaluate();
  v1::Evaluation record = Record("indicators/follows");
  EXPECT_EQ(record.failure_reason(), "PLUGIN_NOT_ACTIVE");
  EXPECT_THAT(record.failure_message(), HasSubstr("doubles twice"));
  EXPECT_EQ(Text("indicators/follows"), "2020:20 2021:40 2022:80");

  // Over a restart it is known before anything is evaluated.
  Start();
  world_->Evaluate();
  EXPECT_EQ(Text("indicators/follows"), "2020:20 2021:40 2022:80");
  EXPECT_EQ(registry_->PluginDigest("plugins/times"), "");

  ASSERT_TRUE(Release("plugins/times").ok());
  world_->Evaluate();
  EXPECT_EQ(Text("indicators/follows"), "2020:20 2021:40 2022:80 2023:160");
  EXPECT_EQ(Record("indicators/follows").failure_reason(), "");
  EXPECT_TRUE(admin_->Healthy());
}

TEST_F(PluginLifecycleTest, TheHostsOwnQuarantineIsStored) {
  const std::string digest = registry_->PluginDigest("plugins/times");
  const int64_t revision = world_->store().revision();
  registry_->Quarantine(digest, "crashed three times in ten minutes");
  // Writes are done in order: this one comes after that of the listener.
  ASSERT_TRUE(
      world_->store().Write({}, [](storage::WriteTransaction&) { return absl::OkStatus(); }).ok());
  EXPECT_EQ(world_->store().revision(), revision + 1);
  EXPECT_EQ(LastCommit().principal(), "plugin-host");
  Start();
  const auto plugin = registry_->GetPlugin("plugins/times");
  EXPECT_EQ(plugin->state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_EQ(plugin->versions(0).quarantine().principal(), "plugin-host");
  EXPECT_EQ(plugin->versions(0).quarantine().reason(), "crashed three times in ten minutes");
}

TEST_F(PluginLifecycleTest, ASelectedVersionRollsBackAndSaysSo) {
  PutTimes("times@1.2.0", "1.2.0", 3);
  ReloadAndEvaluate();
  ASSERT_TRUE(Select("plugins/times", "1.1.0").ok());
  world_->Evaluate();
  EXPECT_EQ(Text("indicators/follows"), "2020:20 2021:40 2022:80");
  EXPECT_THAT(LastCommit().plugin_changes(), ElementsAre("plugins/times 1.2.0 -> 1.1.0"));
  Start();
  world_->Evaluate();
  EXPECT_EQ(Record("indicators/follows").plugin_version(), "1.1.0");
  ASSERT_TRUE(Select("plugins/times", "").ok());
  world_->Evaluate();
  EXPECT_EQ(Record("indicators/follows").plugin_version(), "1.2.0");
}

TEST_F(PluginLifecycleTest, WhatIsAskedWronglyIsRefused) {
  EXPECT_EQ(ReasonOf(Quarantine("plugins/none", "", "x").status()), reason::kResourceNotFound);
  EXPECT_EQ(ReasonOf(Quarantine("plugins/times", "9.9.9", "x").status()),
            reason::kResourceNotFound);
  EXPECT_EQ(ReasonOf(Quarantine("plugins/times", "1", "x").status()), reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Quarantine("plugins/times", "", " ").status()), reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Quarantine("plugins/times", "", std::string(1001, 'x')).status()),
            reason::kFieldInvalid);
  EXPECT_TRUE(Quarantine("plugins/times", "", std::string(1000, 'x')).ok());
  EXPECT_EQ(ReasonOf(Select("plugins/times", "1.1.0").status()), reason::kPluginNotActive);
  directory_.PutBroken("cut", "cut", v1::PLUGIN_STATE_BROKEN, "cut.so is cut short", true);
  EXPECT_TRUE(admin_->Reload(false).ok());
  EXPECT_EQ(ReasonOf(Quarantine("plugins/cut", "", "x").status()), reason::kPluginNotActive);
  v1::QuarantinePluginRequest dry;
  dry.set_name("plugins/times");
  dry.set_reason("only asking");
  dry.set_validate_only(true);
  const int64_t revision = world_->store().revision();
  EXPECT_TRUE(admin_->Quarantine(dry, "operator").ok());
  EXPECT_EQ(world_->store().revision(), revision);
}

}  // namespace
}  // namespace policytrack::app
