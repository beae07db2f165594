// Databases of every released schema, frozen as `frozen/schema<n>.db`: opened,
// read as of every revision, checked and written to; and what becomes of those of an
// older schema. The files never change. When
// the schema changes, freeze one of the new schema with
// `--gtest_also_run_disabled_tests --gtest_filter=*FreezeThisSchema`.
#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>

#include "absl/strings/str_cat.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/schema.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCommits = 24;
constexpr int64_t kFirstUs = int64_t{1'700'000'000} * 1'000'000;

std::string FrozenFile(int schema) { return absl::StrCat(FROZEN_DIR, "/schema", schema, ".db"); }

// What commit `n` of a frozen database writes: a document, deleted now and then,
// points of two series, an answer to keep, and an evaluation.
absl::Status WriteCommit(int64_t n, WriteTransaction& t) {
  PT_RETURN_IF_ERROR(t.PutDocument(absl::StrCat("plans/p", n % 4), absl::StrCat("text ", n),
                                   n % 6 == 0, {"measures/m"}));
  std::vector<SeriesWrite> writes(2);
  writes[0].key =
      "a\x1f"
      "b";
  writes[0].points.periods = {n % 5, 600 + n};
  writes[0].points.values = {n * 0.1, -n * 1e6};
  writes[0].points.flags = {kNormal, kMissing};
  writes[0].points.values[1] = 0;
  writes[1].output = "growth";
  writes[1].points.periods = {n};
  writes[1].points.values = {1.0 / static_cast<double>(n)};
  writes[1].points.flags = {kNormal};
  if (n % 3 == 0) writes[1].deletions = {n - 1};
  PT_RETURN_IF_ERROR(t.WriteSeries("datasets/x", writes).status());
  PT_RETURN_IF_ERROR(t.SetCursor("evaluated", n));
  PT_RETURN_IF_ERROR(t.PutAnswer("someone", "Push", absl::StrCat("request-", n),
                                 {"digest", absl::StrCat("answer ", n)}, absl::InfiniteFuture()));
  return t.PutEvaluation("indicators/y", absl::StrCat("evaluation ", n));
}

// All that commits up to `upto` have written is read as of it.
absl::Status ReadCommit(int64_t upto, ReadTransaction& t) {
  PT_ASSIGN_OR_RETURN(const std::optional<Commit> commit, t.GetCommit(upto));
  EXPECT_TRUE(commit.has_value());
  if (commit.has_value()) {
    EXPECT_EQ(absl::ToUnixMicros(commit->time), kFirstUs + upto * 1'000'000);
    EXPECT_EQ(commit->principal, "someone");
  }
  PT_ASSIGN_OR_RETURN(const auto document, t.GetDocument(absl::StrCat("plans/p", upto % 4), upto));
  EXPECT_TRUE(document.has_value());
  if (document.has_value()) {
    EXPECT_EQ(document->body, absl::StrCat("text ", upto));
    EXPECT_EQ(document->deleted, upto % 6 == 0);
  }
  PT_ASSIGN_OR_RETURN(const auto first, t.FindSeries("datasets/x", "",
                                                     "a\x1f"
                                                     "b"));
  PT_ASSIGN_OR_RETURN(const auto second, t.FindSeries("datasets/x", "growth", ""));
  EXPECT_TRUE(first.has_value() && second.has_value());
  PT_ASSIGN_OR_RETURN(const Columns a, t.ReadSeries(first->id, {}, upto));
  for (size_t i = 0; i < a.size(); ++i) {
    const int64_t n = a.periods[i] >= 600 ? a.periods[i] - 600 : a.revisions[i];
    EXPECT_EQ(a.values[i], a.periods[i] >= 600 ? 0 : n * 0.1) << upto << " " << a.periods[i];
    EXPECT_EQ(a.flags[i], a.periods[i] >= 600 ? kMissing : kNormal);
    EXPECT_EQ(a.revisions[i], n);
    EXPECT_LE(n, upto);
  }
  EXPECT_EQ(a.size(), static_cast<size_t>(std::min<int64_t>(upto, 5) + upto));
  PT_ASSIGN_OR_RETURN(const Columns b, t.ReadSeries(second->id, {}, upto));
  EXPECT_EQ(b.size(), static_cast<size_t>(upto - upto / 3));
  for (size_t i = 0; i < b.size(); ++i) {
    EXPECT_EQ(b.values[i], 1.0 / static_cast<double>(b.periods[i]));
  }
  PT_ASSIGN_OR_RETURN(const auto evaluation, t.GetEvaluation("indicators/y", upto));
  EXPECT_EQ(evaluation.value_or("none"), absl::StrCat("evaluation ", upto));
  PT_ASSIGN_OR_RETURN(const auto answer,
                      t.FindAnswer("someone", "Push", absl::StrCat("request-", upto)));
  EXPECT_TRUE(answer.has_value());
  if (answer.has_value()) {
    EXPECT_EQ(answer->response, absl::StrCat("answer ", upto));
  }
  return absl::OkStatus();
}

class FrozenTest : public SqliteStoreTest {
 protected:
  void Thaw(int schema) {
    fs::remove_all(options_.data_dir);
    fs::create_directory(options_.data_dir);
    ASSERT_TRUE(fs::exists(FrozenFile(schema))) << "no frozen database of schema " << schema;
    fs::copy_file(FrozenFile(schema), File("policytrack.db"));
  }
  // What every program reads of a file before it opens it.
  static int VersionOf(const std::string& path) { return ReadFile(path).at(63); }
  int Version() const { return VersionOf(File("policytrack.db")); }
  void ExpectAllIsRead() {
    for (int64_t upto = 1; upto <= kCommits; ++upto) {
      const absl::Status status =
          store_->Read([&](ReadTransaction& t) { return ReadCommit(upto, t); });
      ASSERT_TRUE(status.ok()) << status;
    }
  }
  // Of the closed database, how many bodies of points have this layout.
  int BodiesOfLayout(int version) const {
    const SQLite::Database database(File("policytrack.db"), SQLite::OPEN_READONLY);
    SQLite::Statement count(database,
                            "SELECT count(*) FROM (SELECT body FROM chunks UNION ALL SELECT body "
                            "FROM history) WHERE substr(hex(body), 1, 2) = ?");
    count.bind(1, absl::StrCat("0", version));
    count.executeStep();
    return count.getColumn(0).getInt();
  }
  void SetVersion(int version) {
    std::string bytes = ReadFile(File("policytrack.db"));
    bytes[63] = static_cast<char>(version);
    WriteFile(File("policytrack.db"), bytes);
  }
};

TEST_F(FrozenTest, EverySchemaIsReadAndWritten) {
  for (int schema = 1; schema <= sqlite::kSchemaVersion; ++schema) {
    SCOPED_TRACE(absl::StrCat("schema ", schema));
    Close();
    Thaw(schema);
    Open();
    EXPECT_EQ(store_->revision(), kCommits);
    EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
    ExpectAllIsRead();
    EXPECT_EQ(*Push("new", 1), kCommits + 1);
    Open();
    EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
  }
}

TEST_F(FrozenTest, AnOlderSchemaIsMigratedBeforeAnythingIsWritten) {
  for (int schema = 1; schema < sqlite::kSchemaVersion; ++schema) {
    Thaw(schema);
    EXPECT_EQ(Version(), schema);
    Open();
    // In the file at once, where a program of that schema finds it even after a kill.
    EXPECT_EQ(Version(), sqlite::kSchemaVersion);
    Close();
    EXPECT_EQ(Version(), sqlite::kSchemaVersion);
    EXPECT_EQ(VersionOf(FrozenFile(schema)), schema);
    Open();
    ExpectAllIsRead();
    Close();
  }
}

// Bodies are written anew where points of theirs are; the others stay as they are.
TEST_F(FrozenTest, PointsOfBothLayoutsAreReadSideBySide) {
  Thaw(1);
  const int bodies = BodiesOfLayout(1);
  EXPECT_EQ(BodiesOfLayout(2), 0);
  Open();
  Close();
  EXPECT_EQ(BodiesOfLayout(1), bodies) << "a start writes no points";
  Open();
  const Store::WriteBody push = [](WriteTransaction& t) {
    SeriesWrite write;
    write.output = "growth";
    write.points.periods = {4, 30};
    write.points.values = {61.6, 12.5};
    write.points.flags = {kNormal, kNormal};
    return t.WriteSeries("datasets/x", {write}).status();
  };
  ASSERT_EQ(*store_->Write({}, push), kCommits + 1);
  ASSERT_EQ(*Push("new", 1), kCommits + 2);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
    ExpectAllIsRead();
    const absl::Status status = store_->Read([](ReadTransaction& t) -> absl::Status {
      PT_ASSIGN_OR_RETURN(const auto series, t.FindSeries("datasets/x", "growth", ""));
      if (!series.has_value()) return absl::NotFoundError("growth");
      PT_ASSIGN_OR_RETURN(const Columns columns, t.ReadSeries(series->id, {}, kPresent));
      const auto value = [&](int64_t period) {
        return columns.values.at(static_cast<size_t>(columns.Find(period)));
      };
      EXPECT_EQ(value(3), 1.0 / 3);
      EXPECT_EQ(value(4), 61.6);
      EXPECT_EQ(value(30), 12.5);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    Close();
    EXPECT_GT(BodiesOfLayout(1), 0);
    EXPECT_GE(BodiesOfLayout(2), 3) << "two chunks, and what was in one of them";
    Open();
  }
}

// A check and salvage only read, whatever the schema.
TEST_F(FrozenTest, LookingAtAnOlderSchemaChangesNothing) {
  Thaw(1);
  options_.read_only_salvage = true;
  Open();
  ExpectAllIsRead();
  const auto report = store_->VerifyAll(nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->problem_count, 0);
  Close();
  EXPECT_EQ(ReadFile(File("policytrack.db")), ReadFile(FrozenFile(1)));
}

TEST_F(FrozenTest, ABackupOfAnOlderSchemaIsRestoredAndStaysAsItIs) {
  Thaw(1);
  const std::string target = directory_.path() + "/restored";
  const auto restored = sqlite::RestoreCopy(File("policytrack.db"), target, "");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(ReadFile(File("policytrack.db")), ReadFile(FrozenFile(1)));
  options_.data_dir = target;
  EXPECT_EQ(Version(), sqlite::kSchemaVersion);
  Open();
  ExpectAllIsRead();
}

// Killed between the new version and its way from the log into the file.
TEST_F(FrozenTest, AMigrationThatWasCutShortIsFinished) {
  Thaw(1);
  std::string file;
  std::string log;
  {
    SQLite::Database database(File("policytrack.db"), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 2");
    file = ReadFile(File("policytrack.db"));
    log = ReadFile(File("policytrack.db-wal"));
  }
  WriteFile(File("policytrack.db"), file);
  WriteFile(File("policytrack.db-wal"), log);
  ASSERT_EQ(Version(), 1);
  Open();
  EXPECT_EQ(Version(), sqlite::kSchemaVersion);
  ExpectAllIsRead();
}

TEST_F(FrozenTest, ANewerSchemaIsRefused) {
  Thaw(sqlite::kSchemaVersion);
  SetVersion(sqlite::kSchemaVersion + 1);
  ExpectRefused("newer version");
  SetVersion(sqlite::kSchemaVersion);
  Open();
}

// The control: a program whose tables are not those of the frozen file does not
// take it for its own.
TEST_F(FrozenTest, ControlOtherTablesUnderTheSameVersionAreRefused) {
  Thaw(sqlite::kSchemaVersion);
  Alter("CREATE TABLE cursors (\n  name TEXT NOT NULL",
        "CREATE TABLE cursors (\n  nama TEXT NOT NULL");
  EXPECT_EQ(ReasonOf(TryOpen().status()), reason::kStoreDamaged);
}

TEST_F(FrozenTest, DISABLED_FreezeThisSchema) {
  ASSERT_FALSE(fs::exists(FrozenFile(sqlite::kSchemaVersion))) << "frozen files never change";
  Open();
  for (int64_t n = 1; n <= kCommits; ++n) {
    clock_.Set(absl::FromUnixMicros(kFirstUs + n * 1'000'000));
    WriteOptions options;
    options.principal = "someone";
    options.request_id = absl::StrCat("request-", n);
    ASSERT_EQ(*store_->Write(options, [n](WriteTransaction& t) { return WriteCommit(n, t); }), n);
  }
  Close();
  fs::copy_file(File("policytrack.db"), FrozenFile(sqlite::kSchemaVersion));
}

}  // namespace
}  // namespace policytrack::storage
