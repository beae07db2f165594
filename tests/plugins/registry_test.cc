#include "plugins/versions/registry.h"

#include "core/error.h"
#include "tests/plugins/registry_fixture.h"

namespace policytrack::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(RegistryTest, VersionsLieSideBySide) {
  Put("growth", "growth", "1.0.0", 1);
  Put("growth@1.2.0", "growth", "1.2.0", 12);
  Put("growth@2.0.0", "growth", "2.0.0", 20);
  Put("growth@3.0.0-rc.1", "growth", "3.0.0-rc.1", 30);
  Open();
  EXPECT_THAT(Versions("plugins/growth"),
              ElementsAre("1.0.0 ACTIVE", "1.2.0 ACTIVE", "2.0.0 ACTIVE*", "3.0.0-rc.1 ACTIVE"));
  EXPECT_EQ(Value("plugins/growth"), "20");
  EXPECT_EQ(Value("plugins/growth@1"), "12");
  EXPECT_EQ(Value("plugins/growth@1.0.0"), "1");
  EXPECT_EQ(Value("plugins/growth@3"), "30");  // there is no release of it
  EXPECT_EQ(Get("plugins/growth").plugin_descriptor().version(), "2.0.0");
  EXPECT_EQ(registry_->ListPlugins().size(), 1);
}

TEST_F(RegistryTest, ARequestThatNothingFitsSaysWhatThereIs) {
  Put("growth", "growth", "1.0.0", 1);
  Put("growth@1.2.0", "growth", "1.2.0", 12);
  Open();
  const absl::Status none = registry_->Find("plugins/growth@2").status();
  EXPECT_EQ(ReasonOf(none), reason::kPluginNotActive);
  EXPECT_THAT(std::string(none.message()), HasSubstr("has no version 2; it has 1.0.0, 1.2.0"));
  EXPECT_EQ(ReasonOf(registry_->Find("plugins/growth@new").status()), reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(registry_->Find("plugins/other@1").status()), reason::kResourceNotFound);
}

TEST_F(RegistryTest, TheSameVersionTwiceIsRefusedWithASentence) {
  Put("growth", "growth", "1.2.0", 1);
  Put("growth@1.2.0", "growth", "1.2.0", 2, "other bytes");
  Open();
  EXPECT_THAT(Versions("plugins/growth"), ElementsAre("1.2.0 ACTIVE*", "1.2.0 BROKEN"));
  EXPECT_EQ(Get("plugins/growth").versions(1).state_message(),
            "growth@1.2.0.so is version 1.2.0 of plugins/growth, and so is growth.so; remove one "
            "of the two");
  EXPECT_EQ(Value("plugins/growth"), "1");
}

TEST_F(RegistryTest, OfTwinsTheOneThatRunsGoesOn) {
  Put("growth@1.2.0", "growth", "1.2.0", 2);
  Open();
  Put("growth", "growth", "1.2.0", 1, "other bytes");
  EXPECT_THAT(Reload(),
              ElementsAre(HasSubstr("REFUSED growth ->1.2.0: growth.so is version 1.2.0")));
  EXPECT_EQ(Value("plugins/growth"), "2");
}

TEST_F(RegistryTest, ANewBuildIsTestedAndTakesThePlaceOfTheOld) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  EXPECT_THAT(tested_, ElementsAre("growth 1.1.0"));
  const std::string before = registry_->PluginDigest("plugins/growth");
  Put("growth", "growth", "1.2.0", 12);
  EXPECT_THAT(Reload(), ElementsAre("REPLACED growth 1.1.0->1.2.0"));
  EXPECT_THAT(tested_, ElementsAre("growth 1.1.0", "growth 1.2.0"));
  EXPECT_EQ(Value("plugins/growth"), "12");
  EXPECT_NE(registry_->PluginDigest("plugins/growth"), before);
  EXPECT_THAT(Reload(), IsEmpty());
  EXPECT_EQ(registry_->Reload(false)->unchanged_count(), 1);
  EXPECT_EQ(tested_.size(), 2);  // what runs is not tested again

  Put("growth", "growth", "1.1.0", 11);
  EXPECT_THAT(Reload(), ElementsAre("REPLACED growth 1.2.0->1.1.0"));
  EXPECT_EQ(Value("plugins/growth"), "11");
  EXPECT_EQ(registry_->PluginDigest("plugins/growth"), before);
}

TEST_F(RegistryTest, CallsInFlightFinishOnTheBuildTheyBeganWith) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  const auto build = registry_->Find("plugins/growth");
  ASSERT_TRUE(build.ok());
  InputMeta meta;
  meta.slot = "value";
  meta.frequency = v1::FREQUENCY_YEAR;
  meta.unit = "percent";
  const auto instance = (*build)->MakeInstance({}, {meta}, nullptr);
  ASSERT_TRUE(instance.ok()) << instance.status();
  Put("growth", "growth", "1.2.0", 12);
  Reload();
  directory_.Remove("growth");
  Reload();
  EXPECT_EQ(ValueOf(**instance), "11");
  // What was described as 1.1.0 makes instances of 1.1.0.
  EXPECT_EQ(ValueOf(**(*build)->MakeInstance({}, {meta}, nullptr)), "11");
  EXPECT_EQ(registry_->GetPlugin("plugins/growth").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RegistryTest, ARetiredBuildGoesWhenItsLastCallHasEnded) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  std::weak_ptr<Engine> old = directory_.Builds()[0].engine;
  auto build = *registry_->Find("plugins/growth");
  Put("growth", "growth", "1.2.0", 12);
  Reload();
  EXPECT_FALSE(old.expired());
  build.reset();
  EXPECT_TRUE(old.expired());
}

TEST_F(RegistryTest, AFailedSelfTestKeepsTheOldOneAndSaysWhy) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  Put("growth", "growth", "1.2.0", 12);
  failing_ = directory_.Builds()[0].digest;
  const std::string why = "growth.so: its self-test failed: 2020 is 3, not 2";
  EXPECT_THAT(Reload(), ElementsAre("REFUSED growth 1.1.0->1.2.0: " + why));
  EXPECT_EQ(Value("plugins/growth"), "11");
  EXPECT_EQ(Get("plugins/growth").versions(0).update_message(), why + "; 1.1.0 goes on");
  EXPECT_THAT(log_.back(), HasSubstr(why));
  // Corrected, the message is gone.
  failing_.clear();
  EXPECT_THAT(Reload(), ElementsAre("REPLACED growth 1.1.0->1.2.0"));
  EXPECT_EQ(Get("plugins/growth").versions(0).update_message(), "");
}

TEST_F(RegistryTest, AFailedSelfTestAtTheStartIsBroken) {
  Put("growth", "growth", "1.1.0", 11);
  failing_ = directory_.Builds()[0].digest;
  Open();
  EXPECT_THAT(Versions("plugins/growth"), ElementsAre("1.1.0 BROKEN*"));
  EXPECT_THAT(Value("plugins/growth"), HasSubstr("its self-test failed: 2020 is 3, not 2"));
  EXPECT_EQ(registry_->PluginDigest("plugins/growth"), "");
}

TEST_F(RegistryTest, ABrokenUpdateKeepsTheOldOneButTrustWithdrawnStopsIt) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  directory_.PutBroken("growth", "growth", v1::PLUGIN_STATE_BROKEN, "growth.so is cut short", true);
  EXPECT_THAT(Reload(), ElementsAre("REFUSED growth 1.1.0->: growth.so is cut short"));
  EXPECT_EQ(Value("plugins/growth"), "11");

  Put("growth", "growth", "1.1.0", 11);
  Reload();
  directory_.PutBroken("growth", "growth", v1::PLUGIN_STATE_NOT_TRUSTED, "not on the list", false);
  EXPECT_THAT(Reload(), ElementsAre("REMOVED growth 1.1.0->1.1.0: not on the list"));
  EXPECT_THAT(Value("plugins/growth"), HasSubstr("not on the list"));
}

TEST_F(RegistryTest, WhatCannotBeReadChangesNothing) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  Put("growth", "growth", "1.2.0", 12);
  directory_.SetError(absl::NotFoundError("the plugin directory x does not exist"));
  const absl::Status status = registry_->Reload(false).status();
  EXPECT_EQ(ReasonOf(status), reason::kPluginsUnreadable);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("does not exist; nothing was reloaded"));
  EXPECT_EQ(Value("plugins/growth"), "11");
}

TEST_F(RegistryTest, ADryRunTestsAndPutsNothingInPlace) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  Put("growth", "growth", "1.2.0", 12);
  EXPECT_THAT(Reload(true), ElementsAre("REPLACED growth 1.1.0->1.2.0"));
  EXPECT_EQ(Value("plugins/growth"), "11");
  EXPECT_EQ(tested_.size(), 2);
}

TEST_F(RegistryTest, QuarantineHoldsABuildAndItsFollowersGetTheNextNewest) {
  Put("growth", "growth", "1.1.0", 11);
  Put("growth@1.2.0", "growth", "1.2.0", 12);
  Open();
  Quarantine("plugins/growth", "1.2.0", "gives figures of another planet");
  EXPECT_THAT(Versions("plugins/growth"), ElementsAre("1.1.0 ACTIVE*", "1.2.0 QUARANTINED"));
  EXPECT_EQ(Value("plugins/growth"), "11");
  EXPECT_THAT(Value("plugins/growth@1.2.0"), HasSubstr("gives figures of another planet"));
  EXPECT_EQ(registry_->PluginDigest("plugins/growth@1.2.0"), "");
  // It outlasts a reload; other bytes are another build.
  Reload();
  EXPECT_EQ(Value("plugins/growth"), "11");
  Put("growth@1.2.0", "growth", "1.2.0", 13, "corrected");
  Reload();
  EXPECT_EQ(Value("plugins/growth"), "13");
}

TEST_F(RegistryTest, TheHostQuarantinesAtOnceAndTellsTheListener) {
  Put("growth", "growth", "1.1.0", 11);
  Open();
  std::vector<std::string> events;
  registry_->SetQuarantineListener([&](const QuarantineEvent& event) {
    events.push_back(event.plugin + " " + event.version + ": " + event.reason);
    // The listener may read.
    EXPECT_EQ(registry_->PluginDigest("plugins/growth"), "");
  });
  registry_->Quarantine(registry_->PluginDigest("plugins/growth"), "crashed three times");
  EXPECT_THAT(events, ElementsAre("plugins/growth 1.1.0: crashed three times"));
  EXPECT_THAT(Value("plugins/growth"), HasSubstr("crashed three times"));
  registry_->Quarantine("a digest of nothing", "unheard of");
  EXPECT_EQ(events.size(), 1);
  v1::PluginRecord released;
  released.set_name("plugins/growth");
  released.set_revision(3);
  registry_->Apply(released);
  EXPECT_EQ(Value("plugins/growth"), "11");
}

TEST_F(RegistryTest, TheHostMayNameABuildByItsSharedObjectAndIsToldOfTheRelease) {
  Put("growth", "growth", "1.1.0", 11);
  Put("level", "level", "1.0.0", 1);
  Open();
  registry_->Quarantine(Get("plugins/growth").digest(), "crashed three times");
  EXPECT_THAT(Value("plugins/growth"), HasSubstr("crashed three times"));
  EXPECT_EQ(Value("plugins/level"), "1");
  const auto host = std::static_pointer_cast<FakeEngine>(directory_.Builds()[0].engine);
  Quarantine("plugins/growth", "1.1.0", "an operator says so");
  EXPECT_TRUE(host->told_of_quarantine());
  Quarantine("plugins/growth", "none", "which releases it");
  EXPECT_FALSE(host->told_of_quarantine());
  EXPECT_EQ(Value("plugins/growth"), "11");
}

TEST_F(RegistryTest, ASelectedVersionIsTheWayBack) {
  Put("growth", "growth", "1.1.0", 11);
  Put("growth@1.2.0", "growth", "1.2.0", 12);
  Put("growth@2.0.0", "growth", "2.0.0", 20);
  Open();
  v1::PluginRecord record;
  record.set_name("plugins/growth");
  record.set_selected_version("1.1.0");
  record.set_revision(2);
  registry_->Apply(record);
  EXPECT_EQ(Value("plugins/growth"), "11");
  EXPECT_EQ(Value("plugins/growth@1"), "11");
  EXPECT_EQ(Value("plugins/growth@2"), "20");
  EXPECT_EQ(Value("plugins/growth@1.2.0"), "12");
  EXPECT_EQ(Get("plugins/growth").selected_version(), "1.1.0");
  // What is of an earlier revision comes too late.
  v1::PluginRecord earlier = record;
  earlier.clear_selected_version();
  earlier.set_revision(1);
  registry_->Apply(earlier);
  EXPECT_EQ(Value("plugins/growth"), "11");
}

TEST_F(RegistryTest, AVersionThatCannotBeReadIsListedAndStopsNoOther) {
  Put("growth", "growth", "1.1.0", 11);
  directory_.PutBroken("growth@bad", "growth", v1::PLUGIN_STATE_BROKEN, "rename its files", true);
  Open();
  EXPECT_THAT(Versions("plugins/growth"), ElementsAre(" BROKEN", "1.1.0 ACTIVE*"));
  EXPECT_EQ(Value("plugins/growth"), "11");
  EXPECT_THAT(log_, ElementsAre(HasSubstr("plugins/growth cannot be used (PLUGIN_STATE_BROKEN): "
                                          "rename its files")));
}

}  // namespace
}  // namespace policytrack::plugins
