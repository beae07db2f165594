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
constexpr char kWrongHeads[] =
    "SELECT (SELECT count(*) FROM document_heads h"
    "  LEFT JOIN documents d ON d.name = h.name AND d.revision = h.revision"
    "  WHERE d.name IS NULL OR d.deleted <> h.deleted"
    "  OR substr(h.name, 1, length(h.collection) + 1) <> h.collection || '/'"
    "  OR EXISTS (SELECT 1 FROM documents l WHERE l.name = h.name AND l.revision > h.revision))"
    " + (SELECT count(*) FROM (SELECT DISTINCT name FROM documents) d"
    "  WHERE NOT EXISTS (SELECT 1 FROM document_heads h"
    "   WHERE h.collection = substr(d.name, 1, instr(d.name, '/') - 1) AND h.name = d.name))";
constexpr char kEvaluations[] =
    "SELECT revision, parent, body FROM evaluations ORDER BY revision, parent";

absl::Status CheckFile(const View& view) {
  Query query(*view.connection, kIntegrity);
  if (query.Step() && query.View(0) == "ok") return absl::OkStatus();
  return Damaged("the database file is damaged");
}

// The present state of each document is its last revision, and only that.
absl::Status CheckDocumentHeads(const View& view) {
  Query query(*view.connection, kWrongHeads);
  if (query.Step() && query.Int(0) == 0) return absl::OkStatus();
  return Damaged("the present state of a document is not its last revision");
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

absl::StatusOr<WriteCounts> AddSeries(const View& view, const std::string& parent, int64_t revision,
                                      ContentDigest* content) {
  WriteCounts counts;
  PT_ASSIGN_OR_RETURN(const std::vector<SeriesChange> changes,
                      ChangedSeries(view, parent, revision - 1, revision, true));
  for (const SeriesChange& change : changes) {
    const int64_t id = change.series.id;
    PT_ASSIGN_OR_RETURN(const Columns before, ReadSeries(view, id, change.range, revision - 1));
    PT_ASSIGN_OR_RETURN(const Columns after, ReadSeries(view, id, change.range, revision));
    const NetChange net = NetChangeOf(after, before, revision);
    if (!net.empty()) content->SetSeries(change.series, SeriesDigest(net.written, net.deleted));
    counts.created += net.counts.created;
    counts.revised += net.counts.revised;
    counts.deleted += net.counts.deleted;
  }
  return counts;
}

WriteCounts AddDocument(const View& view, const std::string& name, int64_t revision,
                        ContentDigest* content) {
  WriteCounts counts;
  const std::optional<Document> document = GetDocument(view, name, revision);
  if (!document.has_value() || document->revision != revision) return counts;
  content->SetDocument(name, document->deleted, document->body);
  const bool existed = GetDocument(view, name, revision - 1).has_value();
  counts.deleted = document->deleted ? 1 : 0;
  counts.created = !document->deleted && !existed ? 1 : 0;
  counts.revised = !document->deleted && existed ? 1 : 0;
  return counts;
}

absl::Status VerifyContent(const View& view, const Commit& commit, Evaluations* evaluations) {
  ContentDigest content;
  bool right = true;
  for (const CommitChange& change : commit.changes) {
    WriteCounts counts;
    if (change.document) {
      counts = AddDocument(view, change.name, commit.revision, &content);
    } else {
      PT_ASSIGN_OR_RETURN(counts, AddSeries(view, change.name, commit.revision, &content));
    }
    right &= counts.created == change.created && counts.revised == change.revised &&
             counts.deleted == change.deleted;
  }
  PT_RETURN_IF_ERROR(evaluations->Take(commit.revision, &content));
  if (right && content.Finish() == commit.content_digest) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("commits/", commit.revision,
                            ": what is stored is not what it wrote; the store was damaged or "
                            "altered, restore a backup"),
               {{"resource", absl::StrCat("commits/", commit.revision)}});
}

}  // namespace

absl::Status VerifyAll(const View& view) {
  PT_RETURN_IF_ERROR(CheckFile(view));
  PT_RETURN_IF_ERROR(CheckDocumentHeads(view));
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
