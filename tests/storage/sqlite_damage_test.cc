// What is damaged or altered is noticed, and never read as a number.
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

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
  ASSERT_TRUE(Push("bad", Plain(1234)).ok());
  ASSERT_TRUE(Push("good", 2).ok());
  Close();
  Alter(Bytes(Plain(1234)), Bytes(Plain(1235)));
  Open();
  EXPECT_EQ(ReasonOf(ReadSeries("bad").status()), reason::kStoreDamaged);
  const auto good = ReadSeries("good");
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->values, std::vector<double>{2});
}

TEST_F(SqliteStoreTest, ReadsOfThePresentDoNotTouchTheHistory) {
  Open();
  ASSERT_TRUE(Push("k", Plain(1234)).ok());
  ASSERT_TRUE(Push("k", 2).ok());
  Close();
  Alter(Bytes(Plain(1234)), Bytes(Plain(1235)));
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

// A write that meets damage fails even when its body looks away, and those that
// wait together with it are run again and stay.
TEST_F(SqliteStoreTest, AFailureOfTheDatabaseFailsOnlyItsOwnWrite) {
  Open();
  ASSERT_TRUE(Push("bad", Plain(1234)).ok());
  Close();
  Alter(Bytes(Plain(1234)), Bytes(Plain(1235)));
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
