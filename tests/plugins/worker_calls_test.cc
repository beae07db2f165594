// Plugins that nobody has pinned run in workers, and what calls them cannot tell.
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/host/host.h"
#include "tests/plugins/worker_fixture.h"

namespace policytrack::plugins {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(HostingTest, WhatIsNotListedRunsInAWorker) {
  WorkerWorld world({"honest"});
  const v1::Plugin plugin = world.Get("honest");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_ACTIVE) << plugin.state_message();
  EXPECT_EQ(plugin.hosting(), v1::PLUGIN_HOSTING_WORKER);
  EXPECT_EQ(world.engine().PluginDigest("plugins/honest").size(), 64u);
  EXPECT_EQ(ChildProcesses().size(), 1u);
  const auto result = world.Call("honest", {1, 2, 3});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(SameData(*result, Years({1, 2, 3})));
  world.Close();
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

TEST(HostingTest, WhatIsListedRunsInTheProcess) {
  WorkerWorld world({});
  world.directory().AddModule("honest");
  world.Open();
  EXPECT_EQ(world.Get("honest").hosting(), v1::PLUGIN_HOSTING_IN_PROCESS);
  EXPECT_TRUE(world.Call("honest", {1}).ok());
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

TEST(HostingTest, WhereItRunsDoesNotChangeWhatAResultRestsOn) {
  WorkerWorld world({"honest"});
  const std::string digest = world.engine().PluginDigest("plugins/honest");
  world.directory().Trust("honest.so");
  world.directory().Trust("honest.json");
  world.Open();
  EXPECT_EQ(world.Get("honest").hosting(), v1::PLUGIN_HOSTING_IN_PROCESS);
  EXPECT_EQ(world.engine().PluginDigest("plugins/honest"), digest);
}

TEST(HostingTest, WhatChangedSinceItWasPinnedRunsNowhere) {
  WorkerWorld world({});
  world.directory().AddModule("honest");
  world.directory().Write("honest.so", world.directory().Read("honest.so") + "\n");
  world.Open();
  const v1::Plugin plugin = world.Get("honest");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_NOT_TRUSTED);
  EXPECT_THAT(plugin.state_message(),
              testing::AllOf(HasSubstr(absl::StrCat(plugin.digest(), "  honest.so")),
                             HasSubstr("to run it in a worker instead, take the lines")));
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

TEST(HostingTest, AProgramThatIsNotThereIsSaidAtStart) {
  PluginDirectory directory;
  HostOptions options;
  options.plugin_dir = directory.path();
  options.workers.program = directory.path() + "/no-worker";
  const auto engine = OpenHost(options, [](absl::string_view) {});
  EXPECT_THAT(engine.status().ToString(),
              testing::AllOf(HasSubstr("/no-worker"), HasSubstr("install it")));
}

TEST(OwnerTest, FilesThatOthersCanChangeAreRefused) {
  WorkerWorld world({"honest"});
  const std::string& path = world.directory().path();
  for (const std::string& file : {path + "/honest.so", path + "/honest.json", path}) {
    ASSERT_EQ(chmod(file.c_str(), 0777), 0);
    world.Open();
    const v1::Plugin plugin = world.Get("honest");
    EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_NOT_TRUSTED);
    EXPECT_THAT(plugin.state_message(),
                HasSubstr(absl::StrCat(file,
                                       " can be written by everybody on this machine; run "
                                       "`chmod o-w ",
                                       file, "`")));
    ASSERT_EQ(chmod(file.c_str(), 0755), 0);
  }
  world.Open();
  EXPECT_EQ(world.Get("honest").state(), v1::PLUGIN_STATE_ACTIVE);
}

TEST(OwnerTest, FilesOfAnotherUserAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  WorkerWorld world({"honest"});
  const std::string file = world.directory().path() + "/honest.so";
  ASSERT_EQ(chown(file.c_str(), 12345, 0), 0);
  world.Open();
  EXPECT_EQ(world.Get("honest").state(), v1::PLUGIN_STATE_NOT_TRUSTED);
  EXPECT_THAT(world.Get("honest").state_message(),
              testing::AllOf(HasSubstr("belongs to user 12345"), HasSubstr("run `chown root ")));
}

TEST(LoadTest, SaysWhatIsWrongAsInTheProcess) {
  const std::tuple<const char*, v1::PluginState, const char*> cases[] = {
      {"other-version", v1::PLUGIN_STATE_BROKEN, "calls itself"},
      {"small-table", v1::PLUGIN_STATE_ABI_MISMATCH, "16 bytes"},
      {"refuses-host", v1::PLUGIN_STATE_ABI_MISMATCH, "cannot work with ABI"},
      {"next-major", v1::PLUGIN_STATE_ABI_MISMATCH, "policytrack_plugin_v2"},
      {"no-entry", v1::PLUGIN_STATE_BROKEN, "does not export policytrack_plugin_v1"}};
  for (const auto& [name, state, words] : cases) {
    WorkerWorld world({name});
    const v1::Plugin plugin = world.Get(name);
    EXPECT_EQ(plugin.state(), state) << name;
    EXPECT_THAT(plugin.state_message(), testing::AllOf(HasSubstr(name), HasSubstr(words)));
    EXPECT_EQ(world.engine().PluginDigest(absl::StrCat("plugins/", name)), "");
  }
}

TEST(CallTest, ModulesOfAllKinds) {
  WorkerWorld world({"in-c", "abi-1-0", "my-plugin", "old-table", "no-window"});
  for (const char* name : {"in-c", "abi-1-0"}) {
    const auto result = world.Call(name, {5, 6, 7});
    ASSERT_TRUE(result.ok()) << name << result.status();
    EXPECT_EQ(result->values, (std::vector<double>{1, 1, 1}));
  }
  const auto doubled = world.Call("my-plugin", {5, 6, 7});
  ASSERT_TRUE(doubled.ok()) << doubled.status();
  EXPECT_EQ(doubled->values, (std::vector<double>{10, 12, 14}));
  for (const char* name : {"old-table", "no-window"}) {
    auto instance = world.Make(name);
    ASSERT_TRUE(instance.ok()) << instance.status();
    EXPECT_EQ((*instance)->window().look_back, kUnbounded) << name;
    EXPECT_EQ((*instance)->window().look_ahead, kUnbounded) << name;
  }
}

TEST(CallTest, WindowAxisFlagsAndParts) {
  WorkerWorld world({"honest", "parts-in-c"});
  auto honest = world.Make("honest");
  ASSERT_TRUE(honest.ok()) << honest.status();
  EXPECT_EQ((*honest)->window().look_back, 0);
  Columns input;
  input.Append(2020, 1, kNormal);
  input.Append(2021, 2, kProvisional);
  input.Append(2022, 0, MissingFlags(v1::MISSING_REASON_PART_MISSING));
  const auto result = (*honest)->Compute(input.periods, {&input}, {2021, 2022});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(SameData((*result)[0], input.Slice({2021, 2022})));

  auto spread = world.engine().MakeInstance(
      "plugins/parts-in-c", {},
      {{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles", true}}, nullptr);
  ASSERT_TRUE(spread.ok()) << spread.status();
  const std::vector<Part> parts = {{"a", Years({1, 2})}, {"b", Years({3, 4})}};
  const Columns column = Years({4, 6});
  const auto sums = (*spread)->Compute(column.periods, {{&column, &parts}}, {});
  ASSERT_TRUE(sums.ok()) << sums.status();
  EXPECT_EQ((*sums)[0].values, (std::vector<double>{'a' + 3 * 'b', 2 * 'a' + 4 * 'b'}));
}

TEST(CallTest, InWhichMonthTheYearBegins) {
  WorkerWorld world({"abi-1-2"});
  for (const int month : {1, 4}) {
    InputMeta meta{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles", false};
    meta.year_start_month = month;
    auto instance = world.engine().MakeInstance("plugins/abi-1-2", {}, {meta}, nullptr);
    ASSERT_TRUE(instance.ok()) << instance.status();
    const Columns input = Years({1, 2, 3});
    const auto result = (*instance)->Compute(input.periods, {&input}, {});
    ASSERT_TRUE(result.ok()) << result.status();
    // The module multiplies by it.
    EXPECT_EQ((*result)[0].values.back(), 3.0 * month);
  }
}

TEST(CallTest, NothingAtAllAndVeryMuch) {
  WorkerWorld world({"honest"});
  const auto none = world.Call("honest", {});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
  // Larger arenas than a worker is born with, and larger than it keeps.
  for (const size_t points : {10000u, 400000u, 10u}) {
    std::vector<double> values(points);
    for (size_t i = 0; i < points; ++i) values[i] = static_cast<double>(i % 1000);
    const auto result = world.Call("honest", values);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(SameData(*result, Years(values)));
  }
}

TEST(CallTest, FiguresThatDoNotFitAreAFailureOfThatCall) {
  WorkerWorld world({"honest"});
  world.options().memory_bytes = 40 << 20;
  world.Open();
  auto instance = world.Make("honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const Columns large = Years(std::vector<double>(2000000, 1));
  const Columns small = Years({1, 2});
  for (int i = 0; i < 2; ++i) {
    const auto none = (*instance)->Compute(large.periods, {&large}, {});
    EXPECT_EQ(ReasonOf(none.status()), reason::kPluginFailed) << none.status();
    EXPECT_THAT(std::string(none.status().message()), HasSubstr("no room for the figures"));
    EXPECT_TRUE((*instance)->Compute(small.periods, {&small}, {}).ok());
  }
}

TEST(CallTest, FailuresRefusalsAndBadWindows) {
  WorkerWorld world({"fails", "long-refusal", "bad-window"});
  const auto failed = world.Call("fails", {1});
  EXPECT_EQ(ReasonOf(failed.status()), reason::kPluginFailed);
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("out of luck"));
  const auto refused = world.Make("long-refusal");
  EXPECT_EQ(ReasonOf(refused.status()), reason::kParametersInvalid) << refused.status();
  EXPECT_LT(refused.status().message().size(), 4096u);
  EXPECT_EQ(ReasonOf(world.Make("bad-window").status()), reason::kPluginFailed);
}

TEST(CallTest, ACallersErrorIsNoFailureOfThePlugin) {
  WorkerWorld world({"honest"});
  auto instance = world.Make("honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const Columns input = Years({1, 2, 3});
  const auto result = (*instance)->Compute({2001, 2002}, {&input}, {});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(result.status()), "");
}

TEST(BatchTest, AnswersEachCallInOrder) {
  WorkerWorld world({"honest"});
  auto instance = world.Make("honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  std::vector<Columns> inputs;
  for (int i = 0; i < 600; ++i) inputs.push_back(Years({1.0 * i, -1.0 * i, 7}));
  const std::vector<int64_t> other = {1, 2};
  std::vector<BatchCall> calls;
  for (size_t i = 0; i < inputs.size(); ++i) {
    // One is the caller's error.
    calls.push_back({i == 100 ? &other : &inputs[i].periods, {&inputs[i]}, {}});
  }
  const auto results = (*instance)->ComputeBatch(calls);
  ASSERT_EQ(results.size(), calls.size());
  for (size_t i = 0; i < results.size(); ++i) {
    if (i == 100) {
      EXPECT_FALSE(results[i].ok());
      continue;
    }
    ASSERT_TRUE(results[i].ok()) << i << results[i].status();
    EXPECT_TRUE(SameData((*results[i])[0], inputs[i]));
  }
}

TEST(InstanceTest, OutlivesItsEngineAndSharesWorkersWithOthers) {
  WorkerWorld world({"honest"});
  std::vector<std::unique_ptr<Instance>> instances;
  for (int i = 0; i < 20; ++i) instances.push_back(*world.Make("honest"));
  EXPECT_EQ(ChildProcesses().size(), 1u);
  world.Close();
  const Columns input = Years({1, 2});
  for (auto& instance : instances) {
    EXPECT_TRUE((*instance).Compute(input.periods, {&input}, {}).ok());
    instance.reset();
  }
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

TEST(InstanceTest, AWorkerThatComputedForLongIsReplaced) {
  WorkerWorld world({"honest"});
  auto instance = world.Make("honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  EXPECT_EQ(ChildProcesses().size(), 1u);
  instance->reset();
  world.options().most_busy = absl::ZeroDuration();
  world.Open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(world.Call("honest", {1}).ok());
    EXPECT_THAT(ChildProcesses(), IsEmpty());
  }
}

TEST(InstanceTest, ManyThreadsHaveWorkersOfTheirOwnUpToTheMost) {
  WorkerWorld world({"honest"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&world, t] {
      for (int i = 0; i < 50; ++i) {
        const auto result = world.Call("honest", {1.0 * t, 1.0 * i});
        ASSERT_TRUE(result.ok()) << result.status();
        EXPECT_TRUE(SameData(*result, Years({1.0 * t, 1.0 * i})));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(ChildProcesses().size(), 4u);
}

}  // namespace
}  // namespace policytrack::plugins
