// What the sandbox of a worker is made of, and what is said where a part is missing.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/worker_fixture.h"

namespace policytrack::plugins {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string StatusField(int pid, const std::string& field) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/status"));
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind(field + ":", 0) == 0) return line.substr(field.size() + 1);
  }
  return "";
}

std::string LimitOf(int pid, const std::string& name) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/limits"));
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind(name, 0) == 0) return line.substr(name.size());
  }
  return "";
}

TEST(SandboxTest, AWorkerHasGivenUpItsRights) {
  WorkerWorld world({"honest"});
  const std::vector<int> workers = ChildProcesses();
  ASSERT_EQ(workers.size(), 1u);
  const int pid = workers[0];
  EXPECT_THAT(StatusField(pid, "NoNewPrivs"), HasSubstr("1"));
  // Two filters, one after the other.
  EXPECT_THAT(StatusField(pid, "Seccomp_filters"), HasSubstr("2"));
  EXPECT_THAT(StatusField(pid, "CapEff"), HasSubstr("0000000000000000"));
  EXPECT_THAT(StatusField(pid, "Uid"), testing::Not(testing::StartsWith("\t0")));
  EXPECT_THAT(StatusField(pid, "Threads"), HasSubstr("1"));
  EXPECT_THAT(LimitOf(pid, "Max address space"), HasSubstr("268435456"));
  EXPECT_THAT(LimitOf(pid, "Max core file size"), HasSubstr(" 0 "));
  EXPECT_THAT(LimitOf(pid, "Max processes"), HasSubstr(" 0 "));
  EXPECT_THAT(LimitOf(pid, "Max open files"), HasSubstr(" 16 "));
}

TEST(SandboxTest, WhatTheKernelLacksIsSaidAtStart) {
  WorkerWorld world({"honest", "in-c"});
  world.options().program = WORKER_WITHOUT_LANDLOCK;
  world.Open();
  EXPECT_EQ(world.Get("honest").state(), v1::PLUGIN_STATE_ACTIVE);
  EXPECT_TRUE(world.Call("honest", {1}).ok());
  EXPECT_THAT(world.directory().log(),
              testing::ElementsAre(HasSubstr("there is no restriction of files (Landlock)")));
}

// While the dynamic linker has to read files, constructors cannot read others.
TEST(SandboxTest, ConstructorsReadNothingButLibraries) {
  WorkerWorld world({"constructor-reads"});
  world.options().require_sandbox = true;
  world.Open();
  const v1::Plugin plugin = world.Get("constructor-reads");
  if (plugin.state() == v1::PLUGIN_STATE_NOT_TRUSTED) {
    GTEST_SKIP() << "this kernel lacks a part: " << plugin.state_message();
  }
  const auto result = world.Call("constructor-reads", {1});
  EXPECT_TRUE(result.ok()) << result.status();
  // It is Landlock that does it.
  world.options().require_sandbox = false;
  world.options().program = WORKER_WITHOUT_LANDLOCK;
  world.Open();
  EXPECT_THAT(std::string(world.Call("constructor-reads", {1}).status().message()),
              HasSubstr("the attack of the constructor succeeded"));
}

TEST(SandboxTest, ARootThatMayNotBeAnotherUserIsSaidToo) {
  if (geteuid() != 0) GTEST_SKIP() << "this test is of servers that root started";
  WorkerWorld world({"honest"});
  world.options().program = WORKER_WITHOUT_SETUID;
  world.Open();
  EXPECT_TRUE(world.Call("honest", {1}).ok());
  EXPECT_THAT(world.directory().log(),
              testing::ElementsAre(HasSubstr("there is no right to be another user than root")));
}

// A limit that is lower than ours cannot be raised.
TEST(SandboxTest, StartsUnderLowerLimits) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit = {8, 8};
    rlimit stack = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_MSGQUEUE, &limit) != 0 || setrlimit(RLIMIT_STACK, &stack) != 0) _exit(2);
    WorkerWorld world({"honest"});
    _exit(world.Call("honest", {1}).ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SandboxTest, WhereAllOfItIsRequiredNothingIsLoadedWithoutIt) {
  WorkerWorld world({"constructor-aborts"});
  world.options().program = WORKER_WITHOUT_LANDLOCK;
  world.options().require_sandbox = true;
  world.Open();
  // Had its constructors run, it would be broken.
  const v1::Plugin plugin = world.Get("constructor-aborts");
  EXPECT_EQ(plugin.state(), v1::PLUGIN_STATE_NOT_TRUSTED);
  EXPECT_THAT(plugin.state_message(),
              testing::AllOf(HasSubstr("there is no restriction of files (Landlock)"),
                             HasSubstr("set worker-sandbox to best_effort")));
  EXPECT_THAT(world.directory().log(), Contains(HasSubstr("NOT_TRUSTED")));
  EXPECT_THAT(ChildProcesses(), IsEmpty());
}

TEST(SandboxTest, AnswersThatAllIsThereWhereItIsRequired) {
  WorkerWorld world({"honest"});
  world.options().require_sandbox = true;
  world.Open();
  const v1::Plugin plugin = world.Get("honest");
  if (plugin.state() == v1::PLUGIN_STATE_NOT_TRUSTED) {
    GTEST_SKIP() << "this kernel lacks a part: " << plugin.state_message();
  }
  EXPECT_TRUE(world.Call("honest", {1}).ok());
}

}  // namespace
}  // namespace policytrack::plugins
