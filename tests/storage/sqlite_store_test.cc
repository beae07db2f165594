// Failures of the database, and its settings.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/synchronization/notification.h"
#include "storage/sqlite/connection.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

namespace fs = std::filesystem;

// Files may not grow: every write past the limit is an I/O error.
TEST_F(SqliteStoreTest, AnIoErrorFailsTheWriteAndNothingElse) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  ASSERT_TRUE(ReadSeries("k").ok());
  // It recovers after the limit is taken away, and not before.
  absl::Notification healthy;
  store_->OnHealth([&](bool is) {
    if (is) healthy.Notify();
  });
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
  rlimit low = before;
  low.rlim_cur = fs::file_size(File("policytrack.db-wal"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const auto refused = Push("k", 2);
  const auto again = Push("k", 3);
  const auto read = ReadSeries("k");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable) << refused.status();
  EXPECT_FALSE(again.ok());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->values, std::vector<double>{1});
  EXPECT_EQ(store_->revision(), 1);
  EXPECT_GE(store_->stats().failed_transactions, 1);

  healthy.WaitForNotification();
  const auto accepted = Push("k", 4);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(*accepted, 2);
  Open();
  EXPECT_EQ(ReadSeries("k")->values, std::vector<double>{4});
  EXPECT_TRUE(Verify().ok());
}

TEST_F(SqliteStoreTest, ItCountsItsCommitsAndNothingThatWasNone) {
  Open();
  const StoreStats before = store_->stats();
  EXPECT_EQ(before.push_commits + before.document_commits + before.evaluation_commits, 0);
  WriteOptions push{CommitKind::kPush, "", "", 0, false};
  ASSERT_TRUE(store_->Write(push, PushBody("k", 1)).ok());
  ASSERT_TRUE(store_->Write(push, PushBody("k", 1)).ok());  // changes nothing
  ASSERT_TRUE(store_->Write({CommitKind::kPush, "", "", 0, true}, PushBody("k", 2)).ok());
  EXPECT_FALSE(
      store_->Write(push, [](WriteTransaction&) { return absl::AbortedError("no"); }).ok());
  ASSERT_TRUE(store_->Write({CommitKind::kEvaluation, "", "", 1, false}, PushBody("k", 3)).ok());
  const StoreStats stats = store_->stats();
  EXPECT_EQ(stats.push_commits, 1);
  EXPECT_EQ(stats.evaluation_commits, 1);
  EXPECT_EQ(stats.document_commits, 0);
  EXPECT_EQ(stats.queued_writes, 0);
  EXPECT_EQ(stats.failed_transactions, 0);
  EXPECT_GE(stats.database_transactions, 2);
  EXPECT_GT(stats.database_bytes, 0);
  EXPECT_GT(stats.log_bytes, before.log_bytes);
}

// Writes that wait together are one transaction, and stay so beside one that is refused
// after it has changed something and one that is taken back: in order, each whole or
// not at all, for the price of one more transaction.
TEST_F(SqliteStoreTest, ARefusedWriteLeavesItsGroupTogether) {
  Open();
  absl::Notification release;
  const int64_t before = store_->stats().database_transactions;
  store_->WriteAsync(
      {},
      [&](WriteTransaction&) {
        release.WaitForNotification();
        return absl::OkStatus();
      },
      [](const absl::StatusOr<int64_t>&) {});
  // Of the writer thread, read after Stop.
  std::vector<std::string> done;
  for (int i = 0; i < 60; ++i) {
    WriteOptions options;
    options.dry_run = i == 40;
    store_->WriteAsync(
        options,
        [i](WriteTransaction& t) -> absl::Status {
          PT_RETURN_IF_ERROR(t.SetCursor("last", i));
          if (i == 50) return absl::AbortedError("of the body");  // a cursor alone
          PT_RETURN_IF_ERROR(PushBody("k" + std::to_string(i), i)(t));
          return i == 20 ? absl::AbortedError("of the body") : absl::OkStatus();
        },
        [&done](const absl::StatusOr<int64_t>& revision) {
          done.push_back(revision.ok() ? std::to_string(*revision) : "refused");
        });
  }
  release.Notify();
  store_->Stop();
  EXPECT_LE(store_->stats().database_transactions - before, 3);
  std::vector<std::string> expected;
  int64_t revision = 0;
  for (int i = 0; i < 60; ++i) {
    const bool refused = i == 20 || i == 50;
    if (!refused && i != 40) ++revision;
    expected.push_back(refused ? "refused" : std::to_string(revision));
  }
  EXPECT_EQ(done, expected);
  Open();
  EXPECT_EQ(store_->revision(), 57);
  for (const int i : {0, 19, 20, 21, 39, 40, 41, 49, 50, 51, 59}) {
    const auto series = ReadSeries("k" + std::to_string(i));
    const bool is_there = i != 20 && i != 40 && i != 50;
    EXPECT_EQ(series.ok() && !series->empty(), is_there) << i;
  }
  EXPECT_TRUE(Verify().ok());
}

// A child writes and reports each revision that was acknowledged, until it is
// killed; whatever it reported must be there.
TEST_F(SqliteStoreTest, WhatWasAcknowledgedSurvivesAKill) {
  int64_t least = 0;
  for (int round = 1; round <= 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      auto opened = TryOpen();
      if (!opened.ok()) _exit(1);
      for (int i = 0;; ++i) {
        const auto revision =
            (*opened)->Write({}, PushBody("k" + std::to_string(i % 7), round + i));
        if (!revision.ok() || write(pipe_ends[1], &*revision, 8) != 8) _exit(1);
      }
    }
    close(pipe_ends[1]);
    int64_t acknowledged = 0;
    for (int i = 0; i < 10 * round; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &acknowledged, 8), 8);
    }
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    while (read(pipe_ends[0], &acknowledged, 8) == 8) {
    }
    close(pipe_ends[0]);
    Open();
    EXPECT_GT(acknowledged, least);
    EXPECT_GE(store_->revision(), acknowledged);
    EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
    least = store_->revision();
    Close();
  }
}

TEST_F(SqliteStoreTest, ReadsBeyondThePoolAreBusy) {
  options_.reader_connections = 1;
  options_.busy_timeout = absl::Milliseconds(1);
  Open();
  absl::Status inner;
  const absl::Status outer = store_->Read([&](ReadTransaction&) {
    inner = store_->Read([](ReadTransaction&) { return absl::OkStatus(); });
    return absl::OkStatus();
  });
  EXPECT_TRUE(outer.ok());
  EXPECT_EQ(inner.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(inner), reason::kStoreBusy);
  EXPECT_TRUE(store_->Read([](ReadTransaction&) { return absl::OkStatus(); }).ok());
}

TEST_F(SqliteStoreTest, WritesAreBusyWhileAnotherProcessWrites) {
  options_.busy_timeout = absl::Milliseconds(1);
  Open();
  {
    sqlite::Connection other(File("policytrack.db"), sqlite::Role::kWriter, absl::ZeroDuration());
    other.Run("BEGIN IMMEDIATE");
    const auto busy = Push("k", 1);
    EXPECT_EQ(busy.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(busy.status()), reason::kStoreBusy);
    other.RollBack();
  }
  EXPECT_EQ(*Push("k", 1), 1);
}

TEST_F(SqliteStoreTest, TheLogGrowsNoLongerThanItMay) {
  Open();
  const std::string text(4 << 20, 'x');
  for (int i = 0; i < 40; ++i) {
    const auto written = store_->Write({}, [&](WriteTransaction& t) {
      return t.PutDocument("plans/a", text + std::to_string(i), false, {});
    });
    ASSERT_TRUE(written.ok()) << written.status();
  }
  EXPECT_LT(fs::file_size(File("policytrack.db-wal")), size_t{80} << 20);
  EXPECT_GT(fs::file_size(File("policytrack.db")), size_t{80} << 20);
}

TEST_F(SqliteStoreTest, SettingsAreAsPromised) {
  Open();
  Close();
  const std::string path = File("policytrack.db");
  {
    sqlite::Connection writer(path, sqlite::Role::kWriter, absl::ZeroDuration());
    const auto setting = [&](const char* pragma) {
      sqlite::Query query(writer, pragma);
      return query.Step() ? query.String(0) : "";
    };
    EXPECT_EQ(setting("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(setting("PRAGMA synchronous"), "2");
    EXPECT_EQ(setting("PRAGMA foreign_keys"), "1");
    sqlite::Connection reader(path, sqlite::Role::kReader, absl::ZeroDuration());
    sqlite::Query checkpoint(reader, "PRAGMA wal_autocheckpoint");
    ASSERT_TRUE(checkpoint.Step());
    EXPECT_EQ(checkpoint.Int(0), 0);
    EXPECT_THROW(reader.Run("DELETE FROM cursors"), std::exception);
  }
}

}  // namespace
}  // namespace policytrack::storage
