// What a push has gathered: per dataset and series, the points as they came.
// Turned at half-close into what the store writes.
//
// Thread rule: belongs to its Push.
#ifndef POLICYTRACK_SERVICES_APP_PUSH_GATHER_H_
#define POLICYTRACK_SERVICES_APP_PUSH_GATHER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "google/protobuf/map.h"
#include "policytrack/v1/dataset.pb.h"
#include "services/app/push.h"
#include "storage/store.h"

namespace policytrack::app {

// A deletion travels as a flag that no stored point has.
inline constexpr Flags kDeletion = 0x0080;

// The points of one series as parallel columns, in the order in which they came.
struct Push::Series {
  std::vector<int64_t> periods;
  std::vector<double> values;
  std::vector<Flags> flags;
  std::vector<int64_t> rows;

  // What the columns take.
  size_t bytes() const;
  // Makes room for more points; by half as much again, where doubling would let
  // a push take twice what it holds.
  void Reserve(size_t more);
  void Append(int64_t period, double value, Flags f, int64_t row);
};

// The rows of one dataset.
struct Push::DatasetRows {
  explicit DatasetRows(v1::Dataset d);

  v1::Dataset definition;
  absl::flat_hash_map<std::string, size_t> positions;                // of dimension ids
  std::vector<std::set<std::string>> allowed;                        // empty set: any value
  absl::flat_hash_map<std::string, std::unique_ptr<Series>> series;  // by dimension key

  // The series key for the dimension values of a row or block.
  // Returns INVALID_ARGUMENT / FIELD_REQUIRED or FIELD_INVALID with field
  // `dimensions.x`; of several bad ones the first by id.
  absl::StatusOr<std::string> KeyOf(
      const google::protobuf::Map<std::string, std::string>& dimensions) const;
  // Ok when the dataset can have a value for the period. REQUIRES: it is valid.
  absl::Status CheckPeriod(int64_t period) const;
  // Ok when the value is finite and in the allowed range.
  absl::Status CheckValue(double value) const;

 private:
  // Puts a value of a dimension in its place.
  absl::Status ReadValue(const std::string& id, const std::string& value,
                         std::vector<std::string>* values) const;
};

// A point that a later row of the same push contradicts.
struct Contradiction {
  int64_t row = 0;
  int64_t earlier_row = 0;
  int64_t period = 0;
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
};

struct Push::Gathered {
  explicit Gathered(PushBudget* budget) : share(budget) {}

  std::map<std::string, std::unique_ptr<DatasetRows>> datasets;
  size_t bytes = 0;         // what all of it takes
  PushBudget::Share share;  // at least as much

  // Sorts every series by period and row; equal repetitions are dropped and
  // counted in `repeated`, contradicting rows dropped and reported.
  void Settle(int64_t* repeated, const std::function<void(const Contradiction&)>& contradicted);
  // SHA-256 over the rows in canonical order. REQUIRES: settled.
  std::string CanonicalDigest() const;
  // One write a series, by key; takes the points out of `rows`. REQUIRES: settled.
  static std::vector<storage::SeriesWrite> TakeWrites(DatasetRows* rows);
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PUSH_GATHER_H_
