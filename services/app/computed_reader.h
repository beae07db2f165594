// Reading what was computed: outputs of indicators and targets, now or as of a
// revision. Where no stored evaluation stands for the revision asked, the same
// pure function computes the answer from the inputs as of it.
//
// Thread rule: belongs to the thread of its transaction and must not outlive it.
#ifndef POLICYTRACK_SERVICES_APP_COMPUTED_READER_H_
#define POLICYTRACK_SERVICES_APP_COMPUTED_READER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"
#include "plugins/engine.h"
#include "policytrack/v1/indicator.pb.h"
#include "services/app/calculation.h"
#include "services/app/compute.h"
#include "services/app/figures.h"
#include "services/app/resolve.h"
#include "services/app/shown_units.h"
#include "storage/store.h"

namespace policytrack::app {

// The cursor of the evaluator: the revision that all stored outputs stand for.
inline constexpr char kEvaluatedCursor[] = "evaluated";

struct ComputedSeries {
  std::string output;
  std::vector<std::string> group_values;  // in the order of dimension_ids
  Columns columns;                        // a revision is 0 where the point was computed on demand
};

// What all outputs of a parent have in common.
struct ComputedHeader {
  v1::Evaluation evaluation;
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  std::vector<std::string> dimension_ids;
  bool on_demand = false;
};

struct ComputedView : ComputedHeader {
  std::vector<ComputedSeries> series;  // by (output, key); none without points
};

// The outputs of `indicators/x` or `measures/x/targets/y` in a range. With
// kPresent they are what is stored, which evaluation may not have brought up to
// the last commit yet; with a revision they are exactly those of its inputs.
// When a definition cannot be evaluated, the last good points are given and the
// evaluation says why they are stale.
// Returns NOT_FOUND / RESOURCE_NOT_FOUND when the parent did not exist then,
// INVALID_ARGUMENT / NAME_INVALID for another name, and what the store returns.
absl::StatusOr<ComputedView> ReadComputed(storage::ReadTransaction& tx, plugins::Engine& engine,
                                          absl::string_view parent, int64_t as_of,
                                          PeriodRange range);

// Datasets and computed outputs alike, by the rules of ReadComputed.
class HistoryFigures final : public Figures {
 public:
  // Nothing is owned; all must outlive this.
  HistoryFigures(storage::ReadTransaction* tx, plugins::Engine* engine, int64_t as_of);

  absl::StatusOr<std::vector<std::string>> Keys(const std::string& source,
                                                const std::string& output) override;
  absl::StatusOr<Columns> Read(const std::string& source, const std::string& output,
                               const std::string& key, PeriodRange range) override;

  // How the outputs of an indicator or a target came about.
  absl::StatusOr<const v1::Evaluation*> EvaluationOf(const std::string& parent);
  absl::StatusOr<ComputedHeader> HeaderOf(const std::string& parent);
  // Every (output, key) of it that may have points, in that order; only those of one
  // key where it is given, without a look at the others.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> SeriesOf(
      const std::string& parent, const std::optional<std::string>& only_key = std::nullopt);
  // What its outputs are in. Not known where the last evaluation failed, since the
  // points that stand may be those of another definition.
  absl::StatusOr<KeptUnits> UnitsOf(const std::string& parent);
  absl::StatusOr<bool> IsOnDemand(const std::string& parent);
  // Its definition as of the revision, without an instance.
  absl::StatusOr<Calculation> Resolve(const std::string& parent);

  storage::ReadTransaction& tx() { return *tx_; }
  Resolver& resolver() { return resolver_; }
  plugins::Engine& engine() { return *engine_; }
  int64_t as_of() const { return as_of_; }

 private:
  struct State {
    v1::Evaluation evaluation;
    std::optional<ComputedOutputs> computed;  // set when computed on demand
  };

  absl::StatusOr<const State*> Open(const std::string& parent);
  // Whether the stored outputs of a parent are those of the inputs as of as_of_.
  absl::StatusOr<bool> Stands(const std::string& parent,
                              const std::optional<v1::Evaluation>& record);
  absl::StatusOr<bool> TouchedAfter(const std::string& name, int64_t base);
  // Says so when the plugin of a stored result cannot be used at present.
  void NoteInactivePlugin(const std::string& plugin, v1::Evaluation* record) const;

  storage::ReadTransaction* const tx_;
  plugins::Engine* const engine_;
  const int64_t as_of_;
  const bool at_present_;
  StoreFigures stored_;
  Resolver resolver_;
  std::map<std::string, State> states_;
  std::map<std::pair<std::string, int64_t>, bool> touched_;
};

// What goes into the record of an evaluation that failed with this error.
void SetFailure(const absl::Status& status, v1::Evaluation* record);
// Whether an error is that of the store and not of a definition or a plugin.
bool IsStoreError(const absl::Status& status);
// FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE, saying why, when the build that a reference
// asks for cannot be used.
absl::Status CheckPluginActive(const plugins::Engine& engine, const std::string& reference);
// The same for the reference of an assessment.
std::string ReferenceOf(const v1::Assessment& assessment);
// The reference to the plugin of an indicator or a target as of a revision.
// Returns NOT_FOUND / RESOURCE_NOT_FOUND when the parent did not exist then.
absl::StatusOr<std::string> PluginOf(storage::ReadTransaction& tx, const std::string& parent,
                                     int64_t as_of);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_COMPUTED_READER_H_
