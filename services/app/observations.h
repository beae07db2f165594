// Reading observations: rows and columns of datasets, indicators and targets,
// now or as of a point in history, page by page.
//
// Thread rule: safe from any thread; calls block while they wait for
// evaluation.
#ifndef POLICYTRACK_SERVICES_APP_OBSERVATIONS_H_
#define POLICYTRACK_SERVICES_APP_OBSERVATIONS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/observation_service.pb.h"
#include "services/app/evaluator.h"
#include "storage/store.h"

namespace policytrack::app {

class Observations {
 public:
  // None of the pointers is owned; all must outlive this. `clock` bounds waits.
  Observations(storage::Store* store, plugins::Engine* engine, Evaluator* evaluator)
      : store_(store), engine_(engine), evaluator_(evaluator) {}

  // The errors are those that ObservationService documents.
  absl::StatusOr<v1::ListObservationsResponse> List(const v1::ListObservationsRequest& request);
  absl::StatusOr<v1::ReadSeriesResponse> Read(const v1::ReadSeriesRequest& request);
  // The answer of Read where it takes no more than to look one series up in the
  // present of a dataset; nullopt, and little was done, where it takes more.
  std::optional<absl::StatusOr<v1::ReadSeriesResponse>> ReadIfLookup(
      const v1::ReadSeriesRequest& request);

 private:
  // Sets `*declined` and reads nothing when `only_lookup` and it takes more.
  absl::StatusOr<v1::ReadSeriesResponse> ReadColumns(const v1::ReadSeriesRequest& request,
                                                     bool only_lookup, bool* declined);

  storage::Store* const store_;
  plugins::Engine* const engine_;
  Evaluator* const evaluator_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_OBSERVATIONS_H_
