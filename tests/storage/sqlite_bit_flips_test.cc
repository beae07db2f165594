// A bit that changes in the file of a database: it is noticed, or no answer is another.
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

// All that can be read, as one text, but for cursors, which have no checksum
// (docs/reliability.md).
std::string AllAnswers(SqliteStore& store) {
  std::string text;
  const auto add = [&](const auto&... parts) { (text.append(absl::StrCat(parts, "|")), ...); };
  const absl::Status status = store.Read([&](ReadTransaction& t) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const std::vector<Commit> commits, t.ListCommits(kPresent, 1000));
    for (const Commit& commit : commits) {
      add(commit.revision, absl::ToUnixMicros(commit.time), commit.principal, commit.request_id,
          static_cast<int>(commit.kind), commit.input_revision, commit.content_digest,
          commit.chain_digest);
      for (const CommitChange& change : commit.changes) {
        add(change.name, change.document, change.created, change.revised, change.deleted);
      }
      for (const char* collection : {"plans", "measures"}) {
        PT_ASSIGN_OR_RETURN(const std::vector<Document> documents,
                            t.ListDocuments(collection, "", 1000, commit.revision, true));
        for (const Document& d : documents) add(d.name, d.revision, d.deleted, d.body);
      }
      for (const char* parent : {"datasets/x", "indicators/y"}) {
        PT_ASSIGN_OR_RETURN(const std::vector<SeriesInfo> all, t.ListSeries(parent, nullptr, 1000));
        for (const SeriesInfo& series : all) {
          add(series.output, series.key);
          PT_ASSIGN_OR_RETURN(const Columns columns, t.ReadSeries(series.id, {}, commit.revision));
          for (size_t i = 0; i < columns.size(); ++i) {
            add(columns.periods[i], columns.values[i], columns.flags[i], columns.revisions[i]);
          }
        }
      }
      PT_ASSIGN_OR_RETURN(const std::optional<std::string> evaluation,
                          t.GetEvaluation("indicators/y", commit.revision));
      add(evaluation.value_or("none"));
      for (const char* parent : {"datasets/x", "indicators/y"}) {
        PT_ASSIGN_OR_RETURN(const ChangeExtent extent, t.ExtentOfChange(parent, commit.revision));
        add(extent.series, extent.range.first, extent.range.last);
        PT_ASSIGN_OR_RETURN(const std::vector<SeriesChange> changes,
                            t.ChangedSeries(parent, commit.revision - 1, commit.revision, true));
        for (const SeriesChange& change : changes) {
          add(change.series.output, change.series.key, change.range.first, change.range.last);
        }
      }
      PT_ASSIGN_OR_RETURN(const auto answer,
                          t.FindAnswer("someone", "Push", absl::StrCat("id-", commit.revision)));
      if (answer.has_value()) add(answer->digest, answer->response);
    }
    return absl::OkStatus();
  });
  return status.ok() ? text : status.ToString();
}

// What SQLite alone says of a file.
bool IsWholeToSqlite(const std::string& path) {
  sqlite3* database = nullptr;
  bool whole = false;
  const auto note = [](void* to, int, char** row, char**) {
    *static_cast<bool*>(to) = absl::string_view(row[0]) == "ok";
    return 0;
  };
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
      sqlite3_exec(database, "PRAGMA integrity_check", note, &whole, nullptr) != SQLITE_OK) {
    whole = false;
  }
  sqlite3_close(database);
  return whole;
}

// Whatever bit of the file flips: opening or Verify says so, or nothing that can
// be read has changed.
TEST_F(SqliteStoreTest, NoFlippedBitChangesAnAnswerUnnoticed) {
  Open();
  for (int i = 0; i < 40; ++i) {
    const std::string name = absl::StrCat(i % 2 == 0 ? "plans/p" : "measures/m", i % 7);
    const Store::WriteBody body = [&](WriteTransaction& t) -> absl::Status {
      PT_RETURN_IF_ERROR(
          t.PutDocument(name, std::string(20, 'a' + i % 26), i % 5 == 0, {"plans/q"}));
      PT_RETURN_IF_ERROR(PushBody(absl::StrCat("k", i % 6), i * 1.25)(t));
      PT_RETURN_IF_ERROR(t.SetCursor("evaluated", i));
      PT_RETURN_IF_ERROR(t.PutAnswer("someone", "Push", absl::StrCat("id-", i + 1),
                                     {std::string(32, 'A' + i % 26), absl::StrCat("answer ", i)},
                                     absl::FromUnixSeconds(2'000'000'000)));
      return t.PutEvaluation("indicators/y", absl::StrCat("evaluation ", i));
    };
    ASSERT_TRUE(store_->Write({}, body).ok());
  }
  const std::string whole = AllAnswers(*store_);
  Close();
  const std::string bytes = ReadFile(File("policytrack.db"));
  std::mt19937 random(20240901);
  int noticed = 0;
  int flips = 0;
  int by_digests_alone = 0;
  for (int i = 0; i < RoundsOf("POLICYTRACK_FLIPS", 1500); ++i) {
    const size_t bit = random() % (bytes.size() * 8);
    std::string flipped = bytes;
    if (flipped[bit / 8] == 0) continue;  // mostly space that nothing uses
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ++flips;
    WriteFile(File("policytrack.db"), flipped);
    const bool whole_to_sqlite = IsWholeToSqlite(File("policytrack.db"));
    WriteFile(File("policytrack.db"), flipped);
    auto opened = TryOpen();
    if (!opened.ok() || !(*opened)->Verify().ok()) {
      ++noticed;
      by_digests_alone += whole_to_sqlite;
    } else {
      EXPECT_EQ(AllAnswers(**opened), whole) << "bit " << bit % 8 << " of byte " << bit / 8;
    }
  }
  std::printf("%d flips: %d noticed, %d of them not by SQLite; the others changed no answer\n",
              flips, noticed, by_digests_alone);
  EXPECT_GT(noticed, 20);
  // The control: without the digests these would have passed.
  EXPECT_GT(by_digests_alone, 0);
}

}  // namespace
}  // namespace policytrack::storage
