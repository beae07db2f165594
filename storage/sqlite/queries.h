// The queries of ReadTransaction over documents, commits and the small tables;
// store.h says what each answers. They throw SQLite::Exception; callers guard.
//
// Thread rule: that of the view's connection.
#ifndef POLICYTRACK_STORAGE_SQLITE_QUERIES_H_
#define POLICYTRACK_STORAGE_SQLITE_QUERIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sqlite/view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// The last commit in the transaction of this connection.
Head ReadHead(Connection& connection);
// Its revision alone; 0 in an empty database.
int64_t ReadRevision(Connection& connection);

std::optional<Document> GetDocument(const View& view, absl::string_view name, int64_t as_of);
std::vector<Document> ListDocuments(const View& view, absl::string_view collection,
                                    absl::string_view after, int limit, int64_t as_of,
                                    bool include_deleted);
std::vector<Document> ListDocumentRevisions(const View& view, absl::string_view name,
                                            int64_t before, int limit);
std::vector<std::string> ListReferrers(const View& view, absl::string_view target, int limit);

std::vector<Commit> ListCommits(const View& view, int64_t before, int limit);
int64_t RevisionAt(const View& view, absl::Time time);
std::vector<std::string> ChangedNames(const View& view, int64_t after, int64_t upto);

std::optional<std::string> GetEvaluation(const View& view, absl::string_view parent, int64_t as_of);
int64_t GetCursor(const View& view, absl::string_view name);
absl::StatusOr<std::optional<ReadTransaction::StoredAnswer>> FindAnswer(
    const View& view, absl::string_view principal, absl::string_view method,
    absl::string_view request_id);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_QUERIES_H_
