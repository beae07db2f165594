// Commits: revisions, times, groups, undoing, listeners, snapshots.
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "storage/commit_digest.h"
#include "tests/storage/store_conformance.h"

namespace policytrack::storage {
namespace {

using testing::ElementsAre;

TEST_P(StoreConformanceTest, EmptyStoreHasRevisionZero) {
  EXPECT_EQ(store().revision(), 0);
  Read([&](ReadTransaction& t) {
    EXPECT_EQ(t.revision(), 0);
    EXPECT_FALSE(t.GetCommit(0)->has_value());
    EXPECT_FALSE(t.GetCommit(1)->has_value());
    EXPECT_EQ(*t.RevisionAt(clock_.Now()), 0);
    EXPECT_TRUE(t.ListCommits(kPresent, 10)->empty());
    EXPECT_TRUE(VerifyChain(t).ok());
  });
}

TEST_P(StoreConformanceTest, ReadReturnsTheStatusOfItsBody) {
  const absl::Status status =
      store().Read([](ReadTransaction&) { return absl::NotFoundError("of the body"); });
  EXPECT_EQ(status, absl::NotFoundError("of the body"));
}

TEST_P(StoreConformanceTest, CommitKeepsWhatItWasTold) {
  WriteOptions options;
  options.kind = CommitKind::kEvaluation;
  options.principal = "agency";
  options.request_id = "r-1";
  options.input_revision = 7;
  Put("plans/a", "1");
  clock_.Advance(absl::Seconds(5));
  const int64_t revision =
      Write([](WriteTransaction& t) { return t.PutEvaluation("indicators/x", "record"); }, options);
  EXPECT_EQ(revision, 2);
  Read([&](ReadTransaction& t) {
    const auto commit = t.GetCommit(2);
    ASSERT_TRUE(commit.ok() && commit->has_value());
    EXPECT_EQ((*commit)->revision, 2);
    EXPECT_EQ((*commit)->time, clock_.Now());
    EXPECT_EQ((*commit)->principal, "agency");
    EXPECT_EQ((*commit)->request_id, "r-1");
    EXPECT_EQ((*commit)->kind, CommitKind::kEvaluation);
    EXPECT_EQ((*commit)->input_revision, 7);
    EXPECT_EQ((*commit)->content_digest.size(), 32u);
    EXPECT_EQ((*commit)->chain_digest.size(), 32u);
  });
}

TEST_P(StoreConformanceTest, TimeNeverGoesBack) {
  Put("plans/a", "1");
  const absl::Time first = clock_.Now();
  clock_.Set(first - absl::Hours(1));
  Put("plans/a", "2");
  clock_.Set(first + absl::Hours(1) + absl::Nanoseconds(1500));
  Put("plans/a", "3");
  Read([&](ReadTransaction& t) {
    const auto commits = t.ListCommits(kPresent, 10);
    ASSERT_TRUE(commits.ok());
    ASSERT_EQ(commits->size(), 3u);
    EXPECT_EQ((*commits)[2].time, first);
    EXPECT_EQ((*commits)[1].time, first);
    EXPECT_EQ((*commits)[0].time, first + absl::Hours(1) + absl::Microseconds(1));
    EXPECT_EQ(*t.RevisionAt(first - absl::Microseconds(1)), 0);
    EXPECT_EQ(*t.RevisionAt(first), 2);
    EXPECT_EQ(*t.RevisionAt(first + absl::Hours(1)), 2);
    EXPECT_EQ(*t.RevisionAt(absl::InfiniteFuture()), 3);
    EXPECT_EQ(*t.RevisionAt(absl::InfinitePast()), 0);
  });
}

TEST_P(StoreConformanceTest, ListCommitsPagesNewestFirst) {
  for (int i = 0; i < 5; ++i) Put("plans/a", std::to_string(i));
  Read([&](ReadTransaction& t) {
    const auto revisions = [&](int64_t before, int limit) {
      std::vector<int64_t> found;
      const auto commits = t.ListCommits(before, limit);
      for (const Commit& commit : *commits) found.push_back(commit.revision);
      return found;
    };
    EXPECT_THAT(revisions(kPresent, 2), ElementsAre(5, 4));
    EXPECT_THAT(revisions(4, 2), ElementsAre(3, 2));
    EXPECT_THAT(revisions(2, 100), ElementsAre(1));
    EXPECT_THAT(revisions(1, 100), ElementsAre());
    EXPECT_THAT(revisions(kPresent, 0), ElementsAre());
  });
}

TEST_P(StoreConformanceTest, WriteThatChangesNothingMakesNoCommit) {
  Put("plans/a", "1");
  EXPECT_EQ(Write([](WriteTransaction&) { return absl::OkStatus(); }), 1);
  EXPECT_EQ(Write([](WriteTransaction& t) { return t.SetCursor("c", 9); }), 1);
  const ReadTransaction::StoredAnswer answer{"digest", "response"};
  EXPECT_EQ(Write([&](WriteTransaction& t) {
              return t.PutAnswer("p", "m", "id", answer, clock_.Now() + absl::Hours(1));
            }),
            1);
  EXPECT_EQ(store().revision(), 1);
  Read([&](ReadTransaction& t) {
    EXPECT_EQ(*t.GetCursor("c"), 9);
    ASSERT_TRUE(t.FindAnswer("p", "m", "id")->has_value());
  });
}

TEST_P(StoreConformanceTest, DryRunTellsAndUndoes) {
  Put("plans/a", "1");
  WriteOptions options;
  options.dry_run = true;
  int64_t next = 0;
  EXPECT_EQ(Write(
                [&](WriteTransaction& t) {
                  next = t.next_revision();
                  EXPECT_TRUE(t.SetCursor("c", 9).ok());
                  return t.PutDocument("plans/a", "2", false, {});
                },
                options),
            1);
  EXPECT_EQ(next, 2);
  Read([&](ReadTransaction& t) {
    EXPECT_EQ((*t.GetDocument("plans/a", kPresent))->body, "1");
    EXPECT_EQ(*t.GetCursor("c"), 0);
  });
}

TEST_P(StoreConformanceTest, FailingBodyUndoesAllItDid) {
  const auto result = store().Write({}, [](WriteTransaction& t) -> absl::Status {
    PT_RETURN_IF_ERROR(t.PutDocument("plans/a", "1", false, {"plans/b"}));
    PT_RETURN_IF_ERROR(t.WriteSeries("datasets/x", {MakeWrite("", "k", {{1, 1}})}).status());
    PT_RETURN_IF_ERROR(t.SetCursor("c", 9));
    return absl::AbortedError("of the body");
  });
  EXPECT_EQ(result.status(), absl::AbortedError("of the body"));
  EXPECT_EQ(store().revision(), 0);
  Read([&](ReadTransaction& t) {
    EXPECT_FALSE(t.GetDocument("plans/a", kPresent)->has_value());
    EXPECT_FALSE(t.FindSeries("datasets/x", "", "k")->has_value());
    EXPECT_TRUE(t.ListReferrers("plans/b", 10)->empty());
    EXPECT_EQ(*t.GetCursor("c"), 0);
  });
}

// Many writers, some of whose bodies fail: revisions are gapless, each accepted
// write is there under its own revision and nothing of a refused one is.
TEST_P(StoreConformanceTest, GroupsKeepWritesApart) {
  constexpr int kThreads = 16;
  constexpr int kWrites = 40;
  absl::Mutex mutex;
  std::map<int64_t, std::string> accepted;
  std::set<std::string> refused;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string name = "plans/t" + std::to_string(thread) + "-" + std::to_string(i);
        const bool fails = (thread + i) % 5 == 0;
        const auto result = store().Write({}, [&](WriteTransaction& t) -> absl::Status {
          PT_RETURN_IF_ERROR(t.PutDocument(name, std::to_string(t.next_revision()), false, {}));
          PT_RETURN_IF_ERROR(
              t.WriteSeries("datasets/shared",
                            {MakeWrite("", "k", {{1, static_cast<double>(t.next_revision())}})})
                  .status());
          return fails ? absl::AbortedError("of the body") : absl::OkStatus();
        });
        absl::MutexLock lock(&mutex);
        ASSERT_EQ(result.ok(), !fails) << result.status();
        if (fails) {
          refused.insert(name);
        } else {
          ASSERT_TRUE(accepted.emplace(*result, name).second) << "a revision given twice";
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store().revision(), static_cast<int64_t>(accepted.size()));
  Read([&](ReadTransaction& t) {
    int64_t expected = 1;
    for (const auto& [revision, name] : accepted) {
      ASSERT_EQ(revision, expected++);
      const auto document = t.GetDocument(name, kPresent);
      ASSERT_TRUE(document.ok() && document->has_value());
      EXPECT_EQ((*document)->revision, revision);
      EXPECT_EQ((*document)->body, std::to_string(revision));
    }
    for (const std::string& name : refused) {
      EXPECT_FALSE(t.GetDocument(name, kPresent)->has_value()) << name;
    }
  });
  ExpectVerified();
  const int64_t half = static_cast<int64_t>(accepted.size()) / 2;
  EXPECT_EQ(ReadRows("datasets/shared", "", "k", half),
            (Rows{{1, static_cast<double>(half), half}}));
}

TEST_P(StoreConformanceTest, DoneIsCalledInOrderThenListeners) {
  std::vector<int64_t> order;  // of the writer thread, read after Stop
  store().AddListener([&](int64_t revision) { order.push_back(-revision); });
  absl::Notification release;
  store().WriteAsync(
      {},
      [&](WriteTransaction&) {
        release.WaitForNotification();
        return absl::OkStatus();
      },
      [&](absl::StatusOr<int64_t> revision) { order.push_back(*revision); });
  for (int i = 0; i < 3; ++i) {
    store().WriteAsync(
        {},
        [i](WriteTransaction& t) {
          return t.PutDocument("plans/p" + std::to_string(i), "", false, {});
        },
        [&](absl::StatusOr<int64_t> revision) {
          EXPECT_GE(store().revision(), *revision);
          order.push_back(*revision);
        });
  }
  release.Notify();
  store().Stop();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, -3));
}

TEST_P(StoreConformanceTest, RemovedListenerIsNotCalled) {
  std::atomic<int> calls = 0;
  const int id = store().AddListener([&](int64_t) { ++calls; });
  Put("plans/a", "1");
  Write([](WriteTransaction& t) { return t.SetCursor("c", 1); });  // the first group has ended
  EXPECT_EQ(calls, 1);
  store().RemoveListener(id);
  Put("plans/a", "2");
  store().Stop();
  EXPECT_EQ(calls, 1);
}

TEST_P(StoreConformanceTest, StopFinishesTheQueueAndRefusesLater) {
  std::atomic<int> done = 0;
  for (int i = 0; i < 20; ++i) {
    store().WriteAsync(
        {}, [](WriteTransaction& t) { return t.PutDocument("plans/a", "x", false, {}); },
        [&](absl::StatusOr<int64_t> revision) {
          EXPECT_TRUE(revision.ok());
          ++done;
        });
  }
  store().Stop();
  EXPECT_EQ(done, 20);
  EXPECT_EQ(store().revision(), 20);
  const auto late = store().Write({}, [](WriteTransaction&) { return absl::OkStatus(); });
  EXPECT_EQ(late.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(late.status()), reason::kServerStopping);
  Read([](ReadTransaction& t) { EXPECT_EQ(t.revision(), 20); });
}

TEST_P(StoreConformanceTest, ReadSeesOneSnapshotWhileOthersWrite) {
  Push("datasets/x", {MakeWrite("", "k", {{1, 1}})});
  Read([&](ReadTransaction& t) {
    const int64_t id = (*t.FindSeries("datasets/x", "", "k"))->id;
    Push("datasets/x", {MakeWrite("", "k", {{1, 2}})});
    Put("plans/a", "1");
    EXPECT_EQ(t.revision(), 1);
    EXPECT_EQ(RowsOf(*t.ReadSeries(id, {}, kPresent)), (Rows{{1, 1, 1}}));
    EXPECT_FALSE(t.GetDocument("plans/a", kPresent)->has_value());
    EXPECT_FALSE(t.GetCommit(2)->has_value());
  });
  EXPECT_EQ(ReadRows("datasets/x", "", "k"), (Rows{{1, 2, 2}}));
}

TEST_P(StoreConformanceTest, ReadsRunBesideABusyWriter) {
  constexpr int kRevisions = 60;
  std::atomic<bool> finished = false;
  Push("datasets/x", {MakeWrite("", "a", {{1, 1}}), MakeWrite("", "b", {{1, 1}})});
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!finished) {
        Read([&](ReadTransaction& t) {
          // Both are always written together.
          const auto a = t.ReadSeries((*t.FindSeries("datasets/x", "", "a"))->id, {}, kPresent);
          const auto b = t.ReadSeries((*t.FindSeries("datasets/x", "", "b"))->id, {}, kPresent);
          ASSERT_TRUE(a.ok() && b.ok());
          ASSERT_EQ(RowsOf(*a), RowsOf(*b));
          ASSERT_EQ(a->revisions[0], t.revision());
        });
      }
    });
  }
  for (int i = 2; i <= kRevisions; ++i) {
    const double value = i;
    Push("datasets/x", {MakeWrite("", "a", {{1, value}}), MakeWrite("", "b", {{1, value}})});
  }
  finished = true;
  for (std::thread& reader : readers) reader.join();
}

TEST_P(StoreConformanceTest, ReopenKeepsEverything) {
  Put("plans/a", "1");
  Push("datasets/x", {MakeWrite("", "k", {{1, 1}, {2, 2}})});
  Push("datasets/x", {MakeWrite("", "k", {{1, 3}}, {2})});
  Write([](WriteTransaction& t) { return t.SetCursor("c", 5); });
  Reopen();
  EXPECT_EQ(store().revision(), 3);
  EXPECT_EQ(ReadRows("datasets/x", "", "k"), (Rows{{1, 3, 3}}));
  EXPECT_EQ(ReadRows("datasets/x", "", "k", 2), (Rows{{1, 1, 2}, {2, 2, 2}}));
  EXPECT_EQ(Put("plans/a", "2"), 4);
  Read([&](ReadTransaction& t) {
    EXPECT_EQ(*t.GetCursor("c"), 5);
    EXPECT_EQ((*t.GetDocument("plans/a", 3))->body, "1");
  });
  ExpectVerified();
}

}  // namespace
}  // namespace policytrack::storage
