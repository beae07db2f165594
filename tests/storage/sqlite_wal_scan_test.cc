// A changed bit in the write-ahead log is damage, and a torn end of it is not.
#include "storage/sqlite/wal_scan.h"

#include <SQLiteCpp/Database.h>

#include "absl/strings/str_cat.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

constexpr size_t kHeader = 32;
constexpr size_t kFrame = 24 + 4096;

// Of the file of a log.
size_t FramesIn(const std::string& log) { return (log.size() - kHeader) / kFrame; }
size_t FrameAt(size_t number) { return kHeader + (number - 1) * kFrame; }
bool EndsTransaction(const std::string& log, size_t number) {
  return log.substr(FrameAt(number) + 4, 4) != std::string(4, '\0');
}
int64_t EndsAfter(const std::string& log, size_t number) {
  int64_t ends = 0;
  for (size_t i = number + 1; i <= FramesIn(log); ++i) ends += EndsTransaction(log, i) ? 1 : 0;
  return ends;
}

class WalScanTest : public SqliteStoreTest {
 protected:
  // Leaves the files of a server that was killed after so many commits.
  void Kill(int commits) {
    Open();
    for (int i = 1; i <= commits; ++i) ASSERT_TRUE(Push(absl::StrCat("k", i), i).ok());
    database_ = ReadFile(File("policytrack.db"));
    log_ = ReadFile(File("policytrack.db-wal"));
    Close();
    Put(log_);
  }
  void Put(const std::string& log) {
    WriteFile(File("policytrack.db"), database_);
    WriteFile(File("policytrack.db-wal"), log);
  }
  std::optional<sqlite::LogDamage> Scan() {
    const auto found = sqlite::ScanLog(File("policytrack.db"));
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::nullopt);
  }

  std::string database_;
  std::string log_;
  size_t frames_before_ = 0;  // the torn end
};

TEST_F(WalScanTest, ASoundLogAndNoneAreSound) {
  Kill(5);
  EXPECT_GT(FramesIn(log_), 10u);
  EXPECT_FALSE(Scan().has_value());
  Put("");
  EXPECT_FALSE(Scan().has_value());
  Open();
  Close();
  EXPECT_FALSE(Scan().has_value());
}

TEST_F(WalScanTest, AChangedBitIsDamageWhenTwoCommitsFollow) {
  Kill(6);
  int found = 0;
  for (size_t number = 1; number <= FramesIn(log_); ++number) {
    // Page, size, salts, both sums, and what it holds.
    for (const size_t at : {3, 7, 9, 14, 17, 22, 24, 1000, 4119}) {
      std::string log = log_;
      log[FrameAt(number) + at] = static_cast<char>(log[FrameAt(number) + at] ^ 0x10);
      Put(log);
      const auto damage = Scan();
      // Nothing tells whether a frame holds that follows a changed sum.
      const bool sum = at == 17 || at == 22;
      const int64_t after = EndsAfter(log_, number + (sum ? 1 : 0));
      ASSERT_EQ(damage.has_value(), after >= 2) << "frame " << number << " byte " << at;
      if (!damage.has_value()) continue;
      ++found;
      EXPECT_EQ(damage->frame, static_cast<int64_t>(number));
      EXPECT_EQ(damage->transactions, after);
    }
  }
  EXPECT_GT(found, 20);
}

TEST_F(WalScanTest, AZeroedSectorIsDamageToo) {
  Kill(6);
  log_.replace(FrameAt(3), 512, std::string(512, '\0'));
  Put(log_);
  ASSERT_TRUE(Scan().has_value());
  EXPECT_EQ(Scan()->frame, 3);
}

TEST_F(WalScanTest, ALogThatEndsAnywhereIsNoDamage) {
  Kill(3);
  const std::string whole = log_;
  for (size_t size = 0; size < whole.size(); size += 509) {
    Put(whole.substr(0, size));
    ASSERT_FALSE(Scan().has_value()) << size;
  }
}

TEST_F(WalScanTest, ATornLastCommitIsNoDamage) {
  Kill(4);
  size_t first = FramesIn(log_);
  while (!EndsTransaction(log_, first - 1)) --first;
  for (size_t at = FrameAt(first); at < log_.size(); at += 512) {
    std::string log = log_;
    log.replace(at, std::min<size_t>(512, log.size() - at), std::string(512, '\0'));
    Put(log);
    ASSERT_FALSE(Scan().has_value()) << at;
  }
}

// Each power loss leaves a torn end, and the next commits, which are shorter, write
// over its beginning: so there are several ends behind a torn place.
TEST_F(WalScanTest, TornEndsBehindEachOtherAreNoDamage) {
  Kill(2);
  const auto write_and_tear = [&](int pages) {
    {
      SQLite::Database database(File("policytrack.db"), SQLite::OPEN_READWRITE);
      database.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; BEGIN");
      for (int i = 0; i < pages; ++i) {
        database.exec(absl::StrCat("INSERT INTO documents VALUES ('plans/", pages, "-", i,
                                   "', 9, 0, zeroblob(4000))"));
      }
      database.exec("COMMIT");
      const std::string log = ReadFile(File("policytrack.db-wal"));
      const size_t torn = FramesIn(log_) + 1;
      log_ = log;
      log_[FrameAt(torn) + 100] = static_cast<char>(log_[FrameAt(torn) + 100] ^ 1);
      frames_before_ = torn - 1;
    }
    Put(log_);
    EXPECT_FALSE(Scan().has_value()) << pages;
    // Where SQLite goes on.
    log_.resize(FrameAt(frames_before_ + 1));
  };
  write_and_tear(60);
  write_and_tear(30);
  write_and_tear(10);
  const std::string log = ReadFile(File("policytrack.db-wal"));
  EXPECT_GE(EndsAfter(log, frames_before_), 3) << "the control: there are so many";
}

TEST_F(WalScanTest, ABrokenHeaderIsDamageWhileTheLogIsNotInTheDatabase) {
  Kill(5);
  for (size_t at = 0; at < kHeader; ++at) {
    std::string log = log_;
    log[at] = static_cast<char>(log[at] ^ 4);
    Put(log);
    const auto damage = Scan();
    ASSERT_TRUE(damage.has_value()) << at;
    EXPECT_EQ(damage->frame, 0);
  }
  // When all is in the database the header is written anew, and may be torn.
  Put(log_);
  {
    SQLite::Database database(File("policytrack.db"), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    database_ = ReadFile(File("policytrack.db"));
    log_ = ReadFile(File("policytrack.db-wal"));
  }
  log_[20] = static_cast<char>(log_[20] ^ 4);
  Put(log_);
  EXPECT_FALSE(Scan().has_value());
}

TEST_F(WalScanTest, TheStoreRefusesADamagedLogAndSalvagesWhatIsBeforeIt) {
  Kill(8);
  log_[FrameAt(3) + 124] = static_cast<char>(log_[FrameAt(3) + 124] ^ 1);
  Put(log_);
  const auto opened = TryOpen();
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(opened.status()), reason::kStoreDamaged);
  EXPECT_THAT(std::string(opened.status().message()),
              testing::AllOf(testing::HasSubstr("write-ahead log is damaged in frame 3"),
                             testing::HasSubstr("commits after it are lost"),
                             testing::HasSubstr("--read-only-salvage"),
                             testing::HasSubstr(options_.data_dir)));
  EXPECT_EQ(ReadFile(File("policytrack.db-wal")), log_);

  std::vector<std::string> told;
  options_.read_only_salvage = true;
  options_.tell = [&](absl::string_view line) { told.emplace_back(line); };
  Open();
  EXPECT_THAT(told, testing::ElementsAre(testing::HasSubstr("damaged in frame 3")));
  EXPECT_LT(store_->revision(), 8);
  const auto report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->problem_count, 1);
  ASSERT_FALSE(report->problems.empty());
  EXPECT_EQ(report->problems[0].resource, "database");
  EXPECT_THAT(report->problems[0].message, testing::HasSubstr("damaged in frame 3"));
  EXPECT_EQ(ReasonOf(store_->Verify()), reason::kStoreDamaged);
  Close();
  EXPECT_EQ(ReadFile(File("policytrack.db-wal")), log_) << "salvage leaves it as it is";
}

}  // namespace
}  // namespace policytrack::storage
