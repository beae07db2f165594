// Versions side by side and reloads over real shared objects.
#include <utility>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_directory.h"

namespace policytrack::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class HostReloadTest : public testing::Test {
 protected:
  std::unique_ptr<Instance> Make(const std::string& reference) {
    InputMeta meta;
    meta.slot = "value";
    meta.frequency = v1::FREQUENCY_YEAR;
    meta.unit = "percent";
    auto instance = engine_->MakeInstance(reference, {}, {meta}, nullptr);
    EXPECT_TRUE(instance.ok()) << instance.status();
    return instance.ok() ? *std::move(instance) : nullptr;
  }

  static double ValueOf(Instance* instance) {
    if (instance == nullptr) return -1;
    Columns column;
    column.Append(50, 7, kNormal);
    const auto outputs = instance->Compute(column.periods, {&column}, PeriodRange());
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    return outputs.ok() ? (*outputs)[0].values[0] : -1;
  }

  double Value(const std::string& reference) { return ValueOf(Make(reference).get()); }

  // "REPLACED versioned 1.1.0->1.2.0: why", one for each change.
  std::vector<std::string> Reload() {
    std::vector<std::string> changes;
    const auto response = engine_->Reload(false);
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return changes;
    for (const v1::PluginReload& change : response->changes()) {
      changes.push_back(v1::PluginReloadOutcome_Name(change.outcome()).substr(22) + " " +
                        change.file() + " " + change.from_version() + "->" + change.to_version() +
                        (change.message().empty() ? "" : ": " + change.message()));
    }
    return changes;
  }

  PluginDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(HostReloadTest, RunsVersionsSideBySide) {
  directory_.AddModuleAs("versioned@1.1.0", "versioned");
  directory_.AddModule("versioned@1.2.0");
  directory_.AddModule("versioned@2.0.0");
  engine_ = directory_.Open();
  EXPECT_EQ(Value("plugins/versioned"), 20);
  EXPECT_EQ(Value("plugins/versioned@1"), 12);
  EXPECT_EQ(Value("plugins/versioned@1.1.0"), 11);
  const v1::Plugin plugin = *engine_->GetPlugin("plugins/versioned");
  ASSERT_EQ(plugin.versions_size(), 3);
  EXPECT_EQ(plugin.versions(0).file(), "versioned");
  EXPECT_EQ(plugin.versions(1).file(), "versioned@1.2.0");
  for (const v1::PluginVersion& version : plugin.versions()) {
    EXPECT_EQ(version.state(), v1::PLUGIN_STATE_ACTIVE) << version.state_message();
    EXPECT_EQ(version.hosting(), v1::PLUGIN_HOSTING_IN_PROCESS);
    EXPECT_EQ(version.build_digest(),
              engine_->PluginDigest("plugins/versioned@" + version.version()));
  }
}

TEST_F(HostReloadTest, SwapsABuildWhileAnInstanceOfTheOldOneGoesOn) {
  directory_.AddModuleAs("versioned@1.1.0", "versioned");
  engine_ = directory_.Open();
  const auto old = Make("plugins/versioned");
  directory_.AddModuleAs("versioned@1.2.0", "versioned");
  EXPECT_THAT(Reload(), ElementsAre("REPLACED versioned 1.1.0->1.2.0"));
  EXPECT_EQ(Value("plugins/versioned"), 12);
  EXPECT_EQ(ValueOf(old.get()), 11);
  // And back.
  directory_.AddModuleAs("versioned@1.1.0", "versioned");
  EXPECT_THAT(Reload(), ElementsAre("REPLACED versioned 1.2.0->1.1.0"));
  EXPECT_EQ(Value("plugins/versioned"), 11);
}

TEST_F(HostReloadTest, TakesUpTheListAgain) {
  directory_.AddModuleAs("versioned@1.1.0", "versioned");
  engine_ = directory_.Open();
  const std::string bytes = directory_.Read("versioned.so");
  directory_.Write("other.so", bytes);
  EXPECT_THAT(Reload(), ElementsAre(HasSubstr("REFUSED other")));
  directory_.Remove("other.so");
  directory_.Write("versioned@1.2.0.so", FileBytes(TEST_MODULE_DIR "/versioned@1.2.0.so"));
  directory_.Write("versioned@1.2.0.json", FileBytes(TEST_MODULE_DIR "/versioned@1.2.0.json"));
  EXPECT_THAT(Reload(),
              ElementsAre(HasSubstr("REMOVED other"),
                          HasSubstr("REFUSED versioned@1.2.0 ->1.2.0: the SHA-256 of "
                                    "versioned@1.2.0.so is not on the list of trusted plugins")));
  EXPECT_EQ(Value("plugins/versioned"), 11);
  directory_.Trust("versioned@1.2.0.so");
  directory_.Trust("versioned@1.2.0.json");
  EXPECT_THAT(Reload(), ElementsAre("ADDED versioned@1.2.0 ->1.2.0"));
  EXPECT_EQ(Value("plugins/versioned"), 12);
}

TEST_F(HostReloadTest, AFailedSelfTestSeesTheGoldenVectorsAndKeepsTheOldBuild) {
  directory_.AddModuleAs("versioned@1.1.0", "versioned");
  directory_.Write("versioned.golden.json", "[11]");
  // What a self-test is: the vectors beside the build say what it gives.
  engine_ = directory_.Open(absl::Seconds(30), [](const FoundBuild& build) -> absl::Status {
    InputMeta meta;
    meta.slot = "value";
    meta.frequency = v1::FREQUENCY_YEAR;
    meta.unit = "percent";
    auto instance = build.engine->MakeInstance(build.plugin.name(), {}, {meta}, nullptr);
    if (!instance.ok()) return instance.status();
    const std::string gave = "[" + std::to_string(static_cast<int>(ValueOf(instance->get()))) + "]";
    return gave == build.golden ? absl::OkStatus()
                                : absl::InternalError(gave + " and not " + build.golden);
  });
  EXPECT_EQ(Value("plugins/versioned"), 11);
  directory_.AddModuleAs("versioned@1.2.0", "versioned");
  EXPECT_THAT(Reload(), ElementsAre("REFUSED versioned 1.1.0->1.2.0: versioned.so: its self-test "
                                    "failed: [12] and not [11]"));
  EXPECT_EQ(Value("plugins/versioned"), 11);
  directory_.Write("versioned.golden.json", "[12]");
  EXPECT_THAT(Reload(), ElementsAre("REPLACED versioned 1.1.0->1.2.0"));
  EXPECT_EQ(Value("plugins/versioned"), 12);
}

TEST_F(HostReloadTest, NamesThatAreNoneSayHowToRename) {
  directory_.AddModuleAs("versioned@1.1.0", "versioned@1");
  directory_.AddModuleAs("versioned@1.2.0", "versioned@1.3.0");
  engine_ = directory_.Open();
  const v1::Plugin plugin = *engine_->GetPlugin("plugins/versioned");
  ASSERT_EQ(plugin.versions_size(), 2);
  EXPECT_THAT(plugin.versions(0).state_message(),
              HasSubstr("must end in a version after the `@`, as `growth@1.2.0` does"));
  EXPECT_THAT(plugin.versions(1).state_message(),
              HasSubstr("versioned@1.3.0.json says that it is version 1.2.0, its name says 1.3.0"));
}

TEST_F(HostReloadTest, AMalformedListChangesNothing) {
  directory_.AddModuleAs("versioned@1.1.0", "versioned");
  engine_ = directory_.Open();
  directory_.AddModuleAs("versioned@1.2.0", "versioned");
  directory_.TrustLine("no digest");
  const absl::Status status = engine_->Reload(false).status();
  EXPECT_EQ(ReasonOf(status), reason::kPluginsUnreadable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is not `<sha256>  <file name>`"));
  EXPECT_EQ(Value("plugins/versioned"), 11);
}

}  // namespace
}  // namespace policytrack::plugins
