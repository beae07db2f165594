// Which data directories are taken and which are refused, untouched.
#include <sys/stat.h>

#include "storage/sqlite/data_directory.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

namespace fs = std::filesystem;

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

TEST_F(SqliteStoreTest, TakesADatabaseRestoredWithoutItsLockFile) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  Close();
  ASSERT_TRUE(fs::remove(File("policytrack.lock")));
  Open();
  EXPECT_EQ(store_->revision(), 1);
  EXPECT_FALSE(TryOpen().ok());
}

TEST_F(SqliteStoreTest, TheLockOutlivesItsFile) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  ASSERT_TRUE(fs::remove(File("policytrack.lock")));
  ExpectRefused("in use by another server");
  options_.read_only_salvage = true;
  ExpectRefused("in use by another server");
  // And whoever makes it anew does not have the lock.
  WriteFile(File("policytrack.lock"), "");
  ExpectRefused("in use by another server");
  options_.read_only_salvage = false;
  ExpectRefused("in use by another server");
  ASSERT_TRUE(Push("k", 2).ok()) << "the one that has it goes on";
  Open();
  EXPECT_EQ(store_->revision(), 2);
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
  ++bytes[63];
  WriteFile(File("policytrack.db"), bytes);
  ExpectRefused("newer version");
}

TEST_F(SqliteStoreTest, AFileSystemOfAnotherMachineIsRefused) {
  const auto open_on = [&](uint64_t magic) {
    return sqlite::DataDirectory::Open(options_.data_dir, [=](const std::string&) { return magic; })
        .status();
  };
  for (const auto& [magic, name] : std::map<uint64_t, std::string>{
           {0x6969, "NFS"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"}, {0x65735546, "FUSE"}}) {
    const absl::Status status = open_on(magic);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(name));
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("disk of this machine"));
    EXPECT_FALSE(fs::exists(options_.data_dir));
  }
  EXPECT_TRUE(open_on(0xef53).ok()) << "ext4";
}

TEST_F(SqliteStoreTest, TheFileSystemIsThatOfTheNearestDirectoryThatIsThere) {
  EXPECT_NE(sqlite::FileSystemOf(options_.data_dir), 0u);
  EXPECT_EQ(sqlite::FileSystemOf(options_.data_dir + "/not/yet"),
            sqlite::FileSystemOf(directory_.path()));
  EXPECT_NE(sqlite::FileSystemOf("relative"), 0u);
  EXPECT_NE(sqlite::FileSystemOf("/proc/self"), sqlite::FileSystemOf(directory_.path()));
}

TEST_F(SqliteStoreTest, ASecondServerIsRefused) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  const absl::Status second = TryOpen().status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), testing::HasSubstr("in use by another server"));
  ASSERT_TRUE(Push("k", 2).ok());
  Close();
  Open();
  EXPECT_EQ(store_->revision(), 2);
}

}  // namespace
}  // namespace policytrack::storage
