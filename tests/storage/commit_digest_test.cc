#include "storage/commit_digest.h"

#include "core/digest.h"
#include "core/error.h"
#include "gtest/gtest.h"

namespace policytrack::storage {
namespace {

Commit MakeCommit() {
  Commit commit;
  commit.revision = 3;
  commit.time = absl::FromUnixMicros(1700000000123456);
  commit.principal = "agency";
  commit.request_id = "r-1";
  commit.kind = CommitKind::kEvaluation;
  commit.input_revision = 2;
  commit.content_digest = std::string(32, 'c');
  return commit;
}

std::string Int(int64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}
std::string Text(const std::string& text) { return Int(static_cast<int64_t>(text.size())) + text; }

// The bytes, put together here by hand from docs/storage-format.md.
TEST(CommitDigestTest, ChainDigestIsOfTheDocumentedBytes) {
  EXPECT_EQ(ChainDigest(std::string(32, 'p'), MakeCommit()),
            Sha256(Text(std::string(32, 'p')) + Int(3) + Int(1700000000123456) + Text("agency") +
                   Text("r-1") + Int(3) + Int(2) + Text(std::string(32, 'c'))));
  EXPECT_EQ(ChainStart(), std::string(32, '\0'));
}

TEST(CommitDigestTest, ChainDigestCoversEveryField) {
  const std::string digest = ChainDigest("p", MakeCommit());
  EXPECT_NE(ChainDigest("q", MakeCommit()), digest);
  const std::vector<std::function<void(Commit&)>> changes = {
      [](Commit& c) { ++c.revision; },
      [](Commit& c) { c.time += absl::Microseconds(1); },
      [](Commit& c) { c.principal = "other"; },
      [](Commit& c) { c.request_id = "r-2"; },
      [](Commit& c) { c.kind = CommitKind::kPush; },
      [](Commit& c) { ++c.input_revision; },
      [](Commit& c) { c.content_digest[0] = 'd'; },
  };
  for (const auto& change : changes) {
    Commit commit = MakeCommit();
    change(commit);
    EXPECT_NE(ChainDigest("p", commit), digest);
  }
}

TEST(CommitDigestTest, ContentDigestIsOfTheDocumentedBytes) {
  Columns written;
  written.periods = {5, 6};
  written.values = {1.5, -2};
  written.flags = {kNormal, kProvisional};
  std::string values(reinterpret_cast<const char*>(written.values.data()), 16);
  const std::string series =
      Sha256(Int(2) + Int(5) + Int(6) + values + std::string("\0\0\3\0", 4) + Int(1) + Int(9));
  EXPECT_EQ(SeriesDigest(written, {9}), series);

  ContentDigest content;
  content.SetEvaluation("indicators/i", "record");
  content.SetSeries({4, "datasets/x", "", "k"}, series);
  content.SetDocument("plans/b", true, "");
  content.SetDocument("plans/a", false, "draft");
  content.SetDocument("plans/a", false, "body");
  EXPECT_EQ(content.Finish(),
            Sha256(Int(2) + Text("plans/a") + Int(0) + Text(Sha256("body")) + Text("plans/b") +
                   Int(1) + Text(Sha256("")) + Int(1) + Text("datasets/x") + Text("") + Text("k") +
                   Text(series) + Int(1) + Text("indicators/i") + Text(Sha256("record"))));
}

TEST(CommitDigestTest, OrderOfWritingDoesNotCount) {
  ContentDigest a;
  ContentDigest b;
  a.SetDocument("plans/a", false, "1");
  a.SetDocument("plans/b", false, "2");
  b.SetDocument("plans/b", false, "2");
  b.SetDocument("plans/a", false, "1");
  EXPECT_EQ(a.Finish(), b.Finish());
}

}  // namespace
}  // namespace policytrack::storage
