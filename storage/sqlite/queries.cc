#include "storage/sqlite/queries.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "storage/sqlite/answer_codec.h"

namespace policytrack::storage::sqlite {
namespace {

constexpr char kHead[] =
    "SELECT revision, time, chain_digest FROM commits ORDER BY revision DESC LIMIT 1";
constexpr char kRevision[] = "SELECT revision FROM commits ORDER BY revision DESC LIMIT 1";
constexpr char kDocument[] =
    "SELECT name, revision, deleted, body FROM documents"
    " WHERE name = ? AND revision <= ? ORDER BY revision DESC LIMIT 1";
constexpr char kPresentDocuments[] =
    "SELECT d.name, d.revision, d.deleted, d.body FROM document_heads h"
    " JOIN documents d ON d.name = h.name AND d.revision = h.revision"
    " WHERE h.collection = ? AND h.name > ? AND (h.deleted = 0 OR ? <> 0)"
    " ORDER BY h.name LIMIT ?";
constexpr char kPastDocuments[] =
    "SELECT d.name, d.revision, d.deleted, d.body FROM document_heads h"
    " JOIN documents d ON d.name = h.name AND d.revision ="
    "  (SELECT max(p.revision) FROM documents p WHERE p.name = h.name AND p.revision <= ?)"
    " WHERE h.collection = ? AND h.name > ? AND (d.deleted = 0 OR ? <> 0)"
    " ORDER BY h.name LIMIT ?";
constexpr char kDocumentRevisions[] =
    "SELECT name, revision, deleted, body FROM documents"
    " WHERE name = ? AND revision < ? ORDER BY revision DESC LIMIT ?";
constexpr char kReferrers[] =
    "SELECT source FROM document_references WHERE target = ? ORDER BY source LIMIT ?";
constexpr char kCommits[] =
    "SELECT revision, time, principal, request_id, kind, input_revision, content_digest,"
    " chain_digest FROM commits WHERE revision < ? ORDER BY revision DESC LIMIT ?";
constexpr char kChangesOfCommit[] =
    "SELECT name, document, created, revised, deleted FROM changes"
    " WHERE revision = ? ORDER BY name, document DESC";
constexpr char kRevisionAt[] =
    "SELECT revision FROM commits WHERE time <= ? ORDER BY time DESC, revision DESC LIMIT 1";
constexpr char kChangedNames[] =
    "SELECT DISTINCT h.name FROM commits c JOIN changes h ON h.revision = c.revision"
    " WHERE c.revision > ? AND c.revision <= ? AND c.kind <> ? ORDER BY h.name";
constexpr char kEvaluation[] =
    "SELECT body FROM evaluations WHERE parent = ? AND revision <= ?"
    " ORDER BY revision DESC LIMIT 1";
constexpr char kCursor[] = "SELECT value FROM cursors WHERE name = ?";
constexpr char kAnswer[] =
    "SELECT digest, response FROM request_log"
    " WHERE principal = ? AND method = ? AND request_id = ? AND expire_time > ?";

Document DocumentOf(const Query& query) {
  Document document;
  document.name = query.String(0);
  document.revision = query.Int(1);
  document.deleted = query.Bool(2);
  document.body = query.String(3);
  return document;
}

std::vector<Document> DocumentsOf(Query& query) {
  std::vector<Document> documents;
  while (query.Step()) documents.push_back(DocumentOf(query));
  return documents;
}

std::vector<std::string> NamesOf(Query& query) {
  std::vector<std::string> names;
  while (query.Step()) names.push_back(query.String(0));
  return names;
}

Commit CommitOf(const Query& query) {
  Commit commit;
  commit.revision = query.Int(0);
  commit.time = absl::FromUnixMicros(query.Int(1));
  commit.principal = query.String(2);
  commit.request_id = query.String(3);
  commit.kind = static_cast<CommitKind>(query.Int(4));
  commit.input_revision = query.Int(5);
  commit.content_digest = query.String(6);
  commit.chain_digest = query.String(7);
  return commit;
}

// SQLite takes a negative limit for none.
int Limit(int limit) { return std::max(limit, 0); }

}  // namespace

Head ReadHead(Connection& connection) {
  Query query(connection, kHead);
  Head head;
  if (query.Step()) {
    head.revision = query.Int(0);
    head.time_us = query.Int(1);
    head.chain_digest = query.String(2);
  }
  return head;
}

int64_t ReadRevision(Connection& connection) {
  Query query(connection, kRevision);
  return query.Step() ? query.Int(0) : 0;
}

std::optional<Document> GetDocument(const View& view, absl::string_view name, int64_t as_of) {
  Query query(*view.connection, kDocument);
  query.Text(name).Bind(as_of);
  if (!query.Step()) return std::nullopt;
  return DocumentOf(query);
}

std::vector<Document> ListDocuments(const View& view, absl::string_view collection,
                                    absl::string_view after, int limit, int64_t as_of,
                                    bool include_deleted) {
  if (view.IsPresent(as_of)) {
    Query query(*view.connection, kPresentDocuments);
    query.Text(collection).Text(after).Bind(include_deleted).Bind(Limit(limit));
    return DocumentsOf(query);
  }
  Query query(*view.connection, kPastDocuments);
  query.Bind(as_of).Text(collection).Text(after).Bind(include_deleted).Bind(Limit(limit));
  return DocumentsOf(query);
}

std::vector<Document> ListDocumentRevisions(const View& view, absl::string_view name,
                                            int64_t before, int limit) {
  Query query(*view.connection, kDocumentRevisions);
  query.Text(name).Bind(before).Bind(Limit(limit));
  return DocumentsOf(query);
}

std::vector<std::string> ListReferrers(const View& view, absl::string_view target, int limit) {
  Query query(*view.connection, kReferrers);
  query.Text(target).Bind(Limit(limit));
  return NamesOf(query);
}

std::vector<Commit> ListCommits(const View& view, int64_t before, int limit) {
  std::vector<Commit> commits;
  {
    Query query(*view.connection, kCommits);
    query.Bind(before).Bind(Limit(limit));
    while (query.Step()) commits.push_back(CommitOf(query));
  }
  for (Commit& commit : commits) {
    Query query(*view.connection, kChangesOfCommit);
    query.Bind(commit.revision);
    while (query.Step()) {
      CommitChange change;
      change.name = query.String(0);
      change.document = query.Bool(1);
      change.created = query.Int(2);
      change.revised = query.Int(3);
      change.deleted = query.Int(4);
      commit.changes.push_back(std::move(change));
    }
  }
  return commits;
}

int64_t RevisionAt(const View& view, absl::Time time) {
  Query query(*view.connection, kRevisionAt);
  query.Bind(absl::ToUnixMicros(time));
  return query.Step() ? query.Int(0) : 0;
}

std::vector<std::string> ChangedNames(const View& view, int64_t after, int64_t upto) {
  Query query(*view.connection, kChangedNames);
  query.Bind(after).Bind(upto).Bind(static_cast<int64_t>(CommitKind::kEvaluation));
  return NamesOf(query);
}

std::optional<std::string> GetEvaluation(const View& view, absl::string_view parent,
                                         int64_t as_of) {
  Query query(*view.connection, kEvaluation);
  query.Text(parent).Bind(as_of);
  if (!query.Step()) return std::nullopt;
  return query.String(0);
}

int64_t GetCursor(const View& view, absl::string_view name) {
  Query query(*view.connection, kCursor);
  query.Text(name);
  return query.Step() ? query.Int(0) : 0;
}

absl::StatusOr<std::optional<ReadTransaction::StoredAnswer>> FindAnswer(
    const View& view, absl::string_view principal, absl::string_view method,
    absl::string_view request_id) {
  Query query(*view.connection, kAnswer);
  query.Text(principal).Text(method).Text(request_id).Bind(view.now_us);
  if (!query.Step()) return std::nullopt;
  const std::string digest = query.String(0);
  PT_ASSIGN_OR_RETURN(ReadTransaction::StoredAnswer answer, DecodeAnswer(digest, query.View(1)));
  return std::make_optional(std::move(answer));
}

}  // namespace policytrack::storage::sqlite
