// A write in progress on the writer's connection, inside its transaction.
//
// Thread rule: the writer thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_WRITE_TRANSACTION_H_
#define POLICYTRACK_STORAGE_SQLITE_WRITE_TRANSACTION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/commit_digest.h"
#include "storage/sqlite/series_writer.h"
#include "storage/sqlite/view_transaction.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

class SqliteWriteTransaction final : public ViewTransaction<WriteTransaction> {
 public:
  // `now_us` is the clock's time; `second` is idle, and again when this ends.
  SqliteWriteTransaction(Connection* connection, const Head& head, int64_t now_us,
                         SecondThread* second);

  int64_t next_revision() const override { return view().revision + 1; }
  absl::Time time() const override { return absl::FromUnixMicros(time_us_); }

  absl::Status PutDocument(absl::string_view name, absl::string_view body, bool deleted,
                           const std::vector<std::string>& references) override;
  absl::StatusOr<WriteCounts> WriteSeries(absl::string_view parent,
                                          const std::vector<SeriesWrite>& writes) override;
  absl::StatusOr<int64_t> DeleteAllSeries(absl::string_view parent) override;
  absl::Status PutEvaluation(absl::string_view parent, absl::string_view body) override;
  absl::Status SetCursor(absl::string_view name, int64_t value) override;
  absl::Status PutAnswer(absl::string_view principal, absl::string_view method,
                         absl::string_view request_id, const StoredAnswer& answer,
                         absl::Time expire) override;
  absl::StatusOr<int64_t> DropExpiredAnswers(int limit) override;

  // Whether there is something to commit.
  bool changed() const;
  // Points changed, for limiting a group.
  int64_t points() const { return series_.points(); }
  // Writes the commit and what it changed; gives the new head.
  // Returns the errors of a database that fails.
  absl::StatusOr<Head> Finish(const WriteOptions& options);

 private:
  enum class DocumentBefore { kAbsent, kPresent };
  struct DocumentChange {
    DocumentBefore before = DocumentBefore::kAbsent;
    bool deleted = false;
  };

  // Runs what writes; its failure is remembered.
  template <typename Body>
  absl::Status Do(Body&& body);
  absl::StatusOr<WriteCounts> WriteAll(absl::string_view parent,
                                       const std::vector<SeriesWrite>& writes);
  void InsertCommit(const Commit& commit);
  void InsertChanges(const SeriesWriter::Changes& changes);

  Connection& connection_;
  const std::string previous_chain_;
  const int64_t time_us_;
  SeriesWriter series_;
  ContentDigest content_;
  std::map<std::string, DocumentChange> documents_;
  bool evaluated_ = false;
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_WRITE_TRANSACTION_H_
