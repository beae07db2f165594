// The reading half of both transactions: guards each query and remembers the
// first failure of the database, so that a body that ignores one cannot commit.
//
// Thread rule: that of store.h: the thread that runs the body.
#ifndef POLICYTRACK_STORAGE_SQLITE_VIEW_TRANSACTION_H_
#define POLICYTRACK_STORAGE_SQLITE_VIEW_TRANSACTION_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/error.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/row_check.h"
#include "storage/sqlite/series_queries.h"
#include "storage/sqlite/view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// `Base` is ReadTransaction or WriteTransaction.
template <typename Base>
class ViewTransaction : public Base {
 public:
  explicit ViewTransaction(const View& view) : view_(view) {}

  // Ok, or the first failure of the database.
  const absl::Status& failure() const { return failure_; }

  int64_t revision() const override { return view_.revision; }

  absl::StatusOr<std::optional<Document>> GetDocument(absl::string_view name,
                                                      int64_t as_of) override {
    return AskOf<std::optional<Document>>(name,
                                          [&] { return sqlite::GetDocument(view_, name, as_of); });
  }
  absl::StatusOr<std::vector<Document>> ListDocuments(absl::string_view collection,
                                                      absl::string_view after, int limit,
                                                      int64_t as_of,
                                                      bool include_deleted) override {
    return Ask<std::vector<Document>>([&] {
      return sqlite::ListDocuments(view_, collection, after, limit, as_of, include_deleted);
    });
  }
  absl::StatusOr<std::vector<Document>> ListDocumentRevisions(absl::string_view name,
                                                              int64_t before, int limit) override {
    return AskOf<std::vector<Document>>(
        name, [&] { return sqlite::ListDocumentRevisions(view_, name, before, limit); });
  }
  absl::StatusOr<std::vector<std::string>> ListReferrers(absl::string_view target,
                                                         int limit) override {
    return Ask<std::vector<std::string>>(
        [&] { return sqlite::ListReferrers(view_, target, limit); });
  }

  absl::StatusOr<std::vector<SeriesInfo>> ListSeries(absl::string_view parent,
                                                     const SeriesInfo* after, int limit) override {
    return AskOf<std::vector<SeriesInfo>>(
        parent, [&] { return sqlite::ListSeries(view_, parent, after, limit); });
  }
  absl::StatusOr<std::optional<SeriesInfo>> FindSeries(absl::string_view parent,
                                                       absl::string_view output,
                                                       absl::string_view key) override {
    return Ask<std::optional<SeriesInfo>>(
        [&] { return sqlite::FindSeries(view_, parent, output, key); });
  }
  absl::StatusOr<Columns> ReadSeries(int64_t series_id, PeriodRange range, int64_t as_of) override {
    return Ask<Columns>([&] { return sqlite::ReadSeries(view_, series_id, range, as_of); });
  }

  absl::StatusOr<std::optional<Commit>> GetCommit(int64_t revision) override {
    const std::string name = absl::StrCat("commits/", revision);
    return AskOf<std::optional<Commit>>(name, [&]() -> absl::StatusOr<std::optional<Commit>> {
      if (revision < 1 || revision > view_.revision) return std::optional<Commit>();
      std::vector<Commit> found = sqlite::ListCommits(view_, revision + 1, 1);
      if (found.empty() || found[0].revision != revision) return std::optional<Commit>();
      PT_RETURN_IF_ERROR(CheckCommit(found[0]));
      return std::move(found[0]);
    });
  }
  absl::StatusOr<std::vector<Commit>> ListCommits(int64_t before, int limit) override {
    return Ask<std::vector<Commit>>([&]() -> absl::StatusOr<std::vector<Commit>> {
      std::vector<Commit> found = sqlite::ListCommits(view_, before, limit);
      for (const Commit& commit : found) PT_RETURN_IF_ERROR(CheckCommit(commit));
      return found;
    });
  }
  absl::StatusOr<int64_t> RevisionAt(absl::Time time) override {
    return Ask<int64_t>([&] { return sqlite::RevisionAt(view_, time); });
  }
  absl::StatusOr<std::vector<std::string>> ChangedNames(int64_t after, int64_t upto) override {
    return Ask<std::vector<std::string>>([&] { return sqlite::ChangedNames(view_, after, upto); });
  }
  absl::StatusOr<std::vector<SeriesChange>> ChangedSeries(absl::string_view parent, int64_t after,
                                                          int64_t upto,
                                                          bool include_evaluations) override {
    return Ask<std::vector<SeriesChange>>(
        [&] { return sqlite::ChangedSeries(view_, parent, after, upto, include_evaluations); });
  }

  absl::StatusOr<ChangeExtent> ExtentOfChange(absl::string_view parent, int64_t revision) override {
    return Ask<ChangeExtent>([&] { return sqlite::ExtentOfChange(view_, parent, revision); });
  }

  absl::StatusOr<std::optional<std::string>> GetEvaluation(absl::string_view parent,
                                                           int64_t as_of) override {
    return AskOf<std::optional<std::string>>(
        parent, [&] { return sqlite::GetEvaluation(view_, parent, as_of); });
  }
  absl::StatusOr<int64_t> GetCursor(absl::string_view name) override {
    return Ask<int64_t>([&] { return sqlite::GetCursor(view_, name); });
  }
  absl::StatusOr<std::optional<ReadTransaction::StoredAnswer>> FindAnswer(
      absl::string_view principal, absl::string_view method,
      absl::string_view request_id) override {
    return Ask<std::optional<ReadTransaction::StoredAnswer>>(
        [&] { return sqlite::FindAnswer(view_, principal, method, request_id); });
  }

 protected:
  const View& view() const { return view_; }

  void Remember(const absl::Status& status) {
    if (failure_.ok()) failure_ = status;
  }

 private:
  template <typename T, typename Body>
  absl::StatusOr<T> Ask(Body&& body) {
    absl::StatusOr<T> answer = Guard([&]() -> absl::StatusOr<T> { return body(); });
    if (!answer.ok()) Remember(answer.status());
    return answer;
  }
  // The same for a question about one resource.
  template <typename T, typename Body>
  absl::StatusOr<T> AskOf(absl::string_view resource, Body&& body) {
    absl::StatusOr<T> answer = Ask<T>(std::forward<Body>(body));
    if (!answer.ok()) return NameDamage(answer.status(), resource);
    return answer;
  }

  const View view_;
  absl::Status failure_;
};

using ViewReadTransaction = ViewTransaction<ReadTransaction>;

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_VIEW_TRANSACTION_H_
