// Copies of a store, what is made of them, and what is refused; the report of a
// check and what it means for the next start; salvage.
#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "storage/sqlite/backup.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SqliteBackupTest : public SqliteStoreTest {
 protected:
  std::string NewFile(const std::string& name) {
    const std::string path = directory_.path() + "/" + name;
    WriteFile(path, "");
    return path;
  }
  // A store of some commits and a copy of it; the store is closed.
  void MakeCopy() {
    Open();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(Push(absl::StrCat("k", i), Plain(i)).ok());
    copy_ = NewFile("copy.db");
    const auto state = store_->CopyTo(copy_, nullptr);
    ASSERT_TRUE(state.ok()) << state.status();
    state_ = *state;
    Close();
  }
  absl::StatusOr<VerifyReport> Restore(const std::string& expected_chain = "") {
    return sqlite::RestoreCopy(copy_, target_, expected_chain);
  }
  void ExpectNotRestored(const std::string& what, const std::string& expected_chain = "") {
    const bool was_there = fs::exists(target_);
    const absl::Status status = Restore(expected_chain).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_EQ(fs::exists(target_), was_there);
    for (const char* file : {"policytrack.db", "policytrack.db.new", "policytrack.lock"}) {
      EXPECT_FALSE(fs::exists(target_ + "/" + file)) << file;
    }
  }
  // What is stored of a series, in the bytes of a file.
  static void Flip(const std::string& path, const std::string& bytes) {
    std::string all = ReadFile(path);
    const size_t at = all.find(bytes);
    ASSERT_NE(at, std::string::npos);
    all[at] = static_cast<char>(all[at] ^ 1);
    WriteFile(path, all);
  }

  std::string copy_;
  std::string target_ = directory_.path() + "/restored";
  StoreState state_;
};

TEST_F(SqliteBackupTest, ACopyMadeWhileOthersWriteIsOneRevisionWhole) {
  Open();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Push(absl::StrCat("k", i), i).ok());
  copy_ = NewFile("copy.db");
  int64_t during = 0;
  bool asked = false;
  // Commits come between two steps of the copy.
  const auto state = store_->CopyTo(copy_, [&](int64_t done, int64_t all) {
    asked = true;
    EXPECT_LE(done, all);
    during = Push("meanwhile", 7).value_or(0);
    return true;
  });
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_TRUE(asked);
  EXPECT_EQ(state->revision, 200);
  EXPECT_GT(during, 200);
  const auto report = Restore();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->state.chain_digest, state->chain_digest);
  EXPECT_EQ(report->state.first_chain_digest, state->first_chain_digest);
  EXPECT_EQ(report->commits, 200);
  EXPECT_EQ(report->points, 200);
  options_.data_dir = target_;
  Open();
  EXPECT_EQ(store_->revision(), 200);
  EXPECT_EQ(ReadSeries("k199")->values, std::vector<double>{199});
  // It goes on from there.
  EXPECT_EQ(*Push("after", 1), 201);
}

TEST_F(SqliteBackupTest, ACopyOfAnEmptyStoreIsOneToo) {
  Open();
  copy_ = NewFile("copy.db");
  const auto state = store_->CopyTo(copy_, nullptr);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->revision, 0);
  EXPECT_EQ(state->chain_digest, "");
  const auto report = Restore();
  ASSERT_TRUE(report.ok()) << report.status();
}

TEST_F(SqliteBackupTest, ACopyThatIsStoppedSaysSo) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  const auto state = store_->CopyTo(NewFile("copy.db"), [](int64_t, int64_t) { return false; });
  EXPECT_EQ(state.status().code(), absl::StatusCode::kCancelled);
  const auto report = store_->VerifyAll([](int64_t, int64_t) { return false; });
  EXPECT_EQ(report.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(store_->VerifyAll(nullptr).ok());
}

TEST_F(SqliteBackupTest, ADamagedStoreGivesNoCopy) {
  Open();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Push(absl::StrCat("key-of-", i), i).ok());
  Close();
  // The page that holds this no longer says what it is.
  std::string bytes = ReadFile(File("policytrack.db"));
  const size_t page = bytes.find("key-of-150") / 4096 * 4096;
  bytes[page] = 99;
  WriteFile(File("policytrack.db"), bytes);
  Open();
  const auto state = store_->CopyTo(NewFile("copy.db"), nullptr);
  EXPECT_EQ(ReasonOf(state.status()), reason::kStoreDamaged) << state.status();
  // The next start knows.
  Close();
  const absl::Status refused = TryOpen().status();
  EXPECT_EQ(ReasonOf(refused), reason::kStoreDamaged);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("was found damaged: database: "));
}

// Whoever asks for a check is told what it found, whatever becomes of the mark.
TEST_F(SqliteBackupTest, ACheckTellsWhatItFindsWhereItCannotBeKept) {
  MakeCopy();
  Flip(File("policytrack.db"), Bytes(Plain(1)));
  Open();
  // In the way of the mark's draft.
  ASSERT_TRUE(fs::create_directories(File("policytrack.damaged.new/in-use")));
  auto report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->problem_count, 2);
  EXPECT_EQ(report->problems[0].resource, "commits/2");
  EXPECT_THAT(report->problems[1].message, HasSubstr("could not be kept"));
  EXPECT_THAT(report->problems[1].message, testing::Not(HasSubstr(directory_.path())));
  EXPECT_FALSE(fs::exists(File("policytrack.damaged"))) << "half a mark";
  // And so is who was to forget.
  fs::remove_all(File("policytrack.damaged.new"));
  Close();
  Flip(File("policytrack.db"), Bytes(std::nextafter(Plain(1), 0)));
  Open();
  ASSERT_TRUE(fs::create_directories(File("policytrack.damaged/in-use")));
  report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->problem_count, 1);
  EXPECT_THAT(report->problems[0].message, HasSubstr("could not be forgotten"));
  fs::remove_all(File("policytrack.damaged"));
  EXPECT_EQ(store_->VerifyAll(nullptr)->problem_count, 0);
}

TEST_F(SqliteBackupTest, AnIndexThatDoesNotAgreeWithItsTableGivesNoCopy) {
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Push(absl::StrCat("key-of-", i), i).ok());
  Close();
  int root = 0;
  {
    SQLite::Database database(File("policytrack.db"), SQLite::OPEN_READONLY);
    root = database
               .execAndGet(
                   "SELECT rootpage FROM sqlite_schema"
                   " WHERE name = 'sqlite_autoindex_series_1'")
               .getInt();
  }
  ASSERT_GT(root, 1);
  std::string bytes = ReadFile(File("policytrack.db"));
  const size_t at = bytes.find("key-of-3", static_cast<size_t>(root - 1) * 4096);
  ASSERT_LT(at, static_cast<size_t>(root) * 4096);
  bytes[at] = 'K';
  WriteFile(File("policytrack.db"), bytes);
  Open();
  const auto state = store_->CopyTo(NewFile("copy.db"), nullptr);
  EXPECT_EQ(ReasonOf(state.status()), reason::kStoreDamaged) << state.status();
}

// A block of points is damaged where SQLite sees nothing.
TEST_F(SqliteBackupTest, AStoreThatACheckFoundDamagedGivesNoCopy) {
  MakeCopy();
  Flip(File("policytrack.db"), Bytes(Plain(1)));
  Open();
  EXPECT_TRUE(store_->CopyTo(NewFile("before.db"), nullptr).ok()) << "nobody knows yet";
  ASSERT_TRUE(store_->VerifyAll(nullptr).ok());
  const absl::Status refused = store_->CopyTo(NewFile("after.db"), nullptr).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(refused), reason::kStoreDamaged);
  EXPECT_THAT(std::string(refused.message()),
              testing::AllOf(HasSubstr("commits/2"), HasSubstr("policytrack verify"),
                             testing::Not(HasSubstr(options_.data_dir))));
  EXPECT_EQ(fs::file_size(directory_.path() + "/after.db"), 0u);
  // The control: a check that finds nothing allows it again.
  ASSERT_TRUE(fs::remove(File("policytrack.damaged")));
  EXPECT_TRUE(store_->CopyTo(NewFile("again.db"), nullptr).ok());
}

TEST_F(SqliteBackupTest, ItIsOneFileThatCanBeReadWhereNothingCanBeWritten) {
  MakeCopy();
  const std::string bytes = ReadFile(copy_);
  EXPECT_EQ(bytes[18], 1);
  EXPECT_EQ(bytes[19], 1);
  EXPECT_FALSE(fs::exists(copy_ + "-wal"));
  EXPECT_FALSE(fs::exists(copy_ + "-journal"));
}

TEST_F(SqliteBackupTest, NothingIsRestoredOverSomething) {
  MakeCopy();
  ASSERT_TRUE(fs::create_directory(target_));
  WriteFile(target_ + "/thesis.txt", "text");
  ExpectNotRestored("thesis.txt");
  ASSERT_TRUE(fs::remove(target_ + "/thesis.txt"));
  ASSERT_TRUE(Restore().ok());
  const absl::Status again = Restore().status();
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.message()), HasSubstr("has a database already"));
}

TEST_F(SqliteBackupTest, FilesThatAreNoBackupsAreRefused) {
  copy_ = directory_.path() + "/none.db";
  ExpectNotRestored("cannot be read");
  WriteFile(copy_, std::string(8192, 'x'));
  ExpectNotRestored("not an SQLite database");
  MakeCopy();
  const std::string good = ReadFile(copy_);
  std::string bytes = good;
  bytes[68] = 'Q';
  WriteFile(copy_, bytes);
  ExpectNotRestored("another program");
  bytes = good;
  bytes[63] = 9;
  WriteFile(copy_, bytes);
  ExpectNotRestored("newer version");
  WriteFile(copy_, good.substr(0, good.size() / 2));
  ExpectNotRestored("take another backup");
  WriteFile(copy_, good);
  WriteFile(copy_ + "-wal", "frames");
  ExpectNotRestored("write-ahead log beside it");
  ASSERT_TRUE(fs::remove(copy_ + "-wal"));
  EXPECT_TRUE(Restore().ok()) << "the negative control";
}

TEST_F(SqliteBackupTest, ADamagedBackupIsRefused) {
  MakeCopy();
  Flip(copy_, Bytes(Plain(2)));
  ExpectNotRestored("commits/3");
  // What was there stays as it was, and what was not is not there.
  ASSERT_TRUE(fs::create_directory(target_));
  ExpectNotRestored("commits/3");
  target_ += "/new/newer/";
  ExpectNotRestored("commits/3");
  EXPECT_FALSE(fs::exists(directory_.path() + "/restored/new"));
}

TEST_F(SqliteBackupTest, ABackupOfAnotherServiceIsRefusedWhereTheChainIsNamed) {
  MakeCopy();
  ExpectNotRestored("another service", std::string(64, '0'));
  EXPECT_TRUE(Restore(ToHex(state_.chain_digest).substr(0, 16)).ok());
}

TEST_F(SqliteBackupTest, ACheckTellsAllThatItFindsAndTheNextStartKnows) {
  MakeCopy();
  Flip(File("policytrack.db"), Bytes(Plain(1)));
  Flip(File("policytrack.db"), Bytes(Plain(3)));
  // Nothing that a quick look sees.
  Open();
  auto report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->problem_count, 2);
  ASSERT_EQ(report->problems.size(), 2u);
  EXPECT_EQ(report->problems[0].resource, "commits/2");
  EXPECT_EQ(report->problems[1].resource, "commits/4");
  EXPECT_EQ(report->commits, 5);
  Close();
  const absl::Status refused = TryOpen().status();
  EXPECT_EQ(ReasonOf(refused), reason::kStoreDamaged);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("commits/2"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--read-only-salvage"));
  // Made good, it has to be checked before it is served.
  Flip(File("policytrack.db"), Bytes(std::nextafter(Plain(1), 0)));
  Flip(File("policytrack.db"), Bytes(std::nextafter(Plain(3), 0)));
  EXPECT_FALSE(TryOpen().ok());
  options_.read_only_salvage = true;
  Open();
  report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->problem_count, 0);
  Close();
  options_.read_only_salvage = false;
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(SqliteBackupTest, ACheckFindsWhatNoCommitWrote) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  ASSERT_TRUE(Push("k", 2).ok());
  ASSERT_TRUE(
      store_
          ->Write({},
                  [](WriteTransaction& t) { return t.PutDocument("plans/a", "text", false, {}); })
          .ok());
  Close();
  for (const char* forged :
       {"INSERT INTO chunks SELECT series_id, 7, body FROM chunks WHERE chunk = 0",
        "INSERT INTO documents VALUES ('plans/a', 2, 0, x'00')"}) {
    const std::string sound = ReadFile(File("policytrack.db"));
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(File("policytrack.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, forged, nullptr, nullptr, nullptr), SQLITE_OK) << forged;
    sqlite3_close(database);
    Open();
    EXPECT_EQ(ReasonOf(store_->Verify()), reason::kStoreDamaged) << forged;
    Close();
    WriteFile(File("policytrack.db"), sound);
    Open();
    EXPECT_TRUE(store_->Verify().ok()) << "the negative control";
    Close();
  }
}

TEST_F(SqliteBackupTest, SalvageReadsWhatItCanAndWritesNothing) {
  MakeCopy();
  // The head no longer follows from the commit before.
  std::string bytes = ReadFile(File("policytrack.db"));
  const size_t at = bytes.find(state_.chain_digest);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  WriteFile(File("policytrack.db"), bytes);
  Flip(File("policytrack.db"), Bytes(Plain(1)));
  EXPECT_EQ(ReasonOf(TryOpen().status()), reason::kStoreDamaged);
  options_.read_only_salvage = true;
  Open();
  EXPECT_EQ(store_->revision(), 5);
  EXPECT_EQ(ReadSeries("k4")->values, std::vector<double>{Plain(4)});
  EXPECT_EQ(ReasonOf(ReadSeries("k1").status()), reason::kStoreDamaged);
  EXPECT_EQ(ReasonOf(Push("k", 1).status()), reason::kStoreReadOnly);
  EXPECT_EQ(Push("k", 1).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(store_->CopyTo(NewFile("x.db"), nullptr).status()), reason::kStoreReadOnly);
  store_->RemoveListener(store_->AddListener([](int64_t) {}));
  Close();
  const std::string before = ReadFile(File("policytrack.db"));
  EXPECT_EQ(before.find(Bytes(Plain(1))), std::string::npos);
}

TEST_F(SqliteBackupTest, SalvageReadsFiguresOfWhichNoCommitCanBeRead) {
  MakeCopy();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(File("policytrack.db").c_str(), &database), SQLITE_OK);
  int root = 0;
  const auto note = [](void* page, int, char** values, char**) {
    *static_cast<int*>(page) = std::stoi(values[0]);
    return 0;
  };
  ASSERT_EQ(sqlite3_exec(database, "SELECT rootpage FROM sqlite_schema WHERE name = 'commits'",
                         note, &root, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  ASSERT_GT(root, 1);
  std::string bytes = ReadFile(File("policytrack.db"));
  bytes[static_cast<size_t>(root - 1) * 4096] = 99;
  WriteFile(File("policytrack.db"), bytes);
  EXPECT_EQ(ReasonOf(TryOpen().status()), reason::kStoreDamaged);
  options_.read_only_salvage = true;
  Open();
  EXPECT_EQ(store_->revision(), 5);
  EXPECT_EQ(ReadSeries("k4")->values, std::vector<double>{Plain(4)});
  EXPECT_EQ(ReadSeries("k4", 4)->size(), 0u);
  const auto report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_GT(report->problem_count, 0);
}

TEST_F(SqliteBackupTest, SalvageMakesNoStore) {
  options_.read_only_salvage = true;
  EXPECT_EQ(TryOpen().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(fs::exists(options_.data_dir));
}

}  // namespace
}  // namespace policytrack::storage
