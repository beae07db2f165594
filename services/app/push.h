// A push: one client stream of rows and columns, gathered per series as it
// comes and written as one commit at half-close, all of it or nothing.
//
// Thread rule: a Push belongs to one stream; one call at a time. Finish answers
// from the writer thread of the store.
#ifndef POLICYTRACK_SERVICES_APP_PUSH_H_
#define POLICYTRACK_SERVICES_APP_PUSH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/observation_service.pb.h"
#include "services/app/push_budget.h"
#include "services/app/push_stats.h"
#include "services/app/request_log.h"
#include "storage/store.h"

namespace policytrack::app {

struct PushLimits {
  // What one push may hold in memory, in bytes. A point takes 26 to 39, a series
  // about 400 more.
  int64_t max_bytes = int64_t{256} << 20;
  // What all pushes on their way may hold together.
  int64_t max_total_bytes = int64_t{1} << 30;
  // How long the answer of a push with a request_id is kept.
  Retention retention;
};

class Push {
 public:
  using Done = std::function<void(absl::StatusOr<v1::PushObservationsResponse>)>;

  // Neither store nor budget nor stats are owned; all must outlive this and the
  // answer. `stats` may be null.
  Push(storage::Store* store, PushBudget* budget, const PushLimits& limits, std::string principal,
       PushStats* stats = nullptr);
  ~Push();

  // Takes in one message. A status that is not ok ends the stream: the message
  // around the rows is bad, the dataset does not exist (unless partial success
  // was asked for), the push is too large, or all pushes together are: UNAVAILABLE
  // / STORE_BUSY. Bad rows are counted and reported at the end.
  absl::Status Add(const v1::PushObservationsRequest& message);

  // Half-close: checks what only the whole can show, writes, and answers.
  // Answers INVALID_ARGUMENT / ROWS_INVALID when rows were refused and partial
  // success was not asked for.
  void Finish(Done done);
  // Gives back what it holds of the budget before it is destroyed, for one that is
  // given up. Nothing may be added after.
  void Drop();

  // Gathered by series; public for the helpers of the implementation only.
  struct Series;
  struct DatasetRows;
  struct Gathered;

 private:
  absl::Status TakeOptions(const v1::PushOptions& options);
  absl::Status TakeDataset(const std::string& name);
  void AddRow(const v1::Observation& row);
  absl::Status AddColumns(const v1::ObservationColumns& block, const std::string& field);
  // The series of the key in the present dataset, with room for more points.
  Series& SeriesFor(const std::string& key, size_t more);
  absl::Status CheckSize();
  // Refuses a row: counted, and kept when it is one of the first.
  void Reject(int64_t row, const char* reason, std::string field, std::string message);
  void RejectWith(int64_t row, const absl::Status& status);
  absl::Status RowsInvalid() const;

  storage::Store* const store_;
  const PushLimits limits_;
  const std::string principal_;
  PushStats* const stats_;

  bool first_ = true;
  v1::PushOptions options_;
  std::unique_ptr<Gathered> gathered_;
  DatasetRows* current_ = nullptr;  // null when the dataset named does not exist
  std::string current_name_;
  int64_t next_row_ = 0;
  int64_t rejected_ = 0;
  std::vector<v1::RowError> row_errors_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PUSH_H_
