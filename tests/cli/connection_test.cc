#include "clients/cli/channel.h"

#include <set>

#include "core/error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/cli/cli_harness.h"

namespace policytrack::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

absl::Status WithRetryInfo(absl::Status status, int seconds) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo",
                    absl::Cord(info.SerializeAsString()));
  return status;
}

class ConnectionTest : public CliTest {
 protected:
  // The exit code for a status that the service gives to every attempt.
  Ran RunWith(const absl::Status& status) {
    server.FailNext("ListPlugins", status, false, 10);
    return Run({"plugins", "--retries", "2"});
  }
};

TEST_F(ConnectionTest, ExitCodesTellWhoseFaultItIs) {
  const std::pair<absl::StatusCode, int> kCodes[] = {
      {absl::StatusCode::kInvalidArgument, kRefused},
      {absl::StatusCode::kNotFound, kRefused},
      {absl::StatusCode::kAlreadyExists, kRefused},
      {absl::StatusCode::kFailedPrecondition, kRefused},
      {absl::StatusCode::kAborted, kRefused},
      {absl::StatusCode::kOutOfRange, kRefused},
      {absl::StatusCode::kResourceExhausted, kRefused},
      {absl::StatusCode::kUnavailable, kUnavailable},
      {absl::StatusCode::kDeadlineExceeded, kUnavailable},
      {absl::StatusCode::kInternal, kUnavailable},
      {absl::StatusCode::kUnimplemented, kUnavailable},
      {absl::StatusCode::kUnauthenticated, kNotAllowed},
      {absl::StatusCode::kPermissionDenied, kNotAllowed},
  };
  for (const auto& [code, exit] : kCodes) {
    EXPECT_EQ(ExitCodeOf(absl::Status(code, "x")), exit) << code;
  }
}

TEST_F(ConnectionTest, ErrorsAreAMessageAndAReason) {
  const Ran ran = RunWith(Error(absl::StatusCode::kPermissionDenied, "PERMISSION_MISSING",
                                "you may not list plugins", {{"permission", "plugins.list"}}));
  EXPECT_EQ(ran.code, kNotAllowed);
  EXPECT_EQ(ran.err, "error: you may not list plugins [PERMISSION_MISSING]\n");
  EXPECT_THAT(ran.pauses, IsEmpty());
}

TEST_F(ConnectionTest, RetriesAreBounded) {
  const Ran ran = RunWith(absl::UnavailableError("down"));
  EXPECT_EQ(ran.code, kUnavailable) << ran;
  EXPECT_THAT(ran.pauses, SizeIs(2));
  EXPECT_GT(ran.pauses[1], ran.pauses[0]);
  EXPECT_THAT(server.calls(), SizeIs(3));
  EXPECT_THAT(ran.err, HasSubstr("trying again in"));
  EXPECT_THAT(ran.err, HasSubstr("error: the service at " + server.address()));
}

// As a watch does, which may go on for ever.
TEST_F(ConnectionTest, AttemptsAreCountedAnewAfterOneThatGotFurther) {
  std::vector<absl::Duration> pauses;
  ConnectionOptions options;
  options.retries = 2;
  Connection connection(
      options, [&](absl::Duration pause) { pauses.push_back(pause); }, nullptr);
  int attempts = 0;
  const absl::Status status = connection.Call(
      [&](grpc::ClientContext&) {
        ++attempts;
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down");
      },
      absl::InfiniteDuration(), [&] { return attempts <= 5; });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(attempts, 7);
  ASSERT_THAT(pauses, SizeIs(6));
  for (int i = 0; i < 5; ++i) EXPECT_LT(pauses[static_cast<size_t>(i)], absl::Milliseconds(400));
  EXPECT_GT(pauses[5], absl::Milliseconds(350));
}

TEST_F(ConnectionTest, ARetryThatSucceedsIsDone) {
  server.FailNext("ListPlugins", absl::UnavailableError("down"), false, 2);
  const Ran ran = Run({"plugins", "--retries", "2"});
  EXPECT_EQ(ran.code, kDone) << ran;
  EXPECT_THAT(ran.out, HasSubstr("plugins/growth"));
}

TEST_F(ConnectionTest, WaitsAsLongAsTheServiceAsks) {
  const Ran ran = RunWith(WithRetryInfo(
      Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "the store is busy"), 7));
  EXPECT_THAT(ran.pauses, ElementsAre(absl::Seconds(7), absl::Seconds(7)));
  EXPECT_THAT(ran.err, HasSubstr("the store is busy [STORE_BUSY]; trying again in 7.0 s (1 of 2)"));
}

TEST_F(ConnectionTest, DoesNotWaitForEver) {
  const Ran ran = RunWith(WithRetryInfo(absl::UnavailableError("later"), 3600));
  EXPECT_EQ(ran.code, kUnavailable);
  EXPECT_THAT(ran.pauses, IsEmpty());
}

TEST_F(ConnectionTest, ARateLimitIsWaitedForAndASizeLimitIsNot) {
  Ran ran = RunWith(WithRetryInfo(absl::ResourceExhaustedError("slow down"), 1));
  EXPECT_THAT(ran.pauses, SizeIs(2));
  EXPECT_EQ(ran.code, kUnavailable);
  ran = Run({"list", "commits"});
  server.FailNext("ListCommits", absl::ResourceExhaustedError("too large"));
  ran = Run({"list", "commits"});
  EXPECT_THAT(ran.pauses, IsEmpty());
  EXPECT_EQ(ran.code, kRefused);
}

TEST_F(ConnectionTest, NothingElseIsTriedAgain) {
  for (absl::StatusCode code : {absl::StatusCode::kInternal, absl::StatusCode::kAborted,
                                absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kUnknown}) {
    server.FailNext("ListPlugins", absl::Status(code, "x"));
    EXPECT_THAT(Run({"plugins"}).pauses, IsEmpty()) << code;
  }
}

// On the wire a time left has three digits and is rounded up.
TEST_F(ConnectionTest, EveryCallHasADeadline) {
  Run({"plugins"});
  EXPECT_GT(server.last_time_left, absl::Seconds(20));
  EXPECT_LE(server.last_time_left, absl::Seconds(31));
  Run({"plugins", "--timeout", "300"});
  EXPECT_GT(server.last_time_left, absl::Seconds(200));
  EXPECT_LE(server.last_time_left, absl::Seconds(310));
}

TEST_F(ConnectionTest, NobodyThere) {
  const Ran ran = RunBare({"--server", "127.0.0.1:1", "plugins", "--retries", "1"});
  EXPECT_EQ(ran.code, kUnavailable) << ran;
  EXPECT_THAT(ran.err, HasSubstr("error: the service at 127.0.0.1:1 cannot be reached"));
}

TEST_F(ConnectionTest, TheServerMayComeFromTheEnvironment) {
  variables["POLICYTRACK_SERVER"] = server.address();
  EXPECT_EQ(RunBare({"plugins"}).code, kDone);
  // A flag is nearer.
  EXPECT_EQ(RunBare({"plugins", "--server", "127.0.0.1:1", "--retries", "0"}).code, kUnavailable);
}

TEST_F(ConnectionTest, RequestIdsAreUuidsOfVersion4) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string id = NewRequestId();
    EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                          "[0-9a-f]{12}"));
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST_F(ConnectionTest, CommandLine) {
  Ran ran = RunBare({"--help"});
  EXPECT_EQ(ran.code, kDone);
  EXPECT_THAT(ran.out, HasSubstr("Exit codes: 0 done"));
  ran = RunBare({"--version"});
  EXPECT_EQ(ran.code, kDone);
  EXPECT_THAT(ran.out, testing::StartsWith("policytrack "));
  for (const char* command : {"apply", "push", "report", "get", "list", "delete", "undelete",
                              "explain", "plugins", "commits"}) {
    ran = RunBare({command, "--help"});
    EXPECT_EQ(ran.code, kDone) << command;
    EXPECT_THAT(ran.out,
                testing::ContainsRegex(std::string("Example:[[:space:]]+policytrack ") + command));
  }
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"nothing"},
                                             {"push"},
                                             {"plugins", "--no-such"},
                                             {"plugins", "-o", "xml"},
                                             {"plugins", "--server", "http://x"},
                                             {"report", "p", "--as-of", "1", "--wait", "2"},
                                             {"report", "p", "--as-of", "yesterday"},
                                             {"plugins", "--timeout", "0"},
                                             {"list", "plans", "--page-size", "-1"},
                                             {"commits", "--page-size", "99999999999"},
                                             {"list", "plans", "--page-size", "x"},
                                             {"report", "p", "--as-of", "-3"},
                                             {"list", "plans", "--as-of", "-3"}}) {
    ran = RunBare(wrong);
    EXPECT_EQ(ran.code, kUsage) << testing::PrintToString(wrong) << ran;
    EXPECT_THAT(ran.err, Not(IsEmpty()));
  }
}

TEST_F(ConnectionTest, WrongCommandLinesAreToldPlainly) {
  Ran ran = RunBare({"--server", "x:1", "stauts", "--all"});
  EXPECT_EQ(ran.code, kUsage) << ran;
  EXPECT_THAT(ran.err, HasSubstr("error: there is no command `stauts`; there are apply, push,"));
  for (const char* size : {"-1", "99999999999"}) {
    ran = Run({"list", "plans", "--page-size", size});
    EXPECT_EQ(ran.code, kUsage) << ran;
    EXPECT_THAT(ran.err, HasSubstr(std::string("`") + size + "` is not a whole number from 0 to"));
  }
  ran = Run({"list", "plans", "--as-of", "-3"});
  EXPECT_THAT(ran.err, HasSubstr("--as-of: `-3` is neither a revision such as 12 nor a time"));
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST_F(ConnectionTest, MethodsOfTheApiAreToldAsCommands) {
  server.FailNext("GetPlanProgress",
                  NotFound("plans/p", "there is no plans/p; ListPlans gives those that there are"));
  EXPECT_EQ(Run({"report", "p"}).err,
            "error: there is no plans/p; `policytrack list plans` gives those that there are "
            "[RESOURCE_NOT_FOUND]\n");
  EXPECT_EQ(InCommands("GetPlanProgress, MyGetPlan GetPlanX 河南"),
            "`policytrack report`, MyGetPlan GetPlanX 河南");
}

TEST(ParseAsOf, RevisionOrTime) {
  EXPECT_EQ(ParseAsOf("12")->revision(), 12);
  EXPECT_EQ(ParseAsOf("2024-11-12T08:00:00Z")->time().seconds(), 1731398400);
  EXPECT_EQ(ParseAsOf("2024-11-12T16:00:00.5+08:00")->time().nanos(), 500000000);
  for (const char* text :
       {"", "0", "-1", "2024-11-12", "12x", "99999999999999999999", "infinite-past"}) {
    EXPECT_FALSE(ParseAsOf(text).ok()) << text;
  }
}

}  // namespace
}  // namespace policytrack::cli
