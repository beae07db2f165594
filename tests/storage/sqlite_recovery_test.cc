// What the writer does when the file system fails under it: what it says of a commit
// whose end was an error, and how it comes back.
#include <atomic>
#include <cmath>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "storage/sqlite/guard.h"
#include "tests/storage/health.h"
#include "tests/storage/shim_vfs.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

namespace fs = std::filesystem;

// Asks a function of the test, which may change, about each call.
class Hook final : public IoObserver {
 public:
  using Answer = std::function<int(IoCall call, const std::string& path)>;
  void Set(Answer answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }
  int Before(IoCall call, const std::string& path) override {
    Answer answer;
    {
      absl::MutexLock lock(&mutex_);
      answer = answer_;
    }
    return answer == nullptr ? SQLITE_OK : answer(call, path);
  }

 private:
  absl::Mutex mutex_;
  Answer answer_ ABSL_GUARDED_BY(mutex_);
};

class RecoveryTest : public SqliteStoreTest {
 protected:
  ~RecoveryTest() override { Close(); }

  // The end of a test whose hook looks at what is the test's own.
  void LetGo() {
    Close();
    hook_.Set(nullptr);
  }

  // In pages, each with its header of 24 bytes.
  int64_t LogPages() const {
    return static_cast<int64_t>(fs::file_size(File("policytrack.db-wal"))) / (4096 + 24);
  }

  // Of some 150 pages: most roots have no few decimals, and take eight bytes.
  static absl::Status PushMany(WriteTransaction& t) {
    SeriesWrite many;
    many.key = "many";
    for (int64_t period = 0; period < 70000; ++period) {
      many.points.periods.push_back(period);
      many.points.values.push_back(std::sqrt(period));
      many.points.flags.push_back(kNormal);
    }
    return t.WriteSeries("datasets/x", {many}).status();
  }

  Hook hook_;
  ShimVfs shim_{&hook_};
  Health health_;
};

// SQLite puts a commit into the log, whole and synced, before it enters it into the
// index of the log. What fails there has no room, and the commit is there all the same.
TEST_F(RecoveryTest, ACommitThatIsNotIndexedMayBeStored) {
  Open();
  health_.Follow(*store_);
  // The first part of the index has room for 4062 pages.
  int64_t before = 0;
  while (LogPages() < 3950) before = *Push(absl::StrCat("k", before % 50), double(before));
  ASSERT_LT(LogPages(), 4000);
  // The connection of a reader keeps the log when the writer's is closed.
  ASSERT_TRUE(ReadSeries("k1").ok());
  std::atomic<bool> full{true};
  hook_.Set([&](IoCall call, const std::string&) {
    return full && call == IoCall::kShmGrow ? SQLITE_IOERR_SHMSIZE : SQLITE_OK;
  });
  std::atomic<int> runs{0};
  const Store::WriteBody push_many = [&](WriteTransaction& t) {
    ++runs;
    return PushMany(t);
  };
  const std::string crashed = directory_.path() + "/crashed";
  absl::Status answer;
  absl::BlockingCounter answered(1);
  store_->WriteAsync({}, push_many, [&](const absl::StatusOr<int64_t>& result) {
    // What a kill leaves at this moment.
    fs::create_directory(crashed);
    for (const char* file : {"policytrack.db", "policytrack.db-wal"}) {
      fs::copy(File(file), crashed + "/" + file);
    }
    full = false;
    answer = result.status();
    answered.DecrementCount();
  });
  answered.Wait();
  ASSERT_TRUE(sqlite::IsIoError(answer)) << answer;
  EXPECT_THAT(std::string(answer.message()), testing::HasSubstr("may be stored or not"));
  EXPECT_EQ(runs, 1) << "it ran again, and may be stored";
  ASSERT_TRUE(health_.AwaitFailure());
  ASSERT_TRUE(health_.AwaitHealthy());
  // Sent again it is done once, here and in what the kill left.
  EXPECT_EQ(*store_->Write({}, push_many), before + 1);
  EXPECT_TRUE(store_->Verify().ok());
  Close();
  options_.data_dir = crashed;
  Open();
  EXPECT_EQ(store_->revision(), before + 1) << "the commit was not there: the test shows nothing";
  EXPECT_EQ(*store_->Write({}, push_many), before + 1);
  EXPECT_TRUE(store_->Verify().ok());
  LetGo();
}

// The copy may be made on another disk, and its errors are told to who asked for it.
TEST_F(RecoveryTest, WhatIsRefusedToACopyIsNoErrorOfTheStore) {
  Open();
  health_.Follow(*store_);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Push(absl::StrCat("k", i), i).ok());
  const std::string copy = directory_.path() + "/copy.db";
  for (int at = 1;; ++at) {
    SCOPED_TRACE(absl::StrCat("call ", at));
    std::atomic<int> calls{0};
    hook_.Set([&](IoCall call, const std::string& path) {
      return path == copy && ++calls == at ? IoErrorOf(call) : SQLITE_OK;
    });
    WriteFile(copy, "");
    const absl::Status status = store_->CopyTo(copy, nullptr).status();
    hook_.Set(nullptr);
    if (calls < at) {
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_GT(at, 50);
      break;
    }
    EXPECT_FALSE(sqlite::IsIoError(status)) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("the copy")) << status;
    // Who was to look at itself does so before it writes.
    EXPECT_TRUE(Push("k1", at).ok());
    ASSERT_EQ(health_.failures(), 0);
  }
  LetGo();
}

TEST_F(RecoveryTest, AnErrorOfTheDatabaseDuringACopyIsOneOfTheStore) {
  Open();
  health_.Follow(*store_);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Push(absl::StrCat("k", i), i).ok());
  const std::string copy = directory_.path() + "/copy.db";
  WriteFile(copy, "");
  hook_.Set([&](IoCall call, const std::string& path) {
    return call == IoCall::kRead && path == File("policytrack.db-wal") ? SQLITE_IOERR_READ
                                                                       : SQLITE_OK;
  });
  const absl::Status status = store_->CopyTo(copy, nullptr).status();
  EXPECT_TRUE(sqlite::IsIoError(status)) << status;
  EXPECT_TRUE(health_.AwaitFailure());
  hook_.Set(nullptr);
  EXPECT_TRUE(health_.AwaitHealthy());
  LetGo();
}

// What a disk does not keep of the copy is not the damage of the database.
TEST_F(RecoveryTest, ACopyThatItsDiskSpoilsIsNotTheDamageOfTheStore) {
  Open();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Push(absl::StrCat("k", i), i).ok());
  const std::string copy = directory_.path() + "/copy.db";
  WriteFile(copy, "");
  hook_.Set([&](IoCall call, const std::string& path) {
    const bool dropped = path == copy && call == IoCall::kWrite;
    return dropped && fs::file_size(copy) > 20000 ? IoObserver::kPretend : SQLITE_OK;
  });
  const absl::Status status = store_->CopyTo(copy, nullptr).status();
  hook_.Set(nullptr);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_NE(ReasonOf(status), reason::kStoreDamaged) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("the database is not"));
  LetGo();
}

TEST_F(RecoveryTest, DamageThatARecoveryFindsIsKnownToTheNextStart) {
  Open();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Push(absl::StrCat("key-of-", i), i).ok());
  Close();
  // The page that holds this no longer says what it is; nothing that a start looks at.
  std::string bytes = ReadFile(File("policytrack.db"));
  bytes[bytes.find("key-of-150") / 4096 * 4096] = 99;
  WriteFile(File("policytrack.db"), bytes);
  Open();
  health_.Follow(*store_);
  std::atomic<bool> failed{false};
  hook_.Set([&](IoCall call, const std::string&) {
    return call == IoCall::kSync && !failed.exchange(true) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  });
  // Of another table.
  const auto put = [&] {
    return store_
        ->Write({}, [](WriteTransaction& t) { return t.PutDocument("plans/a", "", false, {}); })
        .status();
  };
  const absl::Status first = put();
  ASSERT_TRUE(sqlite::IsIoError(first)) << first;
  ASSERT_TRUE(health_.AwaitFailure());
  // It is told in every answer after the check, and written down before.
  absl::Status later = put();
  while (ReasonOf(later) == reason::kStoreBusy) later = put();
  EXPECT_EQ(ReasonOf(later), reason::kStoreDamaged) << later;
  Close();
  const absl::Status refused = TryOpen().status();
  EXPECT_EQ(ReasonOf(refused), reason::kStoreDamaged) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("was found damaged"));
  LetGo();
}

// Its quick check reads the whole file, which takes as long as it takes.
class LongCheckTest : public RecoveryTest {
 protected:
  ~LongCheckTest() override { LetGo(); }

  void SetUp() override {
    Open();
    ASSERT_TRUE(store_->Write({}, PushMany).ok());
    Close();
    Open();
    health_.Follow(*store_);
  }
  // A write fails, and the check that follows stands still in the middle until `resume`.
  void FailAndHoldTheCheck() {
    hook_.Set([this](IoCall call, const std::string& path) {
      if (call == IoCall::kSync && !failed_.exchange(true)) return SQLITE_IOERR_FSYNC;
      if (failed_ && call == IoCall::kRead && path == File("policytrack.db") && ++reads_ == 20) {
        held_.Notify();
        resume_.WaitForNotification();
      }
      // From then on the disk is slow.
      if (resume_.HasBeenNotified()) done_.WaitForNotificationWithTimeout(slowness_);
      return SQLITE_OK;
    });
    EXPECT_TRUE(sqlite::IsIoError(Push("k", 1).status()));
    ASSERT_TRUE(held_.WaitForNotificationWithTimeout(absl::Seconds(60)));
  }

  std::atomic<bool> failed_{false};
  std::atomic<int> reads_{0};
  absl::Notification held_;
  absl::Notification resume_;
  absl::Notification done_;
  absl::Duration slowness_ = absl::ZeroDuration();
};

TEST_F(LongCheckTest, WritesFailAtOnceWhileItRuns) {
  FailAndHoldTheCheck();
  absl::Notification answered;
  std::atomic<bool> io_error{false};
  store_->WriteAsync({}, PushBody("k", 2), [&](const absl::StatusOr<int64_t>& result) {
    io_error = sqlite::IsIoError(result.status());
    answered.Notify();
  });
  EXPECT_TRUE(answered.WaitForNotificationWithTimeout(absl::Seconds(10)));
  EXPECT_FALSE(resume_.HasBeenNotified());
  resume_.Notify();
  answered.WaitForNotification();
  EXPECT_TRUE(io_error);
  EXPECT_TRUE(health_.AwaitHealthy());
  EXPECT_TRUE(Push("k", 3).ok());
}

TEST_F(LongCheckTest, AStopEndsIt) {
  slowness_ = absl::Milliseconds(10);
  FailAndHoldTheCheck();
  std::thread stop([&] { store_->Stop(); });
  // Until it is told so by the thread that asks.
  std::atomic<bool> stopping{false};
  for (; !stopping; std::this_thread::yield()) {
    store_->WriteAsync({}, PushBody("k", 2), [&](const absl::StatusOr<int64_t>& result) {
      if (ReasonOf(result.status()) == reason::kServerStopping) stopping = true;
    });
  }
  const int read = reads_;
  resume_.Notify();
  stop.join();
  done_.Notify();
  const int64_t pages = static_cast<int64_t>(fs::file_size(File("policytrack.db"))) / 4096;
  ASSERT_GT(pages, 100);
  EXPECT_LT(reads_ - read, pages / 2);
}

// What reads meet until the store looks at itself is no reason to do it twice.
TEST_F(RecoveryTest, WhatReadsMeetDuringARecoveryIsNoOtherError) {
  Open();
  health_.Follow(*store_);
  ASSERT_TRUE(Push("k", 1).ok());
  // A reader is open, and has not read all.
  ASSERT_TRUE(ReadSeries("k").ok());
  std::atomic<int> tries{0};
  std::atomic<bool> broken{true};
  hook_.Set([&](IoCall call, const std::string& path) {
    if (!broken) return SQLITE_OK;
    // A try opens the database and gets no further.
    if (call == IoCall::kOpen && path == File("policytrack.db")) {
      ++tries;
      return SQLITE_CANTOPEN;
    }
    return call == IoCall::kSize || call == IoCall::kOpen ? SQLITE_OK : IoErrorOf(call);
  });
  EXPECT_TRUE(sqlite::IsIoError(Push("k", 2).status()));
  ASSERT_TRUE(health_.AwaitFailure());
  const absl::Status read =
      store_->Read([](ReadTransaction& t) { return t.GetCursor("x").status(); });
  ASSERT_TRUE(sqlite::IsIoError(read) && !sqlite::IsOpenError(read)) << read;
  for (const int after = tries + 2; tries < after;) std::this_thread::yield();
  broken = false;
  ASSERT_TRUE(health_.AwaitHealthy());
  // It comes to this after what it was told to look into.
  EXPECT_TRUE(Push("k", 3).ok());
  EXPECT_EQ(health_.failures(), 1);
  LetGo();
}

}  // namespace
}  // namespace policytrack::storage
