// What is damaged or altered is noticed, and never read as a number.
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/storage/sqlite_store_fixture.h"

namespace policytrack::storage {
namespace {

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

// Nor what cannot be sent to anybody.
TEST_F(SqliteStoreTest, ACommitWithATextThatIsNoneIsDamageThatIsNamed) {
  Open();
  for (int i = 1; i <= 3; ++i) {
    WriteOptions options;
    options.principal = absl::StrCat("agency-", i);
    options.request_id = absl::StrCat("request-", i);
    ASSERT_TRUE(store_->Write(options, PushBody("k", i)).ok());
  }
  const auto expect_damaged = [](const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged) << status;
    EXPECT_EQ(MetadataOf(status, "resource"), "commits/2") << status;
  };
  for (const char* text : {"request-2", "agency-2"}) {
    Close();
    Alter(text, "\xff");
    Open();
    const absl::Status status = store_->Read([&](ReadTransaction& t) -> absl::Status {
      EXPECT_TRUE(t.GetCommit(1).ok());
      EXPECT_TRUE(t.GetCommit(3).ok());
      EXPECT_TRUE(t.ListCommits(2, 10).ok());
      expect_damaged(t.ListCommits(kPresent, 10).status());
      return t.GetCommit(2).status();
    });
    expect_damaged(status);
    expect_damaged(store_->Verify());
    Close();
    Alter(absl::StrCat("\xff", std::string(text).substr(1)), std::string(text).substr(0, 1));
    Open();
    EXPECT_TRUE(store_->Verify().ok()) << "the control";
  }
  Close();
  // A kind that there is not, in place of that of a push.
  {
    SQLite::Database database(File("policytrack.db"), SQLite::OPEN_READWRITE);
    database.exec("UPDATE commits SET kind = 77 WHERE revision = 2");
  }
  Open();
  expect_damaged(store_->Read([&](ReadTransaction& t) { return t.GetCommit(2).status(); }));
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

TEST_F(SqliteStoreTest, WhatSqliteFindsDamagedIsNamedWhereItIsKnown) {
  Open();
  const std::string body(3000, 'x');
  for (int i = 100; i < 120; ++i) {
    const std::string name = absl::StrCat("plans/p", i);
    ASSERT_TRUE(store_
                    ->Write({},
                            [&](WriteTransaction& t) {
                              return t.PutDocument(name, absl::StrCat("text-of-", i, body), false,
                                                   {});
                            })
                    .ok());
  }
  Close();
  std::string bytes = ReadFile(File("policytrack.db"));
  const size_t at = bytes.find("text-of-110");
  ASSERT_NE(at, std::string::npos);
  bytes[at / 4096 * 4096] = 99;
  WriteFile(File("policytrack.db"), bytes);
  Open();
  const absl::Status status = store_->Read([&](ReadTransaction& t) -> absl::Status {
    EXPECT_TRUE(t.GetDocument("plans/p100", kPresent).ok());
    EXPECT_EQ(ReasonOf(t.ListDocuments("plans", "", 1000, kPresent, false).status()),
              reason::kStoreDamaged);
    return t.GetDocument("plans/p110", kPresent).status();
  });
  EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged) << status;
  EXPECT_EQ(MetadataOf(status, "resource"), "plans/p110") << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("plans/p110"));
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

TEST_F(SqliteStoreTest, AnExtentThatIsTooWideIsFound) {
  Open();
  ASSERT_TRUE(Push("k", 1).ok());
  Close();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(File("policytrack.db").c_str(), &database), SQLITE_OK);
  // Series 1, from period 1 on, of 7 periods more than it is.
  EXPECT_EQ(
      sqlite3_exec(database, "UPDATE changes SET body = x'010207'", nullptr, nullptr, nullptr),
      SQLITE_OK);
  EXPECT_EQ(sqlite3_changes(database), 1);
  sqlite3_close(database);
  Open();
  const absl::Status status = store_->Verify();
  EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged);
  EXPECT_EQ(MetadataOf(status, "resource"), "commits/1");
}

// A point that a commit made and took away again is not in its extent.
TEST_F(SqliteStoreTest, TheExtentIsOfWhatACommitDidInTheEnd) {
  Open();
  ASSERT_TRUE(store_
                  ->Write({},
                          [](WriteTransaction& t) -> absl::Status {
                            SeriesWrite write;
                            write.points.periods = {1, 5, 9};
                            write.points.values = {1, 2, 3};
                            write.points.flags = {kNormal, kNormal, kNormal};
                            PT_RETURN_IF_ERROR(t.WriteSeries("datasets/x", {write}).status());
                            write.points = {};
                            write.deletions = {1, 9};
                            return t.WriteSeries("datasets/x", {write}).status();
                          })
                  .ok());
  ChangeExtent extent;
  ASSERT_TRUE(store_
                  ->Read([&](ReadTransaction& t) -> absl::Status {
                    PT_ASSIGN_OR_RETURN(extent, t.ExtentOfChange("datasets/x", 1));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(extent.range.first, 5);
  EXPECT_EQ(extent.range.last, 5);
  EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
}

TEST_F(SqliteStoreTest, AKeptAnswerThatWasAlteredIsAnErrorAndFound) {
  const auto find = [&] {
    return store_->Read([](ReadTransaction& t) { return t.FindAnswer("p", "m", "id").status(); });
  };
  Open();
  ASSERT_TRUE(store_
                  ->Write({},
                          [](WriteTransaction& t) {
                            return t.PutAnswer("p", "m", "id", {std::string(32, 'd'), "the answer"},
                                               absl::InfiniteFuture());
                          })
                  .ok());
  EXPECT_TRUE(find().ok());
  EXPECT_TRUE(store_->Verify().ok());
  Close();
  Alter("the answer", "thy answer");
  Open();
  EXPECT_EQ(ReasonOf(find()), reason::kStoreDamaged);
  EXPECT_EQ(ReasonOf(store_->Verify()), reason::kStoreDamaged);
}

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

}  // namespace
}  // namespace policytrack::storage
