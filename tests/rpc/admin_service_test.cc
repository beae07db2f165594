// AdminService: backups that the server keeps or sends, the check, and salvage.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "core/digest.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "plugins/host/host.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/rpc/faulty_store.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class AdminServiceTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& given) override {
    server::Config config = given;
    config.backup_dir = backup_dir_;
    config.read_only_salvage = salvage_;
    if (!faulty_) return ServerFixture::Start(config);
    storage::SqliteOptions options;
    options.data_dir = config.data_dir;
    auto store = storage::SqliteStore::Open(options, &clock_);
    if (!store.ok()) return store.status();
    plugins::HostOptions host;
    host.plugin_dir = config.plugin_dir;
    host.allow_list_file = config.plugin_allow_list;
    auto engine = plugins::OpenHost(host, [](absl::string_view) {});
    if (!engine.ok()) return engine.status();
    auto wrapped = std::make_unique<FaultyStore>(*std::move(store));
    store_ = wrapped.get();
    return server::Server::StartOver(std::move(wrapped), *std::move(engine), config, &clock_,
                                     [](absl::string_view) {});
  }

  void SetUp() override {
    std::string pattern = testing::TempDir() + "policytrack-backups-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    backup_dir_ = folder_;
    ServerFixture::SetUp();
    MakePlan();
    MakeDataset();
    PushRow("sales", "CN-HA", "2024-01", 5);
  }

  void TearDown() override {
    ServerFixture::TearDown();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  grpc::Status Create(const std::string& id, v1::Backup* backup, bool validate_only = false) {
    v1::CreateBackupRequest request;
    request.set_backup_id(id);
    request.set_validate_only(validate_only);
    return CALL(admin_, CreateBackup, request, backup);
  }
  grpc::Status Download(std::string* bytes, v1::Backup* first, v1::Backup* last) {
    grpc::ClientContext context;
    auto reader = admin_->DownloadBackup(&context, v1::DownloadBackupRequest());
    v1::DownloadBackupResponse message;
    for (bool begun = false; reader->Read(&message); begun = true) {
      if (!begun) *first = message.backup();
      *last = message.backup();
      bytes->append(message.chunk());
    }
    return reader->Finish();
  }
  grpc::Status Verify(v1::VerifyReport* report) {
    grpc::ClientContext context;
    auto reader = admin_->VerifyStore(&context, v1::VerifyStoreRequest());
    v1::VerifyStoreResponse message;
    while (reader->Read(&message)) *report = message.report();
    return reader->Finish();
  }
  std::string ChainAt(int64_t revision) {
    v1::GetCommitRequest request;
    request.set_name("commits/" + std::to_string(revision));
    v1::Commit commit;
    EXPECT_EQ(CodeOf(CALL(events_, GetCommit, request, &commit)), "OK");
    return commit.chain_digest();
  }
  size_t FilesInFolder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  std::string folder_;
  std::string backup_dir_;
  bool salvage_ = false;
  bool faulty_ = false;
  FaultyStore* store_ = nullptr;  // of the server
};

TEST_F(AdminServiceTest, ABackupOnTheServerIsTheStoreAsItIs) {
  v1::Backup backup;
  ASSERT_EQ(CodeOf(Create("first", &backup)), "OK");
  EXPECT_EQ(backup.path(), folder_ + "/first.db");
  EXPECT_EQ(backup.chain_digest(), ChainAt(backup.revision()));
  EXPECT_EQ(backup.store_id(), ChainAt(1));
  const std::string bytes = ReadFile(backup.path());
  EXPECT_EQ(backup.size_bytes(), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(backup.sha256(), Sha256Hex(bytes));
  EXPECT_EQ(FilesInFolder(), 1u);
  const auto report =
      storage::sqlite::RestoreCopy(backup.path(), folder_ + "/restored", backup.chain_digest());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(ToHex(report->state.first_chain_digest), backup.store_id());
}

TEST_F(AdminServiceTest, ABackupThatIsSentIsTheSameFile) {
  std::string bytes;
  v1::Backup first;
  v1::Backup last;
  ASSERT_EQ(CodeOf(Download(&bytes, &first, &last)), "OK");
  EXPECT_EQ(first.sha256(), "");
  EXPECT_EQ(first.size_bytes(), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(last.sha256(), Sha256Hex(bytes));
  EXPECT_EQ(last.revision(), first.revision());
  EXPECT_EQ(last.path(), "");
  EXPECT_EQ(FilesInFolder(), 0u) << "the copy on its way is gone";
  std::ofstream(folder_ + "/fetched.db", std::ios::binary) << bytes;
  const auto report = storage::sqlite::RestoreCopy(folder_ + "/fetched.db", folder_ + "/restored",
                                                   last.chain_digest());
  EXPECT_TRUE(report.ok()) << report.status();
}

TEST_F(AdminServiceTest, WhatIsThereIsNotWrittenOver) {
  const Shown shown = SHOWS("CreateBackup", "RESOURCE_EXISTS");
  std::ofstream(folder_ + "/taken.db") << "mine";
  v1::Backup backup;
  for (const bool validate_only : {true, false}) {
    const grpc::Status status = Create("taken", &backup, validate_only);
    EXPECT_EQ(CodeOf(status), "ALREADY_EXISTS " + shown.reasons[0]);
    EXPECT_EQ(status.error_message().find(folder_), std::string::npos);
  }
  EXPECT_EQ(ReadFile(folder_ + "/taken.db"), "mine");
  fs::create_symlink(folder_ + "/nowhere", folder_ + "/link.db");
  EXPECT_EQ(CodeOf(Create("link", &backup)), "ALREADY_EXISTS " + shown.reasons[0]);
}

TEST_F(AdminServiceTest, AnIdIsNoPath) {
  v1::Backup backup;
  for (const char* id : {"../x", "/tmp/x", "x/y", ".", "..", "X", "x.db"}) {
    EXPECT_EQ(CodeOf(Create(id, &backup)), "INVALID_ARGUMENT NAME_INVALID") << id;
  }
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(AdminServiceTest, ValidateOnlyWritesNothing) {
  v1::Backup backup;
  EXPECT_EQ(CodeOf(Create("new", &backup, true)), "OK");
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(AdminServiceTest, WithoutADirectoryTheServerKeepsNone) {
  const Shown shown = SHOWS("CreateBackup", "BACKUP_DIR_UNSET");
  backup_dir_ = "";
  Restart();
  v1::Backup backup;
  EXPECT_EQ(CodeOf(Create("x", &backup)), "FAILED_PRECONDITION " + shown.reasons[0]);
  // But sends them, by way of the directory of the data.
  std::string bytes;
  v1::Backup first;
  v1::Backup last;
  EXPECT_EQ(CodeOf(Download(&bytes, &first, &last)), "OK");
  EXPECT_EQ(last.sha256(), Sha256Hex(bytes));
  for (const auto& entry : fs::directory_iterator(data_dir_)) {
    EXPECT_EQ(entry.path().filename().string().find(".policytrack-backup"), std::string::npos);
  }
  backup_dir_ = folder_ + "/gone";
  Restart();
  EXPECT_EQ(CodeOf(Create("x", &backup)), "FAILED_PRECONDITION " + shown.reasons[0]);
}

TEST_F(AdminServiceTest, WhatAKilledServerLeftIsRemoved) {
  std::ofstream(folder_ + "/.policytrack-backup-abcdef") << "half";
  v1::Backup backup;
  ASSERT_EQ(CodeOf(Create("x", &backup)), "OK");
  EXPECT_EQ(FilesInFolder(), 1u);
}

TEST_F(AdminServiceTest, TheCheckCountsWhatItChecked) {
  v1::VerifyReport report;
  ASSERT_EQ(CodeOf(Verify(&report)), "OK");
  EXPECT_EQ(report.problem_count(), 0);
  EXPECT_EQ(report.commit_count(), report.revision());
  EXPECT_GE(report.document_count(), 2);
  EXPECT_GE(report.point_count(), 1);
  EXPECT_EQ(report.chain_digest().size(), 64u);
  EXPECT_EQ(report.store_id().size(), 64u);
}

TEST_F(AdminServiceTest, OneOfEachRunsAtATime) {
  const Shown create = SHOWS("CreateBackup", "STORE_BUSY", "STORE_FULL");
  const Shown download = SHOWS("DownloadBackup", "STORE_BUSY", "STORE_FULL");
  const Shown verify = SHOWS("VerifyStore", "STORE_BUSY");
  faulty_ = true;
  Restart();
  store_->Hold(true);
  std::string bytes;
  v1::Backup first;
  v1::Backup last;
  grpc::Status copied;
  std::thread copies([&] { copied = Download(&bytes, &first, &last); });
  v1::VerifyReport report;
  grpc::Status checked;
  std::thread checks([&] { checked = Verify(&report); });
  store_->AwaitHeld(2);
  v1::Backup backup;
  v1::VerifyReport other;
  std::string more;
  EXPECT_EQ(CodeOf(Create("second", &backup)), "UNAVAILABLE " + create.reasons[0]);
  EXPECT_EQ(CodeOf(Download(&more, &backup, &backup)), "UNAVAILABLE " + download.reasons[0]);
  EXPECT_EQ(CodeOf(Verify(&other)), "UNAVAILABLE " + verify.reasons[0]);
  store_->Hold(false);
  copies.join();
  checks.join();
  EXPECT_EQ(CodeOf(copied), "OK");
  EXPECT_EQ(last.sha256(), Sha256Hex(bytes));
  EXPECT_EQ(CodeOf(checked), "OK");
  EXPECT_EQ(report.problem_count(), 0);

  store_->FailReads(Error(absl::StatusCode::kUnavailable, reason::kStoreFull,
                          "there is no room for a copy; make room and try again"));
  EXPECT_EQ(CodeOf(Create("full", &backup)), "UNAVAILABLE " + create.reasons[1]);
  EXPECT_EQ(CodeOf(Download(&more, &backup, &backup)), "UNAVAILABLE " + download.reasons[1]);
  EXPECT_EQ(FilesInFolder(), 0u);
  store_->FailReads(absl::OkStatus());
  EXPECT_EQ(CodeOf(Create("room", &backup)), "OK");
}

TEST_F(AdminServiceTest, SalvageAnswersReadsAndRefusesTheRest) {
  const Shown create = SHOWS("CreateBackup", "STORE_READ_ONLY");
  const Shown download = SHOWS("DownloadBackup", "STORE_READ_ONLY");
  salvage_ = true;
  Restart();
  v1::Plan plan;
  EXPECT_EQ(CodeOf(CALL(plans_, GetPlan, Text<v1::GetPlanRequest>(R"(name: "plans/plan")"), &plan)),
            "OK");
  auto request = Text<v1::CreatePlanRequest>(R"(plan_id: "p" plan { display_name: "A plan" })");
  const grpc::Status refused = CALL(plans_, CreatePlan, request, &plan);
  EXPECT_EQ(CodeOf(refused), "FAILED_PRECONDITION STORE_READ_ONLY");
  EXPECT_THAT(refused.error_message(), testing::HasSubstr("--read-only-salvage"));
  v1::Backup backup;
  EXPECT_EQ(CodeOf(Create("x", &backup)), "FAILED_PRECONDITION " + create.reasons[0]);
  std::string bytes;
  EXPECT_EQ(CodeOf(Download(&bytes, &backup, &backup)),
            "FAILED_PRECONDITION " + download.reasons[0]);
  EXPECT_EQ(FilesInFolder(), 0u);
  v1::VerifyReport report;
  EXPECT_EQ(CodeOf(Verify(&report)), "OK");
}

}  // namespace
}  // namespace policytrack::rpc_test
