#include "storage/sqlite/verify.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/commit_digest.h"
#include "storage/series_merge.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/series_queries.h"
#include "storage/sqlite/view_transaction.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr int kBatch = 512;

constexpr char kIntegrity[] = "PRAGMA integrity_check(1)";
constexpr char kEvaluations[] =
    "SELECT revision, parent, body FROM evaluations ORDER BY revision, parent";

absl::Status CheckFile(const View& view) {
  Query query(*view.connection, kIntegrity);
  if (query.Step() && query.View(0) == "ok") return absl::OkStatus();
  return Damaged("the database file is damaged");
}

// The evaluation records of all commits, in their order.
class Evaluations {
 public:
  explicit Evaluations(Connection& connection) : query_(connection, kEvaluations) {
    has_row_ = query_.Step();
  }
  // Takes those of one commit; none of an earlier one may be left.
  absl::Status Take(int64_t revision, ContentDigest* content) {
    for (; has_row_ && query_.Int(0) <= revision; has_row_ = query_.Step()) {
      if (query_.Int(0) < revision) return Damaged("an evaluation is of no commit");
      content->SetEvaluation(query_.View(1), query_.View(2));
    }
    return absl::OkStatus();
  }
  bool empty() const { return !has_row_; }

 private:
  Query query_;
  bool has_row_ = false;
};

absl::Status AddSeries(const View& view, const std::string& parent, int64_t revision,
                       ContentDigest* content) {
  PT_ASSIGN_OR_RETURN(const std::vector<SeriesChange> changes,
                      ChangedSeries(view, parent, revision - 1, revision, true));
  for (const SeriesChange& change : changes) {
    const int64_t id = change.series.id;
    PT_ASSIGN_OR_RETURN(const Columns before, ReadSeries(view, id, change.range, revision - 1));
    PT_ASSIGN_OR_RETURN(const Columns after, ReadSeries(view, id, change.range, revision));
    NetChange net = NetChangeOf(after, Columns(), revision);
    for (const int64_t period : before.periods) {
      if (after.Find(period) < 0) net.deleted.push_back(period);
    }
    if (!net.empty()) content->SetSeries(change.series, SeriesDigest(net.written, net.deleted));
  }
  return absl::OkStatus();
}

absl::Status VerifyContent(const View& view, const Commit& commit, Evaluations* evaluations) {
  ContentDigest content;
  for (const CommitChange& change : commit.changes) {
    if (!change.document) {
      PT_RETURN_IF_ERROR(AddSeries(view, change.name, commit.revision, &content));
      continue;
    }
    const std::optional<Document> document = GetDocument(view, change.name, commit.revision);
    if (document.has_value() && document->revision == commit.revision) {
      content.SetDocument(change.name, document->deleted, document->body);
    }
  }
  PT_RETURN_IF_ERROR(evaluations->Take(commit.revision, &content));
  if (content.Finish() == commit.content_digest) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("commits/", commit.revision,
                            ": what is stored is not what it wrote; the store was damaged or "
                            "altered, restore a backup"),
               {{"resource", absl::StrCat("commits/", commit.revision)}});
}

}  // namespace

absl::Status VerifyAll(const View& view) {
  PT_RETURN_IF_ERROR(CheckFile(view));
  ViewReadTransaction transaction(view);
  PT_RETURN_IF_ERROR(VerifyChain(transaction));
  Evaluations evaluations(*view.connection);
  for (int64_t verified = 0; verified < view.revision; verified += kBatch) {
    const int64_t upto = std::min(view.revision, verified + kBatch);
    std::vector<Commit> batch = ListCommits(view, upto + 1, static_cast<int>(upto - verified));
    std::reverse(batch.begin(), batch.end());
    for (const Commit& commit : batch) {
      PT_RETURN_IF_ERROR(VerifyContent(view, commit, &evaluations));
    }
  }
  return evaluations.empty() ? absl::OkStatus() : Damaged("an evaluation is of no commit");
}

}  // namespace policytrack::storage::sqlite
