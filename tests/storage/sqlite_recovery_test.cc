// What the writer does when the file system fails under it: what it says of a commit
// whose end was an error, and how it comes back.
#include <atomic>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
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

  // In pages, each with its header of 24 bytes.
  int64_t LogPages() const {
    return static_cast<int64_t>(fs::file_size(File("policytrack.db-wal"))) / (4096 + 24);
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
  SeriesWrite many;
  many.key = "many";
  for (int64_t period = 0; period < 60000; ++period) {
    many.points.periods.push_back(period);
    many.points.values.push_back(double(period));
    many.points.flags.push_back(kNormal);
  }
  std::atomic<bool> full{true};
  hook_.Set([&](IoCall call, const std::string&) {
    return full && call == IoCall::kShmGrow ? SQLITE_IOERR_SHMSIZE : SQLITE_OK;
  });
  std::atomic<int> runs{0};
  const Store::WriteBody push_many = [&](WriteTransaction& t) {
    ++runs;
    return t.WriteSeries("datasets/x", {many}).status();
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
  // It is told in every answer, and written down before the first.
  EXPECT_EQ(ReasonOf(put()), reason::kStoreDamaged);
  Close();
  const absl::Status refused = TryOpen().status();
  EXPECT_EQ(ReasonOf(refused), reason::kStoreDamaged) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("was found damaged"));
}

}  // namespace
}  // namespace policytrack::storage
