// Which changes of status are judged, and how often.
#include "services/app/judged_commits.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/app/watch_fixture.h"

namespace policytrack::app {
namespace {

using State = WatchLog::State;

class JudgedCommitsTest : public WatchLogTest {
 protected:
  // Two targets of which each evaluation finds another status.
  void MakeHistory(int evaluations) {
    MakeJudged();
    v1::Measure other = measure_;
    other.set_name("measures/other");
    world_.Put(other);
    world_.Push("datasets/sales", {{{"east"}, 2020, 100}});
    world_.Evaluate();
    for (int i = 0; i < evaluations; ++i) {
      world_.Push("datasets/sales", {{{"east"}, 2021, i % 2 == 0 ? 119.0 : 101.0}});
      world_.Evaluate();
    }
    engine_.TakeCount();
  }
  static v1::WatchEventsRequest Changes(const std::string& name = "") {
    v1::WatchEventsRequest request = After(0);
    request.add_kinds(v1::EVENT_KIND_STATUS_CHANGED);
    if (!name.empty()) request.add_names(name);
    return request;
  }
};

TEST_F(JudgedCommitsTest, OnlyWhatCanBeSelectedIsJudged) {
  MakeHistory(4);
  v1::WatchEventsRequest request = After(0);
  for (const char* name : {"scripts", "plans", "datasets/sales", "indicators", "measures/none"}) {
    request.clear_names();
    request.add_names(name);
    All(request);
    EXPECT_EQ(engine_.TakeCount(), 0) << name;
  }
  request.clear_names();
  request.add_kinds(v1::EVENT_KIND_OBSERVATIONS_CHANGED);
  All(request);
  EXPECT_EQ(engine_.TakeCount(), 0);
  // One of two targets, and then the other alone.
  const size_t told = All(Changes("measures/m")).size();
  EXPECT_EQ(told, 5u);
  const int half = engine_.TakeCount();
  EXPECT_GT(half, 0);
  EXPECT_EQ(All(Changes()).size(), told);
  EXPECT_EQ(engine_.TakeCount(), half);
}

TEST_F(JudgedCommitsTest, WhatOneWaitedForIsThereForAll) {
  MakeHistory(4);
  EXPECT_EQ(All(Changes()).size(), 5u);
  EXPECT_GT(engine_.TakeCount(), 0);
  for (const char* name : {"", "measures", "measures/m/targets/t"}) {
    EXPECT_EQ(All(Changes(name)).size(), 5u);
  }
  All(After(0));
  EXPECT_EQ(engine_.TakeCount(), 0);
}

// Four at once, of which the first is in the middle of it.
TEST_F(JudgedCommitsTest, ACommitIsJudgedOnceHoweverManyAsk) {
  MakeHistory(1);
  Watch watch = Begin(Changes());
  while (log_->Next(&watch)->state != State::kJudge) {
  }
  const auto judge = [&] { Judge(watch); };
  judge();
  const int once = engine_.TakeCount();
  ASSERT_GT(once, 0);
  Limit({});  // one that has judged nothing yet
  engine_.Hold(true);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(judge);
  engine_.AwaitWaiting(1);
  engine_.Hold(false);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(engine_.TakeCount(), once);
  EXPECT_NE(log_->Next(&watch)->state, State::kJudge);
}

// A step tells what it can without judging, and tells it while others judge.
TEST_F(JudgedCommitsTest, AStepDoesNotWaitForAJudgement) {
  MakeHistory(1);
  Watch judged = Begin(Changes());
  while (log_->Next(&judged)->state != State::kJudge) {
  }
  engine_.Hold(true);
  std::thread judging([&] { Judge(judged); });
  engine_.AwaitWaiting(1);
  v1::WatchEventsRequest request = After(0);
  request.add_kinds(v1::EVENT_KIND_DOCUMENT_CREATED);
  EXPECT_EQ(All(request).size(), 5u);
  EXPECT_EQ(log_->Next(&judged)->state, State::kJudge);
  engine_.Hold(false);
  judging.join();
  EXPECT_NE(log_->Next(&judged)->state, State::kJudge);
}

TEST_F(JudgedCommitsTest, AStopIsHeardBetweenTwoTargets) {
  MakeHistory(1);
  Watch watch = Begin(Changes());
  while (log_->Next(&watch)->state != State::kJudge) {
  }
  stop_ = true;
  Judge(watch);
  EXPECT_EQ(engine_.TakeCount(), 0);
  EXPECT_EQ(log_->Next(&watch)->state, State::kJudge);
}

// As many commits as fill what may be kept many times over: one with many targets each.
TEST_F(JudgedCommitsTest, WhatIsKeptIsBounded) {
  MakeJudged();
  constexpr int kTargets = 2000;
  const std::string measure = "measures/one-with-quite-a-long-name-that-takes-its-room/targets/t-";
  Watch watch = Begin(Changes());
  size_t most = 0;
  for (int i = 0; i < 20; ++i) {
    storage::WriteOptions options;
    options.kind = storage::CommitKind::kEvaluation;
    ASSERT_TRUE(world_.store()
                    .Write(options,
                           [&](storage::WriteTransaction& tx) -> absl::Status {
                             storage::SeriesWrite write;
                             write.points.Append(2020, i, kNormal);
                             write.points.revisions.clear();
                             for (int t = 0; t < kTargets; ++t) {
                               PT_RETURN_IF_ERROR(
                                   tx.WriteSeries(measure + std::to_string(t), {write}).status());
                             }
                             return absl::OkStatus();
                           })
                    .ok());
    Rest(&watch);
    EXPECT_LE(log_->judged_bytes(), JudgedCommits::kMaxBytes);
    most = std::max(most, log_->judged_bytes());
  }
  EXPECT_GT(most, JudgedCommits::kMaxBytes / 2);
}

}  // namespace
}  // namespace policytrack::app
