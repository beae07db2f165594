// Every call to the file system fails once, in turn: nothing is acknowledged
// that is not there, nothing is damaged, and the store recovers by itself.
#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "tests/storage/health.h"
#include "tests/storage/shim_vfs.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(60);

enum class Mode { kOnce, kForGood, kPretend };

// Counts calls, and fails one or all from one on.
class Faults final : public IoObserver {
 public:
  // With `at` 0 nothing fails.
  void Arm(int at, Mode mode) {
    absl::MutexLock lock(&mutex_);
    at_ = at;
    mode_ = mode;
    calls_ = 0;
    failed_ = 0;
  }
  int calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  int failed() {
    absl::MutexLock lock(&mutex_);
    return failed_;
  }
  int Before(IoCall call, const std::string&) override {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    if (at_ == 0 || calls_ < at_ || (mode_ != Mode::kForGood && calls_ > at_)) return SQLITE_OK;
    const bool changes = call == IoCall::kWrite || call == IoCall::kTruncate;
    if (mode_ == Mode::kPretend && !changes) return SQLITE_OK;
    ++failed_;
    return mode_ == Mode::kPretend ? kPretend : IoErrorOf(call);
  }

 private:
  absl::Mutex mutex_;
  int at_ ABSL_GUARDED_BY(mutex_) = 0;
  Mode mode_ ABSL_GUARDED_BY(mutex_) = Mode::kOnce;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int failed_ ABSL_GUARDED_BY(mutex_) = 0;
};

class IoErrorTest : public SqliteStoreTest {
 protected:
  struct Sums {
    int injections = 0;
    int refused = 0;          // writes
    int reads_meanwhile = 0;  // answered after a write was refused
    int stored_all_same = 0;  // refused writes that are there
    int noticed = 0;          // acknowledged and gone, or damage; never but in the control
  };

  void SetUp() override {
    Open();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(Push("before", i).ok());
    Close();
    template_ = directory_.path() + "/template";
    std::filesystem::copy(options_.data_dir, template_);
  }

  // The calls that one run makes when nothing fails.
  int CallsOfARun() {
    faults_.Arm(0, Mode::kOnce);
    Sums sums;
    RunOnce(0, Mode::kOnce, &sums);
    EXPECT_EQ(sums.refused + sums.noticed, 0);
    return calls_;
  }

  void RunOnce(int at, Mode mode, Sums* sums) {
    SCOPED_TRACE(absl::StrCat("call ", at, " fails ", mode == Mode::kOnce ? "once" : "for good"));
    std::filesystem::remove_all(options_.data_dir);
    std::filesystem::copy(template_, options_.data_dir);
    const ShimVfs shim(&faults_);
    faults_.Arm(at, mode);
    OpenInSpiteOfFaults(mode);
    if (store_ == nullptr) return Note(sums);
    Health health;
    health.Follow(*store_);
    acknowledged_.clear();
    refused_.clear();
    for (int i = 0; i < 4; ++i) {
      Try(3 * i, 1 + i % 3, mode);
      const auto read = ReadSeries("before");
      if (read.ok() && mode != Mode::kPretend) {
        EXPECT_EQ(read->values, std::vector<double>{29});
      }
      sums->reads_meanwhile += read.ok() && !refused_.empty();
    }
    sums->refused += static_cast<int>(refused_.size());
    if (mode != Mode::kPretend) {
      if (!refused_.empty()) {
        EXPECT_TRUE(health.AwaitFailure());
      }
      if (mode == Mode::kForGood) faults_.Arm(0, mode);
      // Without being told to, it is as good as before.
      EXPECT_TRUE(health.AwaitHealthy());
      if (faults_.failed() > 0 || mode == Mode::kForGood) TryUntilDone(12, mode);
    }
    Close();
    calls_ = faults_.calls();
    Note(sums);
  }

  int calls_ = 0;
  Faults faults_;

 private:
  void OpenInSpiteOfFaults(Mode mode) {
    auto opened = TryOpen();
    if (!opened.ok()) {
      if (mode == Mode::kPretend) return;
      EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnavailable) << opened.status();
      if (mode == Mode::kForGood) faults_.Arm(0, mode);
      opened = TryOpen();
      EXPECT_TRUE(opened.ok()) << opened.status();
    }
    if (opened.ok()) store_ = *std::move(opened);
  }

  // Several writes at once, each of a series of its own, which tells its number.
  void Try(int first, int writes, Mode mode) {
    std::vector<absl::StatusOr<int64_t>> answers;
    absl::BlockingCounter left(writes);
    for (int i = 0; i < writes; ++i) {
      store_->WriteAsync({}, PushBody(absl::StrCat("w", first + i), first + i),
                         [&](absl::StatusOr<int64_t> answer) {
                           answers.push_back(std::move(answer));
                           left.DecrementCount();
                         });
    }
    left.Wait();
    // They are answered in order.
    for (int i = 0; i < writes; ++i) NoteAnswer(first + i, answers[i], mode);
  }

  // What a read met last the store may only now look into; meanwhile it refuses.
  void TryUntilDone(int number, Mode mode) {
    const absl::Time limit = absl::Now() + kLimit;
    do {
      Try(number, 1, mode);
    } while (acknowledged_.count(number) == 0 && absl::Now() < limit);
    EXPECT_EQ(acknowledged_.count(number), 1u);
    refused_.erase(std::remove(refused_.begin(), refused_.end(), number), refused_.end());
  }

  void NoteAnswer(int number, const absl::StatusOr<int64_t>& answer, Mode mode) {
    if (answer.ok()) {
      acknowledged_[number] = *answer;
      return;
    }
    refused_.push_back(number);
    if (mode == Mode::kPretend) return;
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << answer.status();
    EXPECT_EQ(ReasonOf(answer.status()), reason::kStoreBusy) << answer.status();
    EXPECT_THAT(MetadataOf(answer.status(), "cause"), testing::AnyOf("IO_ERROR", "CANNOT_OPEN"));
  }

  // Looks at what is there when nothing fails any more.
  void Note(Sums* sums) {
    ++sums->injections;
    faults_.Arm(0, Mode::kOnce);
    auto opened = TryOpen();
    if (!opened.ok() || !(*opened)->Verify().ok()) {
      ++sums->noticed;
      return;
    }
    store_ = *std::move(opened);
    bool all = true;
    for (const auto& [number, revision] : acknowledged_) {
      const auto columns = ReadSeries(absl::StrCat("w", number));
      all &= columns.ok() && columns->values == std::vector<double>{double(number)} &&
             columns->revisions == std::vector<int64_t>{revision};
    }
    sums->noticed += !all;
    for (const int number : refused_) {
      const auto columns = ReadSeries(absl::StrCat("w", number));
      sums->stored_all_same += columns.ok();
    }
    Close();
  }

  std::string template_;
  std::map<int, int64_t> acknowledged_;
  std::vector<int> refused_;
};

TEST_F(IoErrorTest, EveryCallFailsOnceAndForGood) {
  const int calls = CallsOfARun();
  Sums sums;
  for (int at = 1; at <= calls; ++at) {
    for (const Mode mode : {Mode::kOnce, Mode::kForGood}) RunOnce(at, mode, &sums);
  }
  std::printf("%d injections: %d writes refused, %d of them there, %d reads meanwhile\n",
              sums.injections, sums.refused, sums.stored_all_same, sums.reads_meanwhile);
  EXPECT_EQ(sums.injections, 2 * calls);
  EXPECT_EQ(sums.noticed, 0);
  EXPECT_GT(sums.refused, 0);
  EXPECT_GT(sums.reads_meanwhile, 0);
}

// The control: a disk that says it has written and has not.
TEST_F(IoErrorTest, ControlAWriteThatIsDroppedSilentlyIsNoticed) {
  const int calls = CallsOfARun();
  Sums sums;
  for (int at = 1; at <= calls; ++at) RunOnce(at, Mode::kPretend, &sums);
  EXPECT_GT(sums.noticed, 0);
}

// A creation that fails leaves nothing that keeps the next from succeeding.
TEST_F(IoErrorTest, EveryCallOfACreationFails) {
  for (int at = 1;; ++at) {
    std::filesystem::remove_all(options_.data_dir);
    const ShimVfs shim(&faults_);
    faults_.Arm(at, Mode::kForGood);
    {
      const auto opened = TryOpen();
      if (faults_.failed() == 0) {
        ASSERT_TRUE(opened.ok()) << opened.status();
        ASSERT_GT(at, 10);
        faults_.Arm(0, Mode::kOnce);
        break;
      }
      faults_.Arm(0, Mode::kOnce);
    }
    Open();
    EXPECT_EQ(*Push("k", 1), 1);
    EXPECT_TRUE(store_->Verify().ok());
    Close();
  }
}

// Writes are refused with SQLITE_FULL.
class FullDisk final : public IoObserver {
 public:
  std::atomic<bool> full{false};
  int Before(IoCall call, const std::string&) override {
    return full && call == IoCall::kWrite ? SQLITE_FULL : SQLITE_OK;
  }
};

TEST_F(SqliteStoreTest, AFullDiskIsSurvivedWithoutARestart) {
  FullDisk disk;
  const ShimVfs shim(&disk);
  Open();
  Health health;
  health.Follow(*store_);
  ASSERT_EQ(*Push("k", 1), 1);
  disk.full = true;
  for (int i = 0; i < 3; ++i) {
    const auto refused = Push("k", 2);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(refused.status()), reason::kStoreFull) << refused.status();
    EXPECT_EQ(ReadSeries("k")->values, std::vector<double>{1});
  }
  disk.full = false;
  EXPECT_EQ(*Push("k", 3), 2);
  EXPECT_EQ(ReadSeries("k")->values, std::vector<double>{3});
  EXPECT_TRUE(store_->Verify().ok());
  Close();
}

}  // namespace
}  // namespace policytrack::storage
