// What happens after a worker was lost: others answer, the good part of a batch is
// answered, a killer is quarantined, and nothing is left behind.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/worker_fixture.h"

namespace policytrack::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Calls of one point each.
std::vector<absl::StatusOr<std::vector<Columns>>> Batch(WorkerWorld* world, const std::string& name,
                                                        const std::vector<double>& values) {
  auto instance = world->Make(name);
  EXPECT_TRUE(instance.ok()) << instance.status();
  std::vector<Columns> inputs;
  for (const double value : values) inputs.push_back(Years({value}));
  std::vector<BatchCall> calls;
  for (const Columns& input : inputs) calls.push_back({&input.periods, {&input}, {}});
  return (*instance)->ComputeBatch(calls);
}

TEST(PoisonTest, TheGoodOnesOfABatchAreAnswered) {
  WorkerWorld world({"poison"});
  std::vector<double> values(100, 1);
  values[0] = values[42] = values[99] = 13;
  const auto results = Batch(&world, "poison", values);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 13) {
      EXPECT_EQ(ReasonOf(results[i].status()), reason::kPluginFailed) << i << results[i].status();
    } else {
      ASSERT_TRUE(results[i].ok()) << i << results[i].status();
      EXPECT_EQ((*results[i])[0].values[0], 1);
    }
  }
  // One batch is one crash.
  EXPECT_EQ(world.Get("poison").state(), v1::PLUGIN_STATE_ACTIVE);
}

TEST(PoisonTest, AnEndlessOneOfABatchIsTheOneThatTimesOut) {
  WorkerWorld world({"poison"}, absl::Milliseconds(300));
  std::vector<double> values(20, 1);
  values[7] = 14;
  const auto results = Batch(&world, "poison", values);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(results[i].ok(), i != 7) << i << results[i].status();
  }
  EXPECT_EQ(ReasonOf(results[7].status()), reason::kPluginTimeout);
}

TEST(PoisonTest, APoliteOneOfABatchTimesOutAndTheOthersGoOn) {
  WorkerWorld world({"waits-for-cancel"}, absl::Milliseconds(20));
  world.BePatient();
  const auto results = Batch(&world, "waits-for-cancel", {1, 2, 3});
  for (const auto& result : results) {
    EXPECT_EQ(ReasonOf(result.status()), reason::kPluginTimeout) << result.status();
  }
  EXPECT_EQ(world.Logged(), "");
}

TEST(PoisonTest, ABatchOfNothingElseEnds) {
  WorkerWorld world({"null-write"});
  const auto results = Batch(&world, "null-write", std::vector<double>(200, 1));
  for (const auto& result : results) {
    EXPECT_EQ(ReasonOf(result.status()), reason::kPluginFailed) << result.status();
  }
}

TEST(KillTest, AnIdleWorkerThatWasKilledIsReplacedUnseen) {
  WorkerWorld world({"honest"});
  auto instance = world.Make("honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const Columns input = Years({1, 2});
  for (int i = 0; i < 2; ++i) {
    const std::vector<int> before = ChildProcesses();
    ASSERT_EQ(before.size(), 1u);
    ASSERT_EQ(kill(before[0], SIGKILL), 0);
    const auto result = (*instance)->Compute(input.periods, {&input}, {});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_NE(ChildProcesses(), before);
  }
}

TEST(KillTest, ACallWhoseWorkerWasKilledFromOutsideIsTriedOnceMore) {
  WorkerWorld world({"waits-for-cancel"}, absl::Milliseconds(500));
  world.BePatient();
  auto instance = world.Make("waits-for-cancel");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const std::vector<int> before = ChildProcesses();
  ASSERT_EQ(before.size(), 1u);
  std::atomic<bool> done{false};
  std::thread killer([&] {
    // It waits for requests asleep, and for the cancel word awake.
    char state = 0;
    while (state != 'R' && !done) {
      std::ifstream in(absl::StrCat("/proc/", before[0], "/stat"));
      std::string word;
      in >> word >> word >> state;
    }
    kill(before[0], SIGKILL);
  });
  const Columns input = Years({1, 2});
  const auto result = (*instance)->Compute(input.periods, {&input}, {});
  done = true;
  killer.join();
  // The second try waits for its own deadline.
  EXPECT_EQ(ReasonOf(result.status()), reason::kPluginTimeout) << result.status();
  EXPECT_NE(ChildProcesses(), before);
}

TEST(KillTest, ALibraryThatIsCutOrReplacedWhileLoadedRunsOn) {
  WorkerWorld world({"honest"});
  std::filesystem::resize_file(world.directory().path() + "/honest.so", 100);
  EXPECT_TRUE(world.Call("honest", {1}).ok());
  // In a new worker too.
  ASSERT_EQ(kill(ChildProcesses().at(0), SIGKILL), 0);
  EXPECT_TRUE(world.Call("honest", {1}).ok());
}

TEST(PauseTest, TheSecondWorkerInARowIsNotReplacedAtOnce) {
  WorkerWorld world({"null-write"}, absl::Seconds(5));
  world.options().pause = absl::Hours(1);  // of which ten seconds are left
  world.Open();
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(std::string(world.Call("null-write", {1}).status().message()),
                HasSubstr("touched memory"));
  }
  const auto third = world.Call("null-write", {1});
  EXPECT_EQ(ReasonOf(third.status()), reason::kPluginFailed) << third.status();
  EXPECT_THAT(std::string(third.status().message()),
              HasSubstr("its processes ended 2 times in a row, and no other is started yet"));
}

TEST(QuarantineTest, ThreeCrashesInTenMinutes) {
  WorkerWorld world({"null-write"});
  const std::string digest = world.BuildDigest("null-write");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.Get("null-write").state(), v1::PLUGIN_STATE_ACTIVE);
    EXPECT_EQ(ReasonOf(world.Call("null-write", {1}).status()), reason::kPluginFailed);
  }
  const v1::Plugin plugin = world.Get("null-write");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_EQ(plugin.hosting(), v1::PLUGIN_HOSTING_UNSPECIFIED);
  EXPECT_THAT(plugin.state_message(),
              testing::AllOf(HasSubstr("its process ended 3 times within 10m"),
                             HasSubstr("touched memory"), HasSubstr("correct the plugin")));
  EXPECT_EQ(world.engine().PluginDigest("plugins/null-write"), "");
  EXPECT_EQ(ReasonOf(world.Make("null-write").status()), reason::kPluginNotActive);
  EXPECT_THAT(world.Quarantined(),
              ElementsAre(HasSubstr(absl::StrCat("plugins/null-write ", digest, " its process"))));

  // Who releases it gives it three more.
  v1::PluginRecord nothing;
  nothing.set_name("plugins/null-write");
  nothing.set_revision(1);
  world.engine().Apply(nothing);
  EXPECT_FALSE(world.options().quarantine->Release(digest));
  EXPECT_EQ(ReasonOf(world.Call("null-write", {1}).status()), reason::kPluginFailed);
  EXPECT_EQ(world.Get("null-write").state(), v1::PLUGIN_STATE_ACTIVE);
}

TEST(QuarantineTest, ARecordThatHoldsNothingAgainstItForgivesNoCrashes) {
  WorkerWorld world({"null-write"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ReasonOf(world.Call("null-write", {1}).status()), reason::kPluginFailed);
  }
  v1::PluginRecord selected;
  selected.set_name("plugins/null-write");
  selected.set_revision(1);
  world.engine().Apply(selected);
  EXPECT_EQ(ReasonOf(world.Call("null-write", {1}).status()), reason::kPluginFailed);
  EXPECT_EQ(world.Get("null-write").state(), v1::PLUGIN_STATE_QUARANTINED);
}

TEST(QuarantineTest, CrashesThatLieFurtherApartDoNotCount) {
  WorkerWorld world({"null-write"});
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(ReasonOf(world.Call("null-write", {1}).status()), reason::kPluginFailed);
    world.clock().Advance(absl::Minutes(6));
  }
  EXPECT_THAT(world.Quarantined(), IsEmpty());
}

TEST(QuarantineTest, AnInstanceThatIsThereStopsToo) {
  WorkerWorld world({"honest"});
  auto instance = world.Make("honest");
  ASSERT_TRUE(instance.ok());
  world.options().quarantine->Put(world.BuildDigest("honest"), "somebody said so; ask them");
  const Columns input = Years({1});
  const auto result = (*instance)->Compute(input.periods, {&input}, {});
  EXPECT_EQ(ReasonOf(result.status()), reason::kPluginNotActive) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("somebody said so; ask them"));
}

TEST(QuarantineTest, WhatIsInItAtStartDoesNotRun) {
  WorkerWorld world({"constructor-aborts"});
  world.options().quarantine->Put(world.BuildDigest("constructor-aborts"), "it did harm");
  world.Open();
  // Had its constructors run, it would be broken.
  EXPECT_EQ(world.Get("constructor-aborts").state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

TEST(QuarantineTest, HoldsForPinnedPluginsToo) {
  WorkerWorld world({});
  world.directory().AddModule("honest");
  world.Open();
  world.engine().Quarantine(world.BuildDigest("honest"), "said the operator");
  EXPECT_EQ(world.Get("honest").state(), v1::PLUGIN_STATE_QUARANTINED);
  EXPECT_EQ(ReasonOf(world.Make("honest").status()), reason::kPluginNotActive);
}

int64_t ResidentKib() {
  std::ifstream in("/proc/self/status");
  std::string word;
  while (in >> word) {
    if (word != "VmRSS:") continue;
    int64_t kib = 0;
    in >> kib;
    return kib;
  }
  return 0;
}

int64_t OpenDescriptors() {
  int64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// While one plugin does its worst another answers within its deadline, and nothing
// of it stays.
TEST(OthersTest, AnswerMeanwhileAndNothingIsLeft) {
  WorkerWorld world({"honest", "poison", "endless", "allocates"}, absl::Milliseconds(700));
  const auto honest = [&world] {
    const absl::Time start = absl::Now();
    const auto result = world.Call("honest", {1, 2, 3});
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_LT(absl::Now() - start, absl::Milliseconds(700));
  };
  honest();
  const int64_t descriptors = OpenDescriptors();
  const int64_t resident = ResidentKib();
  const size_t children = ChildProcesses().size();
  std::vector<std::thread> attackers;
  for (const char* name : {"endless", "allocates", "poison"}) {
    attackers.emplace_back([&world, name] {
      const std::vector<double> values(20000, 13);
      for (int i = 0; i < 2; ++i) EXPECT_FALSE(world.Call(name, values).ok());
    });
  }
  for (int i = 0; i < 50; ++i) honest();
  for (std::thread& attacker : attackers) attacker.join();
  honest();
  // Those that were lost are not replaced until they are needed.
  EXPECT_LE(ChildProcesses().size(), children);
  EXPECT_LE(OpenDescriptors(), descriptors);
  EXPECT_LT(ResidentKib(), resident + (8 << 10));
  world.Close();
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

}  // namespace
}  // namespace policytrack::plugins
