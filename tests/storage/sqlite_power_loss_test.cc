// The power fails at any moment: what was acknowledged is there, and the file is
// whole. The disk below SQLite keeps what was synced; of what was written since,
// each sector has reached it, has not, or has in part.
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "tests/storage/shim_vfs.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

constexpr size_t kSector = 512;

// What a machine finds after it has come back.
struct Crash {
  std::map<std::string, std::string> files;
  int64_t acknowledged = 0;
};

class Disk final : public IoObserver {
 public:
  // With `lies` it says that it has synced and does not.
  Disk(uint64_t seed, bool lies) : random_(seed), lies_(lies) {}

  // The file as it is now is on the disk.
  void Keep(const std::string& path) {
    absl::MutexLock lock(&mutex_);
    files_[path] = {ReadFile(path), true, {}};
  }
  void Acknowledge(int64_t revision) {
    absl::MutexLock lock(&mutex_);
    acknowledged_ = revision;
  }
  std::vector<Crash> TakeCrashes() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(crashes_, {});
  }

  int Before(IoCall call, const std::string&) override {
    absl::MutexLock lock(&mutex_);
    // Reads leave the disk as it is.
    const bool changes = call == IoCall::kWrite || call == IoCall::kSync ||
                         call == IoCall::kTruncate || call == IoCall::kDelete;
    if (changes && random_() % 4 == 0) crashes_.push_back(CrashNow());
    return lies_ && call == IoCall::kSync ? kPretend : SQLITE_OK;
  }
  void Wrote(const std::string& path, int64_t offset, absl::string_view bytes) override {
    absl::MutexLock lock(&mutex_);
    files_[path].pending.push_back({offset, std::string(bytes), false});
  }
  void Truncated(const std::string& path, int64_t size) override {
    absl::MutexLock lock(&mutex_);
    files_[path].pending.push_back({size, "", true});
  }
  void Synced(const std::string& path) override {
    absl::MutexLock lock(&mutex_);
    File& file = files_[path];
    for (const Change& change : file.pending) Apply(change, &file.synced);
    file.pending.clear();
    file.exists = true;
  }
  // SQLite deletes a log when all of it is in the database and synced.
  void Deleted(const std::string& path) override {
    absl::MutexLock lock(&mutex_);
    files_.erase(path);
  }

 private:
  struct Change {
    int64_t at = 0;
    std::string bytes;
    bool truncates = false;
  };
  struct File {
    std::string synced;
    bool exists = false;
    std::vector<Change> pending;
  };

  static void Apply(const Change& change, std::string* to) {
    const size_t at = static_cast<size_t>(change.at);
    if (change.truncates) return to->resize(std::min(to->size(), at));
    if (to->size() < at + change.bytes.size()) to->resize(at + change.bytes.size());
    to->replace(at, change.bytes.size(), change.bytes);
  }

  // A change as far as it has come: each sector for itself.
  void ApplyInPart(const Change& change, unsigned chance, std::string* to) {
    if (change.truncates) {
      if (random_() % 100 < chance) Apply(change, to);
      return;
    }
    for (size_t done = 0; done < change.bytes.size();) {
      const size_t at = static_cast<size_t>(change.at) + done;
      size_t length = std::min(kSector - at % kSector, change.bytes.size() - done);
      const size_t next = done + length;
      const bool torn = random_() % 8 == 0;
      if (torn) length = random_() % (length + 1);
      if (torn || random_() % 100 < chance) {
        Apply({static_cast<int64_t>(at), change.bytes.substr(done, length), false}, to);
      }
      done = next;
    }
  }

  Crash CrashNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Crash crash;
    crash.acknowledged = acknowledged_;
    const unsigned chances[] = {0, 50, 95, 100};
    const unsigned chance = chances[random_() % 4];
    for (const auto& [path, file] : files_) {
      if (!file.exists && random_() % 100 >= chance) continue;
      std::string& bytes = crash.files[path] = file.synced;
      for (const Change& change : file.pending) ApplyInPart(change, chance, &bytes);
    }
    return crash;
  }

  absl::Mutex mutex_;
  std::mt19937_64 random_;
  const bool lies_;
  std::map<std::string, File> files_ ABSL_GUARDED_BY(mutex_);
  int64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Crash> crashes_ ABSL_GUARDED_BY(mutex_);
};

struct Losses {
  int crashes = 0;
  int64_t lost = 0;  // acknowledged commits that are gone
  int damaged = 0;   // crashes after which the store is not whole
};

class PowerLossTest : public SqliteStoreTest {
 protected:
  // Work on a disk that may lose power at any call, and what is left each time.
  Losses Run(bool sync_full, bool lies, int crashes) {
    Losses losses;
    options_.sync_full = sync_full;
    for (uint64_t seed = 1; losses.crashes < crashes; ++seed) {
      for (const Crash& crash : Work(seed, lies)) {
        if (losses.crashes == crashes) break;
        ++losses.crashes;
        Check(crash, &losses);
      }
    }
    std::printf("%d crashes: %lld commits lost, %d damaged\n", losses.crashes,
                static_cast<long long>(losses.lost), losses.damaged);
    return losses;
  }

 private:
  std::vector<Crash> Work(uint64_t seed, bool lies) {
    Close();
    std::filesystem::remove_all(options_.data_dir);
    Open();
    Close();
    Disk disk(seed, lies);
    disk.Keep(File("policytrack.db"));
    const ShimVfs shim(&disk);
    int number = 0;
    for (int opened = 0; opened < 3; ++opened) {
      Open();
      for (int i = 0; i < 4; ++i) WriteGroup(&disk, 1 + i % 3, &number);
      Close();
    }
    return disk.TakeCrashes();
  }

  void WriteGroup(Disk* disk, int writes, int* number) {
    absl::Notification done;
    for (int i = 0; i < writes; ++i) {
      WriteOptions options;
      options.request_id = absl::StrCat("write-", ++*number);
      const Store::WriteBody body = [n = *number](WriteTransaction& t) -> absl::Status {
        const std::string text(static_cast<size_t>(n % 5) * 3000, 'a' + n % 26);
        PT_RETURN_IF_ERROR(t.PutDocument(absl::StrCat("plans/p", n % 3), text, false, {}));
        return PushBody(absl::StrCat("k", n % 7), n)(t);
      };
      store_->WriteAsync(options, body,
                         [&, last = i + 1 == writes](absl::StatusOr<int64_t> answer) {
                           EXPECT_TRUE(answer.ok()) << answer.status();
                           if (answer.ok()) disk->Acknowledge(*answer);
                           if (last) done.Notify();
                         });
    }
    done.WaitForNotification();
  }

  void Check(const Crash& crash, Losses* losses) {
    Close();
    std::filesystem::remove_all(options_.data_dir);
    std::filesystem::create_directory(options_.data_dir);
    for (const auto& [path, bytes] : crash.files) WriteFile(path, bytes);
    IoObserver nobody;
    const ShimVfs shim(&nobody);
    auto opened = TryOpen();
    if (!opened.ok() || !(*opened)->Verify().ok()) {
      ++losses->damaged;
      return;
    }
    store_ = *std::move(opened);
    losses->lost += std::max<int64_t>(0, crash.acknowledged - store_->revision());
    const int64_t revision = store_->revision();
    const absl::Status status = store_->Read([&](ReadTransaction& t) -> absl::Status {
      PT_ASSIGN_OR_RETURN(const std::optional<Commit> last, t.GetCommit(revision));
      if (last.has_value()) {
        EXPECT_EQ(last->request_id, absl::StrCat("write-", revision));
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    // And it goes on.
    EXPECT_EQ(*Push("after", 1), revision + 1);
    Close();
  }
};

TEST_F(PowerLossTest, NothingAcknowledgedIsLost) {
  const Losses losses = Run(true, false, RoundsOf("POLICYTRACK_CRASHES", 300));
  EXPECT_EQ(losses.lost, 0);
  EXPECT_EQ(losses.damaged, 0);
}

// The controls. Without a sync at each commit the last ones are lost, though
// the file stays whole; with a disk that lies about syncs not even that.
TEST_F(PowerLossTest, ControlWithoutASyncAtEachCommitSomeAreLost) {
  const Losses losses = Run(false, false, 100);
  EXPECT_GT(losses.lost, 0);
  EXPECT_EQ(losses.damaged, 0);
}
TEST_F(PowerLossTest, ControlOnADiskThatLiesSomeAreLostAndSomeDamaged) {
  const Losses losses = Run(true, true, 100);
  EXPECT_GT(losses.lost, 0);
  EXPECT_GT(losses.damaged, 0);
}

}  // namespace
}  // namespace policytrack::storage
