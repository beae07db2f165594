// Modules that attack the process they run in: each has its verdict, and the
// service goes on.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/host/sealed_memory.h"
#include "tests/plugins/worker_fixture.h"

namespace policytrack::plugins {
namespace {

using testing::HasSubstr;

// The computation fails with these words, and another of another plugin does not.
void ExpectFailure(const std::string& name, const std::string& words) {
  WorkerWorld world({name, "honest"});
  const auto result = world.Call(name, {1, 2, 3});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal) << name;
  EXPECT_EQ(ReasonOf(result.status()), reason::kPluginFailed) << name << ": " << result.status();
  EXPECT_THAT(std::string(result.status().message()),
              testing::AllOf(HasSubstr("plugins/" + name + " failed: "), HasSubstr(words)));
  EXPECT_TRUE(world.Call("honest", {1, 2, 3}).ok());
}

// The attack fails, and nothing comes of it.
void ExpectHarmless(const std::string& name) {
  WorkerWorld world({name});
  for (int i = 0; i < 2; ++i) {
    const auto result = world.Call(name, {1, 2, 3});
    ASSERT_TRUE(result.ok()) << name << ": " << result.status();
    EXPECT_TRUE(SameData(*result, Years({1, 2, 3})));
  }
}

TEST(CrashTest, OfTheProcessAreFailuresOfTheCall) {
  ExpectFailure("null-write", "touched memory that is not its own");
  ExpectFailure("overflows-stack", "touched memory that is not its own");
  ExpectFailure("allocates", "touched memory that is not its own");
  ExpectFailure("aborts", "aborted");
  ExpectFailure("exits", "ended its process with status 0");
  ExpectFailure("throws", "terminate called after throwing an instance of 'int'");
}

TEST(CrashTest, AKillForMemoryIsSaidToBeOne) {
  ExpectFailure("killed-for-memory",
                "killed from outside, as the kernel does when memory is short");
}

TEST(SystemCallTest, WhatOnlyHarmExplainsEndsTheProcess) {
  for (const char* name : {"forks", "execs", "opens-socket", "writes-file", "kills-parent"}) {
    ExpectFailure(name, "a system call that a plugin may not make");
  }
  EXPECT_FALSE(std::filesystem::exists("policytrack-was-here"));
}

TEST(SystemCallTest, TheOthersFail) {
  for (const char* name : {"reads-file", "starts-thread", "maps-code"}) ExpectHarmless(name);
}

TEST(ArenaTest, InputsCannotBeWritten) {
  ExpectFailure("writes-input", "touched memory that is not its own");
}

TEST(ArenaTest, OutputsEnd) {
  ExpectFailure("writes-beyond", "touched memory that is not its own");
  WorkerWorld world({"overruns-buffer", "too-many"});
  for (const char* name : {"overruns-buffer", "too-many"}) {
    const auto result = world.Call(name, {1, 2, 3, 4});
    EXPECT_EQ(ReasonOf(result.status()), reason::kResultRefused) << result.status();
    EXPECT_THAT(std::string(result.status().message()),
                HasSubstr("more points than the 4 periods"));
  }
}

TEST(ArenaTest, NobodyResizesThem) {
  ExpectHarmless("resizes");
  // Nor would they without the filter of system calls.
  const auto input = SharedArena::Make(100, SharedArena::Writers::kThisProcess);
  const auto output = SharedArena::Make(100, SharedArena::Writers::kBoth);
  ASSERT_TRUE(input.ok() && output.ok());
  for (const SharedArena* arena : {&*input, &*output}) {
    EXPECT_NE(ftruncate(arena->fd(), 0), 0);
    EXPECT_NE(ftruncate(arena->fd(), 1 << 20), 0);
  }
  EXPECT_LT(write(input->fd(), "x", 1), 0);
  EXPECT_EQ(mmap(nullptr, input->size(), PROT_READ | PROT_WRITE, MAP_SHARED, input->fd(), 0),
            MAP_FAILED);
}

TEST(ReplyTest, AForgedOneEndsTheProcess) {
  ExpectFailure("forges-reply", "it wrote to the server by itself");
}

TEST(GateTest, IsTheSameAsInTheProcess) {
  WorkerWorld world({"not-a-number", "unsorted", "off-the-axis", "undefined-flags", "out-of-range",
                     "stray-reason"});
  const std::pair<const char*, const char*> cases[] = {
      {"not-a-number", "at period 2002 the value nan"},
      {"unsorted", "period 2001 after period 2001"},
      {"off-the-axis", "which is not on the axis"},
      {"undefined-flags", "undefined flags 40"},
      {"out-of-range", "the value 1001"},
      {"stray-reason", "a reason for missing on a point that has a value"}};
  for (const auto& [name, words] : cases) {
    const auto result = world.Call(name, {1, 2, 3});
    EXPECT_EQ(ReasonOf(result.status()), reason::kResultRefused) << name << result.status();
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(words));
  }
}

TEST(EnvironmentTest, EveryCallStartsFromTheDefault) {
  constexpr double kTiny = std::numeric_limits<double>::denorm_min();
  WorkerWorld world({"flushes-to-zero", "rounds-up", "constructor-flushes", "changes-locale"});
  for (const char* name : {"flushes-to-zero", "rounds-up", "constructor-flushes"}) {
    auto instance = world.Make(name);
    ASSERT_TRUE(instance.ok()) << instance.status();
    const Columns input = Years({3 * kTiny, 1});
    for (int i = 0; i < 3; ++i) {
      const auto result = (*instance)->Compute(input.periods, {&input}, {});
      ASSERT_TRUE(result.ok()) << name << result.status();
      // 1.5 rounds to the even 2, and is not flushed to 0.
      EXPECT_EQ((*result)[0].values[0], 2 * kTiny) << name;
    }
  }
  auto instance = world.Make("changes-locale");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const Columns input = Years({1});
  for (int i = 0; i < 3; ++i) {
    const auto result = (*instance)->Compute(input.periods, {&input}, {});
    EXPECT_TRUE(result.ok()) << result.status();
  }
}

TEST(PrintTest, GoesToTheLogAndIsBounded) {
  WorkerWorld world({"prints"});
  const auto result = world.Call("prints", {1, 2, 3});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(world.Logged(), HasSubstr("plugins/prints printed: line 0 of what nobody asked for"));
  EXPECT_LT(world.Logged().size(), 2000u);
}

TEST(DeadlineTest, AnEndlessLoopIsKilled) {
  WorkerWorld world({"endless", "honest"}, absl::Milliseconds(100));
  const auto result = world.Call("endless", {1, 2, 3});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(result.status()), reason::kPluginTimeout) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("100ms"));
  EXPECT_THAT(world.Logged(), HasSubstr("did not come back"));
}

TEST(DeadlineTest, TheCancelWordReachesAModuleThatPolls) {
  WorkerWorld world({"waits-for-cancel"}, absl::Milliseconds(50));
  world.BePatient();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ReasonOf(world.Call("waits-for-cancel", {1}).status()), reason::kPluginTimeout);
  }
  // Who stops when told is no danger: its process lives, and it is not quarantined.
  EXPECT_EQ(world.Logged(), "");
  EXPECT_EQ(world.Get("waits-for-cancel").state(), v1::PLUGIN_STATE_ACTIVE);
}

TEST(OtherCallsTest, AreWatchedAsComputationsAre) {
  WorkerWorld world({"create-crashes", "window-crashes", "destroy-crashes"});
  const auto create = world.Make("create-crashes");
  EXPECT_EQ(ReasonOf(create.status()), reason::kPluginFailed) << create.status();
  EXPECT_THAT(std::string(create.status().message()), HasSubstr("touched memory"));
  const auto window = world.Make("window-crashes");
  EXPECT_EQ(ReasonOf(window.status()), reason::kPluginFailed) << window.status();
  EXPECT_THAT(std::string(window.status().message()), HasSubstr("aborted"));
  // Nobody waits for the end of an instance: the next call has a worker that lives.
  for (int i = 0; i < 2; ++i) {
    const auto result = world.Call("destroy-crashes", {1});
    EXPECT_TRUE(result.ok()) << result.status();
  }
  EXPECT_THAT(world.Logged(), HasSubstr("while an instance was destroyed, it aborted"));
}

TEST(OtherCallsTest, AnInstanceThatIsNeverMadeIsATimeout) {
  WorkerWorld world({"create-endless"}, absl::Milliseconds(50));
  const auto create = world.Make("create-endless");
  EXPECT_EQ(ReasonOf(create.status()), reason::kPluginTimeout) << create.status();
}

TEST(ConstructorTest, ThatMisbehavesIsNotLoaded) {
  const std::pair<const char*, const char*> cases[] = {
      {"constructor-aborts", "while its constructors ran, it aborted its process"},
      {"constructor-socket", "a system call that a plugin may not make"},
      {"constructor-exits", "it ended its process with status 0"}};
  for (const auto& [name, words] : cases) {
    WorkerWorld world({name});
    const v1::Plugin plugin = world.Get(name);
    EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_BROKEN) << name;
    EXPECT_EQ(plugin.hosting(), v1::PLUGIN_HOSTING_UNSPECIFIED);
    EXPECT_THAT(plugin.state_message(), HasSubstr(words));
    EXPECT_EQ(ReasonOf(world.Make(name).status()), reason::kPluginNotActive);
  }
}

TEST(ConstructorTest, ThatDoesNotEndIsKilled) {
  WorkerWorld world({});
  world.directory().AddUnlisted("constructor-endless");
  world.options().load_deadline = absl::Milliseconds(50);
  world.Open();
  const v1::Plugin plugin = world.Get("constructor-endless");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_BROKEN);
  EXPECT_THAT(plugin.state_message(), HasSubstr("took longer than the 50ms"));
  EXPECT_TRUE(ChildProcesses().empty());
}

}  // namespace
}  // namespace policytrack::plugins
