// What is damaged or altered is noticed, and never read as a number.
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

}  // namespace
}  // namespace policytrack::storage
