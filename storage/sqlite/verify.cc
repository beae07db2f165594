#include "storage/sqlite/verify.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "storage/commit_digest.h"
#include "storage/series_merge.h"
#include "storage/sqlite/answer_codec.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/row_check.h"
#include "storage/sqlite/series_queries.h"
#include "storage/sqlite/view_transaction.h"
#include "storage/varint.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr int kBatch = 512;
// How often a statement that runs long asks whether to go on, in steps of SQLite's
// machine: several times a second.
constexpr int kStepsBetweenQuestions = 1000000;
constexpr size_t kMaxProblemBytes = 300;
constexpr char kDatabase[] = "database";

constexpr char kIntegrity[] = "PRAGMA integrity_check(20)";
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

// Enough of each to tell how many points there are.
constexpr char kBodies[] =
    "SELECT substr(body, 1, 12) FROM chunks UNION ALL SELECT substr(body, 1, 12) FROM history";
constexpr char kAnswers[] = "SELECT digest, response FROM request_log";
constexpr char kDocumentRevisions[] = "SELECT count(*) FROM documents";

std::string CommitName(int64_t revision) { return absl::StrCat("commits/", revision); }

absl::Status Stopped() { return absl::CancelledError("the check was stopped"); }

// Runs the check, gathers what is wrong, and asks on the way whether to go on.
class Check {
 public:
  Check(const View& view, const Store::Progress& progress, bool first_only)
      : view_(view), progress_(progress), first_only_(first_only) {}

  absl::StatusOr<VerifyReport> Run();

 private:
  // The evaluation records of all commits, in their order.
  struct Evaluations {
    explicit Evaluations(Connection& connection) : query(connection, kEvaluations) {}
    Query query;
    bool has_row = false;
    bool readable = true;
  };

  // A part of the check that failed is a problem of the store, unless the database
  // was only busy.
  absl::Status Take(absl::string_view resource, const absl::Status& status);
  void Add(absl::string_view resource, absl::string_view message);
  bool Enough() const { return first_only_ && report_.problem_count > 0; }
  bool GoesOn(int64_t done) const {
    return progress_ == nullptr || progress_(done, view_.revision);
  }

  absl::Status CheckFile();
  absl::Status CheckDocumentHeads();
  absl::Status CheckAnswers();
  absl::Status CheckCommits();
  absl::Status CheckTotals();
  absl::Status CheckBatch(int64_t verified, int64_t upto, Evaluations* evaluations);
  absl::Status CheckContent(const Commit& commit, Evaluations* evaluations);
  absl::Status TakeEvaluations(int64_t revision, Evaluations* evaluations, ContentDigest* content);
  // `*right` becomes false where the recorded extent is not that of the change.
  absl::StatusOr<WriteCounts> AddSeries(const std::string& parent, int64_t revision,
                                        ContentDigest* content, bool* right);
  WriteCounts AddDocument(const std::string& name, int64_t revision, ContentDigest* content);

  const View& view_;
  const Store::Progress& progress_;
  const bool first_only_;
  VerifyReport report_;
  int64_t written_ = 0;  // points that commits wrote
};

absl::StatusOr<VerifyReport> Check::Run() {
  // Asks also while one statement looks through the whole file.
  sqlite3* const handle = view_.connection->database().getHandle();
  const auto ask = [](void* check) { return static_cast<Check*>(check)->GoesOn(0) ? 0 : 1; };
  if (progress_ != nullptr) sqlite3_progress_handler(handle, kStepsBetweenQuestions, ask, this);
  absl::Status status = Guard([&] { return CheckFile(); });
  sqlite3_progress_handler(handle, 0, nullptr, nullptr);
  if (!GoesOn(0)) return Stopped();
  PT_RETURN_IF_ERROR(Take(kDatabase, status));
  PT_RETURN_IF_ERROR(Take(kDatabase, Guard([&] {
                            report_.state = StateOf(view_);
                            return absl::OkStatus();
                          })));
  if (Enough()) return report_;
  PT_RETURN_IF_ERROR(Take(kDatabase, Guard([&] { return CheckDocumentHeads(); })));
  if (Enough()) return report_;
  PT_RETURN_IF_ERROR(Take(kDatabase, Guard([&] { return CheckAnswers(); })));
  if (Enough()) return report_;
  ViewReadTransaction transaction(view_);
  const absl::Status chain = VerifyChain(transaction);
  const std::string broken = MetadataOf(chain, "resource");
  PT_RETURN_IF_ERROR(Take(broken.empty() ? kDatabase : broken, chain));
  if (Enough()) return report_;
  PT_RETURN_IF_ERROR(CheckCommits());
  // Of a damaged store they would only say again that it is.
  if (report_.problem_count == 0) {
    PT_RETURN_IF_ERROR(Take(kDatabase, Guard([&] { return CheckTotals(); })));
  }
  return report_;
}

absl::Status Check::Take(absl::string_view resource, const absl::Status& status) {
  if (status.ok()) return status;
  if (status.code() != absl::StatusCode::kInternal) return status;
  // What to do about it stands after the semicolon, and is the same for all.
  const absl::string_view message = status.message();
  Add(resource, message.substr(0, message.find("; ")));
  return absl::OkStatus();
}

void Check::Add(absl::string_view resource, absl::string_view message) {
  if (absl::ConsumePrefix(&message, resource)) absl::ConsumePrefix(&message, ": ");
  if (++report_.problem_count > static_cast<int64_t>(kMaxProblems)) return;
  report_.problems.push_back(
      {std::string(resource),
       CutText(absl::StrReplaceAll(message, {{"\n", "; "}}), kMaxProblemBytes)});
}

absl::Status Check::CheckFile() {
  Query query(*view_.connection, kIntegrity);
  for (bool first = true; query.Step() && (first || query.View(0) != "ok"); first = false) {
    if (first && query.View(0) == "ok") return absl::OkStatus();
    Add(kDatabase, absl::StrCat("the database file is damaged: ", query.View(0)));
  }
  return absl::OkStatus();
}

// The present state of each document is its last revision, and only that.
absl::Status Check::CheckDocumentHeads() {
  Query query(*view_.connection, kWrongHeads);
  if (query.Step() && query.Int(0) == 0) return absl::OkStatus();
  return Damaged("the present state of a document is not its last revision");
}

// The kept answers of requests are in no digest and have checksums.
absl::Status Check::CheckAnswers() {
  for (Query query(*view_.connection, kAnswers); query.Step();) {
    const std::string digest = query.String(0);
    PT_RETURN_IF_ERROR(DecodeAnswer(digest, query.View(1)).status());
  }
  return absl::OkStatus();
}

absl::Status Check::CheckCommits() {
  std::optional<Evaluations> evaluations;
  PT_RETURN_IF_ERROR(Take(kDatabase, Guard([&] {
                            evaluations.emplace(*view_.connection);
                            // The records cannot be told from each other until this works.
                            evaluations->readable = false;
                            evaluations->has_row = evaluations->query.Step();
                            evaluations->readable = true;
                            return absl::OkStatus();
                          })));
  if (!evaluations.has_value() || Enough()) return absl::OkStatus();
  for (int64_t verified = 0; verified < view_.revision && !Enough(); verified += kBatch) {
    const int64_t upto = std::min(view_.revision, verified + kBatch);
    PT_RETURN_IF_ERROR(CheckBatch(verified, upto, &*evaluations));
  }
  if (evaluations->readable && evaluations->has_row) {
    Add(kDatabase, "an evaluation is of no commit");
  }
  return absl::OkStatus();
}

// What no commit wrote is in no digest; but then there is more than was written.
absl::Status Check::CheckTotals() {
  Query documents(*view_.connection, kDocumentRevisions);
  if (!documents.Step() || documents.Int(0) != report_.documents) {
    return Damaged("there are revisions of documents that no commit wrote");
  }
  int64_t points = 0;
  for (Query bodies(*view_.connection, kBodies); bodies.Step();) {
    absl::string_view body = bodies.View(0);
    uint64_t count = 0;
    body.remove_prefix(std::min<size_t>(body.size(), 1));  // the version
    if (!TakeVarint(&body, &count)) return Damaged("a block of points has no count");
    points += static_cast<int64_t>(count);
  }
  if (points == written_) return absl::OkStatus();
  return Damaged(absl::StrCat("there are ", points, " points, and commits wrote ", written_));
}

absl::Status Check::CheckBatch(int64_t verified, int64_t upto, Evaluations* evaluations) {
  std::vector<Commit> batch;
  PT_RETURN_IF_ERROR(Take(kDatabase, Guard([&] {
                            batch = ListCommits(view_, upto + 1, static_cast<int>(upto - verified));
                            return absl::OkStatus();
                          })));
  std::reverse(batch.begin(), batch.end());
  for (const Commit& commit : batch) {
    if (!GoesOn(report_.commits)) return Stopped();
    PT_RETURN_IF_ERROR(Take(CommitName(commit.revision),
                            Guard([&] { return CheckContent(commit, evaluations); })));
    ++report_.commits;
    if (Enough()) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status Check::CheckContent(const Commit& commit, Evaluations* evaluations) {
  ContentDigest content;
  bool right = true;
  for (const CommitChange& change : commit.changes) {
    WriteCounts counts;
    if (change.document) {
      counts = AddDocument(change.name, commit.revision, &content);
      ++report_.documents;
    } else {
      PT_ASSIGN_OR_RETURN(counts, AddSeries(change.name, commit.revision, &content, &right));
      report_.points += counts.created + counts.revised + counts.deleted;
      written_ += counts.created + counts.revised;
    }
    right &= counts.created == change.created && counts.revised == change.revised &&
             counts.deleted == change.deleted;
  }
  const absl::Status taken =
      Guard([&] { return TakeEvaluations(commit.revision, evaluations, &content); });
  if (!taken.ok()) {
    // The rest of them cannot be found any more; that is told once.
    evaluations->readable = false;
    return taken;
  }
  if (!evaluations->readable && commit.kind == CommitKind::kEvaluation) return absl::OkStatus();
  if (right && content.Finish() == commit.content_digest) return absl::OkStatus();
  return Damaged("what is stored is not what it wrote");
}

// Takes those of one commit; none of an earlier one may be left.
absl::Status Check::TakeEvaluations(int64_t revision, Evaluations* evaluations,
                                    ContentDigest* content) {
  Query& query = evaluations->query;
  while (evaluations->readable && evaluations->has_row && query.Int(0) <= revision) {
    if (query.Int(0) < revision) {
      evaluations->has_row = query.Step();
      Add(kDatabase, "an evaluation is of no commit");
      continue;
    }
    content->SetEvaluation(query.View(1), query.View(2));
    ++report_.evaluations;
    evaluations->has_row = query.Step();
  }
  return absl::OkStatus();
}

absl::StatusOr<WriteCounts> Check::AddSeries(const std::string& parent, int64_t revision,
                                             ContentDigest* content, bool* right) {
  WriteCounts counts;
  PT_ASSIGN_OR_RETURN(const std::vector<SeriesChange> changes,
                      ChangedSeries(view_, parent, revision - 1, revision, true));
  for (const SeriesChange& change : changes) {
    const int64_t id = change.series.id;
    PT_ASSIGN_OR_RETURN(const Columns before, ReadSeries(view_, id, change.range, revision - 1));
    PT_ASSIGN_OR_RETURN(const Columns after, ReadSeries(view_, id, change.range, revision));
    const NetChange net = NetChangeOf(after, before, revision);
    // A range that is too wide changes no digest.
    const PeriodRange range = RangeOf(net);
    *right &= range.first == change.range.first && range.last == change.range.last;
    if (!net.empty()) content->SetSeries(change.series, SeriesDigest(net.written, net.deleted));
    counts.created += net.counts.created;
    counts.revised += net.counts.revised;
    counts.deleted += net.counts.deleted;
  }
  return counts;
}

WriteCounts Check::AddDocument(const std::string& name, int64_t revision, ContentDigest* content) {
  WriteCounts counts;
  const std::optional<Document> document = GetDocument(view_, name, revision);
  if (!document.has_value() || document->revision != revision) return counts;
  content->SetDocument(name, document->deleted, document->body);
  const bool existed = GetDocument(view_, name, revision - 1).has_value();
  counts.deleted = document->deleted ? 1 : 0;
  counts.created = !document->deleted && !existed ? 1 : 0;
  counts.revised = !document->deleted && existed ? 1 : 0;
  return counts;
}

}  // namespace

StoreState StateOf(const View& view) {
  StoreState state;
  state.revision = view.revision;
  for (const int64_t revision : {int64_t{1}, view.revision}) {
    const std::vector<Commit> commits = ListCommits(view, revision + 1, 1);
    if (commits.empty()) continue;
    (revision == 1 ? state.first_chain_digest : state.chain_digest) = commits[0].chain_digest;
  }
  if (view.revision == 1) state.chain_digest = state.first_chain_digest;
  return state;
}

absl::StatusOr<VerifyReport> VerifyDatabase(const View& view, const Store::Progress& progress,
                                            bool first_only) {
  return Check(view, progress, first_only).Run();
}

void AddLogDamage(const LogDamage& damage, VerifyReport* report) {
  ++report->problem_count;
  report->problems.insert(report->problems.begin(), {kDatabase, WordsOf(damage)});
  if (report->problems.size() > kMaxProblems) report->problems.pop_back();
}

absl::Status StatusOfReport(const VerifyReport& report) {
  if (report.problems.empty()) return absl::OkStatus();
  const StoreProblem& first = report.problems.front();
  if (first.resource == kDatabase) return Damaged(first.message);
  return DamagedIn(first.resource, first.message);
}

}  // namespace policytrack::storage::sqlite
