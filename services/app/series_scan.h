// A walk over the series of a parent in order of (output, key), from where a
// page token says, whatever the parent is: the store streams the series of a
// dataset, the series of indicators and targets come from their evaluation.
//
// Thread rule: lives inside one read transaction.
#ifndef POLICYTRACK_SERVICES_APP_SERIES_SCAN_H_
#define POLICYTRACK_SERVICES_APP_SERIES_SCAN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/columns.h"
#include "core/filter.h"
#include "plugins/engine.h"
#include "policytrack/v1/common.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "services/app/computed_reader.h"
#include "services/app/shown_units.h"
#include "storage/store.h"

namespace policytrack::app {

// What all series of a parent have in common.
struct ParentInfo {
  std::string name;
  bool computed = false;
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  std::vector<std::string> dimension_ids;
  v1::Evaluation evaluation;  // computed only
  KeptUnits units;
};

// One series of the walk.
struct ScannedSeries {
  std::string output;
  std::string key;
  std::vector<std::string> values;  // of the dimensions
};

class SeriesScan {
 public:
  // Checks the parent's name and finds it as of a revision (kPresent for now).
  // Returns INVALID_ARGUMENT / NAME_INVALID or FIELD_REQUIRED, and NOT_FOUND /
  // RESOURCE_NOT_FOUND when the parent did not exist then.
  static absl::StatusOr<SeriesScan> Open(storage::ReadTransaction& tx, plugins::Engine& engine,
                                         const std::string& parent, int64_t as_of);

  SeriesScan(SeriesScan&&) = default;

  const ParentInfo& parent() const { return info_; }

  // Leaves out what a filter on the map `dimensions` cannot match. Where it says
  // the value of every dimension, the one series is looked up and no other is
  // walked. Those that are visited must still be asked to match.
  void Narrow(const Filter& filter);
  // Whether a walk would look one series up.
  bool is_lookup() const { return !info_.computed && OnlyKey().has_value(); }

  // Calls `visit` for every series from (output, key) on, inclusive, with a
  // function that reads its points in a range. `visit` returns false to stop.
  using Reader = std::function<absl::StatusOr<Columns>(PeriodRange)>;
  using Visit = std::function<absl::StatusOr<bool>(const ScannedSeries&, const Reader&)>;
  absl::Status Walk(const std::string& output, const std::string& key, const Visit& visit);

 private:
  SeriesScan(storage::ReadTransaction& tx, int64_t as_of) : tx_(&tx), as_of_(as_of) {}
  absl::Status WalkStored(const std::string& output, const std::string& key, const Visit& visit);
  absl::Status WalkComputed(const std::string& output, const std::string& key, const Visit& visit);
  // The key that alone is left; nullopt when more than one may be.
  std::optional<std::string> OnlyKey() const;
  bool IsLeft(const std::vector<std::string>& values) const;

  storage::ReadTransaction* tx_;
  int64_t as_of_;
  ParentInfo info_;
  // The only value of each dimension that is left, where there is only one.
  std::vector<std::optional<std::string>> required_;
  std::unique_ptr<HistoryFigures> figures_;  // computed only
};

// Ok when `parent` names something that has observations.
absl::Status CheckObservationParent(const std::string& parent);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_SERIES_SCAN_H_
