// One in so many incremental evaluations is computed in full as well: a plugin that
// lies about its window is found, and what it computed is suspect and right again.
#include "services/app/auditor.h"

#include "absl/strings/str_cat.h"
#include "tests/app/plugin_world.h"

namespace policytrack::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Auditor, ChoosesOneInSoManyAndAlwaysTheSame) {
  constexpr int kAsked = 20000;
  for (const int interval : {1, 2, 10, 100}) {
    int chosen = 0;
    for (int revision = 0; revision < kAsked; ++revision) {
      const bool chooses = Auditor(interval).Chooses("indicators/x", revision);
      EXPECT_EQ(Auditor(interval).Chooses("indicators/x", revision), chooses);
      chosen += chooses;
    }
    EXPECT_NEAR(chosen, kAsked / interval, 0.2 * kAsked / interval) << interval;
  }
  for (int revision = 0; revision < 100; ++revision) {
    EXPECT_FALSE(Auditor(0).Chooses("indicators/x", revision));
  }
}

class AuditTest : public PluginWorldTest {
 protected:
  // plugins/before looks one period back; with the window {0, 0} it says that it does
  // not.
  void Build(plugins::Window window, int64_t interval) {
    PutBefore("1.0.0", window);
    EXPECT_TRUE(admin_->Reload(false).ok());
    world_->SetAuditor(Auditor(interval));
    world_->Restart();
    Administer();
    for (const char* name : {"indicators/a", "indicators/b"}) {
      const std::string source = name == std::string("indicators/a") ? "sales" : "other";
      world_->Put(MakeIndicator(name, "plugins/before", {{"value", "datasets/" + source}}));
    }
    world_->Put(MakeDataset("datasets/other"));
    world_->Push("datasets/other", {{{}, 2020, 1}, {{}, 2021, 2}, {{}, 2022, 3}});
    world_->Evaluate();
    ASSERT_EQ(Text("indicators/a"), "2020:0 2021:10 2022:20");
  }
};

TEST_F(AuditTest, APluginThatLiesAboutItsWindowIsFoundAndItsResultsAreRightAgain) {
  Build({0, 0}, 1);
  // Not audited, 2021 would keep the difference to the old figure of 2020.
  world_->Push("datasets/sales", {{{}, 2020, 15}});
  world_->Evaluate();
  EXPECT_EQ(Text("indicators/a"), "2020:0 2021:5 2022:20");
  const v1::Evaluation record = Record("indicators/a");
  EXPECT_THAT(record.suspect_message(),
              HasSubstr("plugins/before 1.0.0 gives other results in full than for the window that "
                        "it declares: output value, period 2021"));
  EXPECT_EQ(record.failure_reason(), "");
  const v1::Plugin plugin = *registry_->GetPlugin("plugins/before");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_ACTIVE);
  EXPECT_EQ(plugin.audit_message(), record.suspect_message());
  EXPECT_EQ(plugin.versions(0).audit_message(), record.suspect_message());
  EXPECT_FALSE(admin_->Healthy());
  // What else it computed is suspect too.
  EXPECT_EQ(Record("indicators/b").suspect_message(), record.suspect_message());

  // From now on its window is not believed, audited or not.
  world_->SetAuditor(Auditor(0));
  world_->Restart();
  Administer();
  world_->Push("datasets/sales", {{{}, 2021, 25}});
  world_->Evaluate();
  EXPECT_EQ(Text("indicators/a"), "2020:0 2021:10 2022:15");
  EXPECT_EQ(Record("indicators/a").suspect_message(), record.suspect_message());

  // A restart remembers it; a release forgets it.
  Start();
  EXPECT_EQ(registry_->GetPlugin("plugins/before")->audit_message(), record.suspect_message());
  ASSERT_TRUE(Release("plugins/before").ok());
  world_->Evaluate();
  EXPECT_EQ(Record("indicators/a").suspect_message(), "");
  EXPECT_EQ(Record("indicators/b").suspect_message(), "");
  EXPECT_TRUE(admin_->Healthy());
}

TEST_F(AuditTest, AnotherBuildBeginsWithoutSuspicion) {
  Build({0, 0}, 1);
  world_->Push("datasets/sales", {{{}, 2020, 15}});
  world_->Evaluate();
  ASSERT_NE(Record("indicators/a").suspect_message(), "");
  PutBefore("1.0.1", {1, 0});
  ReloadAndEvaluate();
  EXPECT_EQ(Record("indicators/a").suspect_message(), "");
  EXPECT_THAT(LastCommit().plugin_changes(), testing::ElementsAre("plugins/before 1.0.0 -> 1.0.1"));
  world_->Push("datasets/sales", {{{}, 2020, 16}});
  world_->Evaluate();
  EXPECT_EQ(Text("indicators/a"), "2020:0 2021:4 2022:20");
  EXPECT_EQ(Record("indicators/a").suspect_message(), "");
}

TEST_F(AuditTest, ATrueWindowIsFoundInOrderWhateverHappens) {
  Build({1, 0}, 1);
  for (int i = 0; i < 20; ++i) {
    std::vector<Figure> figures = {{{}, 2018 + i % 7, 1.5 * i}};
    if (i % 5 == 4) figures.push_back(Gone({}, 2018 + (i + 3) % 7));
    world_->Push(i % 3 == 0 ? "datasets/other" : "datasets/sales", figures);
    world_->Evaluate();
    EXPECT_EQ(Record("indicators/a").suspect_message(), "") << i;
    EXPECT_EQ(Record("indicators/b").suspect_message(), "") << i;
  }
  EXPECT_EQ(registry_->GetPlugin("plugins/before")->audit_message(), "");
}

TEST_F(AuditTest, WithoutAuditsALieStays) {
  Build({0, 0}, 0);
  world_->Push("datasets/sales", {{{}, 2020, 15}});
  world_->Evaluate();
  // This is what audits are for.
  EXPECT_EQ(Text("indicators/a"), "2020:0 2021:10 2022:20");
  EXPECT_EQ(Record("indicators/a").suspect_message(), "");
}

}  // namespace
}  // namespace policytrack::app
