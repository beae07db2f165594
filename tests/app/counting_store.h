// A store that counts what is read of series, for tests of how much work grows.
//
// Thread rule: as Store; counts are for one reader at a time.
#ifndef POLICYTRACK_TESTS_APP_COUNTING_STORE_H_
#define POLICYTRACK_TESTS_APP_COUNTING_STORE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace policytrack::app {

struct ReadCounts {
  int64_t series = 0;    // series read
  int64_t points = 0;    // points in them
  int64_t found = 0;     // series looked up by key
  int64_t listings = 0;  // pages of series listed
};

class CountingTransaction : public storage::ReadTransaction {
 public:
  CountingTransaction(storage::ReadTransaction* real, ReadCounts* counts)
      : real_(real), counts_(counts) {}

  int64_t revision() const override { return real_->revision(); }
  absl::StatusOr<std::optional<storage::Document>> GetDocument(absl::string_view name,
                                                               int64_t as_of) override {
    return real_->GetDocument(name, as_of);
  }
  absl::StatusOr<std::vector<storage::Document>> ListDocuments(absl::string_view collection,
                                                               absl::string_view after, int limit,
                                                               int64_t as_of,
                                                               bool include_deleted) override {
    return real_->ListDocuments(collection, after, limit, as_of, include_deleted);
  }
  absl::StatusOr<std::vector<storage::Document>> ListDocumentRevisions(absl::string_view name,
                                                                       int64_t before,
                                                                       int limit) override {
    return real_->ListDocumentRevisions(name, before, limit);
  }
  absl::StatusOr<std::vector<std::string>> ListReferrers(absl::string_view target,
                                                         int limit) override {
    return real_->ListReferrers(target, limit);
  }
  absl::StatusOr<std::vector<storage::SeriesInfo>> ListSeries(absl::string_view parent,
                                                              const storage::SeriesInfo* after,
                                                              int limit) override {
    ++counts_->listings;
    return real_->ListSeries(parent, after, limit);
  }
  absl::StatusOr<std::optional<storage::SeriesInfo>> FindSeries(absl::string_view parent,
                                                                absl::string_view output,
                                                                absl::string_view key) override {
    ++counts_->found;
    return real_->FindSeries(parent, output, key);
  }
  absl::StatusOr<Columns> ReadSeries(int64_t series_id, PeriodRange range, int64_t as_of) override {
    absl::StatusOr<Columns> columns = real_->ReadSeries(series_id, range, as_of);
    ++counts_->series;
    if (columns.ok()) counts_->points += static_cast<int64_t>(columns->size());
    return columns;
  }
  absl::StatusOr<std::optional<storage::Commit>> GetCommit(int64_t revision) override {
    return real_->GetCommit(revision);
  }
  absl::StatusOr<std::vector<storage::Commit>> ListCommits(int64_t before, int limit) override {
    return real_->ListCommits(before, limit);
  }
  absl::StatusOr<int64_t> RevisionAt(absl::Time time) override { return real_->RevisionAt(time); }
  absl::StatusOr<std::vector<std::string>> ChangedNames(int64_t after, int64_t upto) override {
    return real_->ChangedNames(after, upto);
  }
  absl::StatusOr<std::vector<storage::SeriesChange>> ChangedSeries(
      absl::string_view parent, int64_t after, int64_t upto, bool include_evaluations) override {
    return real_->ChangedSeries(parent, after, upto, include_evaluations);
  }
  absl::StatusOr<storage::ChangeExtent> ExtentOfChange(absl::string_view parent,
                                                       int64_t revision) override {
    return real_->ExtentOfChange(parent, revision);
  }
  absl::StatusOr<std::optional<std::string>> GetEvaluation(absl::string_view parent,
                                                           int64_t as_of) override {
    return real_->GetEvaluation(parent, as_of);
  }
  absl::StatusOr<int64_t> GetCursor(absl::string_view name) override {
    return real_->GetCursor(name);
  }
  absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view principal,
                                                         absl::string_view method,
                                                         absl::string_view request_id) override {
    return real_->FindAnswer(principal, method, request_id);
  }

 private:
  storage::ReadTransaction* const real_;
  ReadCounts* const counts_;
};

class CountingStore : public storage::Store {
 public:
  explicit CountingStore(storage::Store* real) : real_(real) {}

  // What has been read since it was asked the last time.
  ReadCounts Take() { return std::exchange(counts_, ReadCounts()); }

  absl::Status Read(const ReadBody& body) override {
    return real_->Read([&](storage::ReadTransaction& tx) {
      CountingTransaction counting(&tx, &counts_);
      return body(counting);
    });
  }
  void WriteAsync(storage::WriteOptions options, WriteBody body, WriteDone done) override {
    real_->WriteAsync(std::move(options), std::move(body), std::move(done));
  }
  int AddListener(std::function<void(int64_t)> listener) override {
    return real_->AddListener(std::move(listener));
  }
  void RemoveListener(int id) override { real_->RemoveListener(id); }
  int64_t revision() const override { return real_->revision(); }
  absl::StatusOr<storage::StoreState> CopyTo(const std::string& file,
                                             const Progress& progress) override {
    return real_->CopyTo(file, progress);
  }
  absl::StatusOr<storage::VerifyReport> VerifyAll(const Progress& progress) override {
    return real_->VerifyAll(progress);
  }
  void Stop() override { real_->Stop(); }

 private:
  storage::Store* const real_;
  ReadCounts counts_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_COUNTING_STORE_H_
