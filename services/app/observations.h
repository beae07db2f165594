// Reading observations: rows and columns of datasets, indicators and targets,
// now or as of a point in history, page by page.
//
// Thread rule: safe from any thread; calls block while they wait for
// evaluation.
#ifndef POLICYTRACK_SERVICES_APP_OBSERVATIONS_H_
#define POLICYTRACK_SERVICES_APP_OBSERVATIONS_H_

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

 private:
  storage::Store* const store_;
  plugins::Engine* const engine_;
  Evaluator* const evaluator_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_OBSERVATIONS_H_
