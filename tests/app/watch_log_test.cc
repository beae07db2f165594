// What a watch reads of the commit log, without a stream: each commit once and in
// order, what is kept and shared, and what is refused.
#include "services/app/watch_log.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "tests/app/counting_store.h"
#include "tests/app/watch_fixture.h"

namespace policytrack::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using State = WatchLog::State;

void ExpectRefused(const absl::Status& status, absl::StatusCode code, const char* reason,
                   const char* words) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(ReasonOf(status), reason) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST_F(WatchLogTest, NamesKindsAndFilterSelect) {
  MakeJudged();
  world_.Push("datasets/sales", {{{"east"}, 2020, 100}, {{"east"}, 2021, 119}});
  world_.Evaluate();
  v1::WatchEventsRequest request = After(0);
  request.add_names("measures/m");
  for (const std::string& words : Words(request)) EXPECT_THAT(words, HasSubstr("measures/m"));
  EXPECT_GE(Words(request).size(), 3u);  // the measure, its target's outputs and its status
  request.clear_names();
  request.add_names("measures");
  EXPECT_GE(Words(request).size(), 3u);
  request.clear_names();
  request.add_names("measures/other");
  request.add_names("plans/p/more");
  ExpectRefused(log_->Begin(request).status(), absl::StatusCode::kInvalidArgument,
                reason::kNameInvalid, "names[1]");
  request.mutable_names()->RemoveLast();
  EXPECT_TRUE(Words(request).empty());
  request.clear_names();
  request.add_kinds(v1::EVENT_KIND_DOCUMENT_CREATED);
  EXPECT_EQ(Words(request).size(), 4u);
  request.set_filter("name = \"*sales\"");
  EXPECT_THAT(Words(request), ElementsAre("DOCUMENT_CREATED datasets/sales"));
}

// Random selections, resumed at random places, tell what the whole log says; each
// commit once and in order.
TEST_F(WatchLogTest, ResumedAnywhereItTellsTheRest) {
  MakeJudged();
  std::mt19937 random(11);
  for (int i = 0; i < 60; ++i) {
    if (random() % 4 == 0) world_.PutPlan("plans/p" + std::to_string(random() % 3));
    if (random() % 4 == 0) world_.Put(measure_);
    world_.Push("datasets/sales", {{{"east"},
                                    static_cast<int64_t>(2020 + random() % 4),
                                    static_cast<double>(100 + random() % 100)}});
    if (random() % 3 == 0) world_.Evaluate();
  }
  const auto whole = All(After(0));
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(whole[i].revision(), static_cast<int64_t>(i) + 1);
    EXPECT_EQ(whole[i].commit().revision(), whole[i].revision());
    EXPECT_EQ(whole[i].event_count(), whole[i].events_size());
  }
  EXPECT_EQ(static_cast<int64_t>(whole.size()), world_.store().revision());
  for (int round = 0; round < 40; ++round) {
    v1::WatchEventsRequest request;
    if (random() % 2 == 0) request.add_names(random() % 2 == 0 ? "plans" : "datasets/sales");
    for (int kind = 1; kind <= 7; ++kind) {
      if (random() % 3 == 0) request.add_kinds(static_cast<v1::EventKind>(kind));
    }
    if (random() % 3 == 0) request.set_filter("created_count > 0");
    const EventSelection selection = *EventSelection::Parse(request);
    std::vector<std::string> expected;
    for (const auto& response : whole) {
      for (const v1::Event& event : response.events()) {
        if (selection.Matches(event)) expected.push_back(event.SerializeAsString());
      }
    }
    std::vector<std::string> told;
    request.set_after_revision(0);
    while (true) {
      Watch watch = Begin(request);
      const size_t steps = random() % 40;
      bool present = false;
      for (size_t i = 0; i < steps && !present; ++i) {
        const auto step = log_->Next(&watch);
        ASSERT_TRUE(step.ok());
        present = step->state == State::kPresent;
        if (step->state == State::kJudge) Judge(watch);
        if (step->state != State::kMessage) continue;
        v1::WatchEventsResponse response;
        ASSERT_TRUE(response.ParseFromString(*step->message));
        for (const v1::Event& event : response.events()) {
          told.push_back(event.SerializeAsString());
        }
      }
      if (present) break;
      v1::WatchEventsResponse heartbeat;
      ASSERT_TRUE(heartbeat.ParseFromString(*log_->Heartbeat(watch)));
      request.set_resume_token(heartbeat.resume_token());
    }
    ASSERT_EQ(told, expected) << request.DebugString();
  }
}

TEST_F(WatchLogTest, TheStartIsChecked) {
  world_.PutPlan("plans/p");
  ExpectRefused(log_->Begin(After(2)).status(), absl::StatusCode::kInvalidArgument,
                reason::kFieldInvalid, "after_revision");
  ExpectRefused(log_->Begin(After(-1)).status(), absl::StatusCode::kInvalidArgument,
                reason::kFieldInvalid, "after_revision");
  for (const int64_t seconds : {int64_t{0}, int64_t{-5}, int64_t{3601}, INT64_MAX, INT64_MIN}) {
    v1::WatchEventsRequest request;
    request.mutable_heartbeat_interval()->set_seconds(seconds);
    ExpectRefused(log_->Begin(request).status(), absl::StatusCode::kInvalidArgument,
                  reason::kFieldInvalid, "heartbeat_interval");
  }
  v1::WatchEventsRequest request;
  request.add_kinds(v1::EVENT_KIND_UNSPECIFIED);
  ExpectRefused(log_->Begin(request).status(), absl::StatusCode::kInvalidArgument,
                reason::kFieldInvalid, "kinds[0]");
  request.clear_kinds();
  for (int i = 0; i < 101; ++i) request.add_names("plans");
  ExpectRefused(log_->Begin(request).status(), absl::StatusCode::kInvalidArgument,
                reason::kFieldInvalid, "names");
  // Before all commits, and after them.
  request.Clear();
  request.mutable_after_time()->set_seconds(0);
  EXPECT_EQ(All(request).size(), 1u);
  request.mutable_after_time()->set_seconds(253402300799);
  EXPECT_EQ(All(request).size(), 0u);
}

TEST_F(WatchLogTest, ATokenOfAnotherHistoryIsRefused) {
  EvaluationWorld other;
  other.PutPlan("plans/other");
  other.PutPlan("plans/more");
  WatchLog others(&other.store(), &other.engine(), {});
  world_.PutPlan("plans/p");
  const auto token = [&](int64_t revision) {
    v1::WatchEventsRequest request;
    v1::WatchEventsResponse heartbeat;
    heartbeat.ParseFromString(*others.Heartbeat(*others.Begin(After(revision))));
    request.set_resume_token(heartbeat.resume_token());
    return request;
  };
  ExpectRefused(log_->Begin(token(1)).status(), absl::StatusCode::kInvalidArgument,
                reason::kResumeTokenInvalid, "of another server");
  ExpectRefused(log_->Begin(token(2)).status(), absl::StatusCode::kInvalidArgument,
                reason::kResumeTokenInvalid, "from the future");
  // From before the first commit all histories are one.
  EXPECT_EQ(All(token(0)).size(), 1u);
}

TEST_F(WatchLogTest, WhoLiesTooFarBehindIsTold) {
  Limit({.history = 3});
  for (int i = 0; i < 5; ++i) world_.PutPlan("plans/p");
  ExpectRefused(log_->Begin(After(1)).status(), absl::StatusCode::kOutOfRange,
                reason::kResumeTokenExpired, "4 commits behind");
  Watch watch = Begin(After(2));
  ASSERT_EQ(log_->Next(&watch)->state, State::kMessage);
  world_.PutPlan("plans/p");
  ASSERT_EQ(log_->Next(&watch)->state, State::kMessage);
  world_.PutPlan("plans/p");
  world_.PutPlan("plans/p");
  const auto step = log_->Next(&watch);
  ExpectRefused(step.status(), absl::StatusCode::kOutOfRange, reason::kResumeTokenExpired,
                "behind");
  const absl::Status ending = WatchLog::Ending(watch, step.status());
  EXPECT_EQ(MetadataOf(ending, "oldest_revision"), "5");
  EXPECT_NE(MetadataOf(ending, "resume_token"), "");
}

TEST_F(WatchLogTest, WhatIsKeptIsBounded) {
  for (int i = 0; i < 200; ++i) world_.PutPlan("plans/p");
  Watch watch = Begin(After(0));
  EXPECT_EQ(Rest(&watch).size(), 200u);
  // Of a past that was read alone nothing is kept.
  EXPECT_LE(log_->cached_commits(), WatchLog::kMaxCachedCommits);
  for (int i = 0; i < 200; ++i) {
    world_.PutPlan("plans/p");
    EXPECT_EQ(Rest(&watch).size(), 1u);
  }
  EXPECT_EQ(log_->cached_commits(), WatchLog::kMaxCachedCommits);
  EXPECT_GT(log_->cached_bytes(), 0u);
  EXPECT_LE(log_->cached_bytes(), WatchLog::kMaxCachedBytes);
}

// Very wide commits: a push into two thousand datasets takes about a MiB as events.
TEST_F(WatchLogTest, WideCommitsAreCutAndKeptWithinBounds) {
  const auto wide = [&] {
    ASSERT_TRUE(world_.store()
                    .Write({},
                           [](storage::WriteTransaction& tx) -> absl::Status {
                             for (int i = 0; i < 12000; ++i) {
                               PT_RETURN_IF_ERROR(tx.PutDocument(
                                   "plans/a-plan-with-quite-a-long-name-" + std::to_string(i), "",
                                   false, {}));
                             }
                             return absl::OkStatus();
                           })
                    .ok());
  };
  Watch watch = Begin(v1::WatchEventsRequest());
  for (int i = 0; i < 8; ++i) {
    wide();
    const auto told = Rest(&watch);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].event_count(), 12000);
    EXPECT_LE(static_cast<size_t>(told[0].events_size()), WatchLog::kMaxEvents);
    EXPECT_GT(told[0].events_size(), 1000);
    EXPECT_LE(told[0].ByteSizeLong(), WatchLog::kMaxEventBytes + 100000);
    EXPECT_LE(log_->cached_bytes(), WatchLog::kMaxCachedBytes);
  }
  EXPECT_GT(log_->cached_commits(), 0u);
}

TEST_F(WatchLogTest, WatchesThatSelectTheSameShareAMessage) {
  world_.PutPlan("plans/p");
  Watch a = Begin(After(0));
  Watch b = Begin(After(0));
  v1::WatchEventsRequest other = After(0);
  other.add_names("plans");
  Watch c = Begin(other);
  EXPECT_EQ(a.selection, b.selection);
  EXPECT_NE(a.selection, c.selection);
  {
    const auto of_a = log_->Next(&a);
    const auto of_b = log_->Next(&b);
    const auto of_c = log_->Next(&c);
    EXPECT_EQ(of_a->message, of_b->message);
    EXPECT_NE(of_a->message, of_c->message);
    EXPECT_EQ(log_->held_bytes(),
              static_cast<int64_t>(of_a->message->size() + of_c->message->size()));
  }
  EXPECT_EQ(log_->held_bytes(), 0);
}

// A store in which one commit is lost, as one that was salvaged.
class StoreWithAGap final : public CountingStore {
 public:
  StoreWithAGap(storage::Store* real, int64_t lost) : CountingStore(real), lost_(lost) {}

  absl::Status Read(const ReadBody& body) override {
    return CountingStore::Read([&](storage::ReadTransaction& tx) {
      Transaction transaction(&tx, lost_);
      return body(transaction);
    });
  }

 private:
  class Transaction final : public CountingTransaction {
   public:
    Transaction(storage::ReadTransaction* real, int64_t lost)
        : CountingTransaction(real, &counts_), lost_(lost) {}

    absl::StatusOr<std::vector<storage::Commit>> ListCommits(int64_t before, int limit) override {
      PT_ASSIGN_OR_RETURN(auto commits, CountingTransaction::ListCommits(before, limit + 1));
      const auto found = std::find_if(commits.begin(), commits.end(),
                                      [&](const auto& commit) { return commit.revision == lost_; });
      commits.erase(found == commits.end() ? commits.end() - 1 : found);
      return commits;
    }

   private:
    const int64_t lost_;
    ReadCounts counts_;
  };

  const int64_t lost_;
};

TEST_F(WatchLogTest, ACommitThatIsLostIsNotPassedOver) {
  for (int i = 0; i < 12; ++i) world_.PutPlan("plans/p");
  for (int64_t lost = 2; lost <= 12; ++lost) {
    StoreWithAGap store(&world_.store(), lost);
    // One that is told every commit, and one that passes ever more of them at a time.
    for (const char* name : {"plans/p", "plans/none"}) {
      WatchLog log(&store, &world_.engine(), {});
      v1::WatchEventsRequest request = After(1);
      request.add_names(name);
      Watch watch = *log.Begin(request);
      int64_t told = 1;
      absl::Status end;
      while (end.ok()) {
        const auto step = log.Next(&watch);
        end = step.status();
        ASSERT_TRUE(!step.ok() || step->state != State::kPresent) << lost << " " << name;
        if (!step.ok() || step->message == nullptr) continue;
        v1::WatchEventsResponse response;
        ASSERT_TRUE(response.ParseFromString(*step->message));
        ASSERT_EQ(response.revision(), ++told);
      }
      ExpectRefused(end, absl::StatusCode::kInternal, reason::kStoreDamaged,
                    ("commit " + std::to_string(lost) + " is not").c_str());
      EXPECT_EQ(told, request.names(0) == "plans/p" ? lost - 1 : 1);
      EXPECT_LT(watch.told.revision, lost);
    }
  }
}

TEST_F(WatchLogTest, AWatchThatWantsNoMoreThanThePresentEnds) {
  world_.PutPlan("plans/p");
  v1::WatchEventsRequest request = After(0);
  request.set_stop_at_present(true);
  Watch watch = Begin(request);
  world_.PutPlan("plans/p");
  EXPECT_EQ(log_->Next(&watch)->state, State::kMessage);
  EXPECT_EQ(log_->Next(&watch)->state, State::kEnd);
}

}  // namespace
}  // namespace policytrack::app
