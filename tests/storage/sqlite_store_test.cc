// What is SqliteStore's own: data directories, damage, failures of the database.
#include "storage/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/synchronization/notification.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "storage/commit_digest.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/open_database.h"
#include "tests/storage/temporary_directory.h"

namespace policytrack::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() { options_.data_dir = directory_.path() + "/data"; }

  absl::StatusOr<std::unique_ptr<SqliteStore>> TryOpen() {
    return SqliteStore::Open(options_, &clock_);
  }
  void Open() {
    store_ = nullptr;
    auto opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  void Close() { store_ = nullptr; }

  absl::StatusOr<int64_t> Push(const std::string& key, double value) {
    return store_->Write({}, PushBody(key, value));
  }
  static Store::WriteBody PushBody(std::string key, double value) {
    return [=](WriteTransaction& t) {
      SeriesWrite write;
      write.key = key;
      write.points.periods = {1};
      write.points.values = {value};
      write.points.flags = {kNormal};
      return t.WriteSeries("datasets/x", {write}).status();
    };
  }
  absl::StatusOr<Columns> ReadSeries(const std::string& key, int64_t as_of = kPresent) {
    absl::StatusOr<Columns> columns = absl::NotFoundError(key);
    const absl::Status status = store_->Read([&](ReadTransaction& t) -> absl::Status {
      PT_ASSIGN_OR_RETURN(const std::optional<SeriesInfo> series,
                          t.FindSeries("datasets/x", "", key));
      if (series.has_value()) columns = t.ReadSeries(series->id, {}, as_of);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return columns;
  }
  absl::Status Verify() {
    return store_->Read([](ReadTransaction& t) { return VerifyChain(t); });
  }

  std::string File(const std::string& name) const { return options_.data_dir + "/" + name; }
  // Every file of the data directory with its bytes.
  std::map<std::string, std::string> Everything() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      const std::string path = entry.path().string();
      files[path] = entry.is_regular_file() ? ReadFile(path) : "";
    }
    return files;
  }
  // Opening is refused with this in the message, and nothing is touched.
  void ExpectRefused(const std::string& what) {
    const auto before = Everything();
    const auto opened = TryOpen();
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr(what));
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr(options_.data_dir));
    EXPECT_EQ(Everything(), before);
  }
  // Replaces the one place of a text in the closed database.
  void Alter(const std::string& from, const std::string& to) {
    std::string bytes = ReadFile(File("policytrack.db"));
    const size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, to.size(), to);
    WriteFile(File("policytrack.db"), bytes);
  }
  static std::string Bytes(double value) {
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }

  TemporaryDirectory directory_;
  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  SqliteOptions options_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteStoreTest, MakesADirectoryThatIsMissing) {
  options_.data_dir += "/below/it";
  Open();
  EXPECT_EQ(store_->revision(), 0);
  struct stat of_directory;
  ASSERT_EQ(stat(options_.data_dir.c_str(), &of_directory), 0);
  EXPECT_EQ(of_directory.st_mode & 0777, 0700u);
}

TEST_F(SqliteStoreTest, TakesAnEmptyDirectory) {
  ASSERT_TRUE(fs::create_directory(options_.data_dir));
  ASSERT_TRUE(fs::create_directory(File("lost+found")));
  Open();
}

TEST_F(SqliteStoreTest, TakesWhatACreationCutShortLeft) {
  ASSERT_TRUE(fs::create_directory(options_.data_dir));
  WriteFile(File("policytrack.lock"), "");
  WriteFile(File("policytrack.db.new"), "half a database");
  WriteFile(File("policytrack.db.new-journal"), "half a journal");
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  Close();
  EXPECT_FALSE(fs::exists(File("policytrack.db.new-journal")));
  Open();
  EXPECT_EQ(store_->revision(), 1);
}

TEST_F(SqliteStoreTest, NothingIsLeftBesideTheDatabaseAfterClosing) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  ASSERT_TRUE(ReadSeries("k").ok());
  Close();
  EXPECT_FALSE(fs::exists(File("policytrack.db-wal")));
}

TEST_F(SqliteStoreTest, NoDirectoryNamedIsRefused) {
  options_.data_dir = "";
  EXPECT_EQ(TryOpen().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SqliteStoreTest, AFileInPlaceOfTheDirectoryIsRefused) {
  WriteFile(options_.data_dir, "text");
  ExpectRefused("not a directory");
}

TEST_F(SqliteStoreTest, ADirectoryOfSomethingElseIsRefused) {
  ASSERT_TRUE(fs::create_directory(options_.data_dir));
  WriteFile(File("thesis.txt"), "text");
  ExpectRefused("thesis.txt");
}

TEST_F(SqliteStoreTest, ALogWithoutItsDatabaseIsRefused) {
  ASSERT_TRUE(fs::create_directory(options_.data_dir));
  WriteFile(File("policytrack.db-wal"), "frames");
  ExpectRefused("policytrack.db-wal");
}

TEST_F(SqliteStoreTest, AFileThatIsNoDatabaseIsRefused) {
  ASSERT_TRUE(fs::create_directory(options_.data_dir));
  WriteFile(File("policytrack.db"), std::string(4096, 'x'));
  ExpectRefused("not an SQLite database");
  WriteFile(File("policytrack.db"), "");
  ExpectRefused("not an SQLite database");
}

TEST_F(SqliteStoreTest, ADatabaseOfAnotherProgramIsRefused) {
  Open();
  Close();
  std::string bytes = ReadFile(File("policytrack.db"));
  bytes[68] = 'Q';
  WriteFile(File("policytrack.db"), bytes);
  ExpectRefused("another program");
}

TEST_F(SqliteStoreTest, ADatabaseOfANewerVersionIsRefused) {
  Open();
  Close();
  std::string bytes = ReadFile(File("policytrack.db"));
  bytes[63] = 2;
  WriteFile(File("policytrack.db"), bytes);
  ExpectRefused("newer version");
}

TEST_F(SqliteStoreTest, ASecondServerIsRefused) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  ExpectRefused("in use by another server");
  ASSERT_TRUE(Push("k", 2).ok());
  Close();
  Open();
  EXPECT_EQ(store_->revision(), 2);
}

TEST_F(SqliteStoreTest, AnAlteredLastCommitIsRefusedAtOpening) {
  Open();
  WriteOptions options;
  options.principal = "agency-one";
  ASSERT_TRUE(store_->Write(options, PushBody("k", 1)).ok());
  Close();
  Alter("agency-one", "agency-two");
  const auto opened = TryOpen();
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(opened.status()), reason::kStoreDamaged);
}

TEST_F(SqliteStoreTest, VerifyChainNamesAnAlteredCommit) {
  Open();
  for (int i = 1; i <= 5; ++i) {
    WriteOptions options;
    options.principal = "agency-" + std::to_string(i);
    ASSERT_TRUE(store_->Write(options, PushBody("k", i)).ok());
  }
  EXPECT_TRUE(Verify().ok());
  Close();
  Alter("agency-2", "agency-9");
  Open();
  const absl::Status status = Verify();
  EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged);
  EXPECT_EQ(MetadataOf(status, "resource"), "commits/2");
}

TEST_F(SqliteStoreTest, DestroyedPagesAreNoticed) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  Close();
  std::string bytes = ReadFile(File("policytrack.db"));
  std::fill(bytes.begin() + 4096, bytes.end(), '\xff');
  WriteFile(File("policytrack.db"), bytes);
  const auto opened = TryOpen();
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kInternal) << opened.status();
  EXPECT_EQ(ReasonOf(opened.status()), reason::kStoreDamaged);
}

TEST_F(SqliteStoreTest, ADamagedChunkIsAnErrorAndNotANumber) {
  Open();
  ASSERT_TRUE(Push("bad", 1234.5678).ok());
  ASSERT_TRUE(Push("good", 2).ok());
  Close();
  Alter(Bytes(1234.5678), Bytes(1234.5679));
  Open();
  EXPECT_EQ(ReasonOf(ReadSeries("bad").status()), reason::kStoreDamaged);
  const auto good = ReadSeries("good");
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->values, std::vector<double>{2});
}

TEST_F(SqliteStoreTest, ReadsOfThePresentDoNotTouchTheHistory) {
  Open();
  ASSERT_TRUE(Push("k", 1234.5678).ok());
  ASSERT_TRUE(Push("k", 2).ok());
  Close();
  Alter(Bytes(1234.5678), Bytes(1234.5679));
  Open();
  const auto present = ReadSeries("k");
  ASSERT_TRUE(present.ok()) << present.status();
  EXPECT_EQ(present->values, std::vector<double>{2});
  EXPECT_EQ(ReasonOf(ReadSeries("k", 1).status()), reason::kStoreDamaged);
}

// What has no checksum of its own is covered by the digests.
TEST_F(SqliteStoreTest, VerifyNamesTheCommitWhoseContentWasAltered) {
  Open();
  const auto put = [&](const std::string& name, const std::string& body) {
    return store_
        ->Write({}, [&](WriteTransaction& t) { return t.PutDocument(name, body, false, {}); })
        .status();
  };
  const auto evaluate = [&](const std::string& body) {
    return store_
        ->Write({}, [&](WriteTransaction& t) { return t.PutEvaluation("indicators/x", body); })
        .status();
  };
  ASSERT_TRUE(put("plans/a", "first-text").ok());
  ASSERT_TRUE(put("plans/a", "other-text").ok());
  ASSERT_TRUE(evaluate("first-record").ok());
  ASSERT_TRUE(evaluate("other-record").ok());
  ASSERT_TRUE(Push("some-series", 1).ok());
  EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
  const std::vector<std::pair<std::string, std::string>> places = {
      {"first-text", "commits/1"},
      {"other-text", "commits/2"},
      {"first-record", "commits/3"},
      {"other-record", "commits/4"},
  };
  for (const auto& [text, commit] : places) {
    Close();
    Alter(text, "FORGED");
    Open();
    const absl::Status status = store_->Verify();
    EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged) << text;
    EXPECT_EQ(MetadataOf(status, "resource"), commit) << text;
    Close();
    Alter("FORGED", text.substr(0, 6));
    Open();
    EXPECT_TRUE(store_->Verify().ok()) << "the negative control";
  }
}

// A write that meets damage fails even when its body looks away, and those that
// wait together with it are run again and stay.
TEST_F(SqliteStoreTest, AFailureOfTheDatabaseFailsOnlyItsOwnWrite) {
  Open();
  ASSERT_TRUE(Push("bad", 1234.5678).ok());
  Close();
  Alter(Bytes(1234.5678), Bytes(1234.5679));
  Open();
  absl::Notification release;
  std::vector<absl::StatusOr<int64_t>> answers;
  const auto note = [&](absl::StatusOr<int64_t> answer) { answers.push_back(std::move(answer)); };
  store_->WriteAsync(
      {},
      [&](WriteTransaction&) {
        if (!release.HasBeenNotified()) release.WaitForNotification();
        return absl::OkStatus();
      },
      note);
  store_->WriteAsync({}, PushBody("good", 1), note);
  store_->WriteAsync(
      {},
      [&](WriteTransaction& t) {
        EXPECT_FALSE(PushBody("bad", 2)(t).ok());
        return absl::OkStatus();
      },
      note);
  store_->WriteAsync({}, PushBody("good", 2), note);
  release.Notify();
  store_->Stop();
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(*answers[0], 1);
  EXPECT_EQ(*answers[1], 2);
  EXPECT_EQ(ReasonOf(answers[2].status()), reason::kStoreDamaged);
  EXPECT_EQ(*answers[3], 3);
  EXPECT_EQ(ReadSeries("good")->values, std::vector<double>{2});
  EXPECT_TRUE(Verify().ok());
}

// Files may not grow: every write past the limit is an I/O error.
TEST_F(SqliteStoreTest, AnIoErrorFailsTheWriteAndNothingElse) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  ASSERT_TRUE(ReadSeries("k").ok());
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
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInternal) << refused.status();
  EXPECT_FALSE(again.ok());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->values, std::vector<double>{1});
  EXPECT_EQ(store_->revision(), 1);

  const auto accepted = Push("k", 4);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(*accepted, 2);
  Open();
  EXPECT_EQ(ReadSeries("k")->values, std::vector<double>{4});
  EXPECT_TRUE(Verify().ok());
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
