// How far measures and plans have come: views of the judgements of their
// targets, as of a revision. Nothing is stored. An answer for the present is
// exact for the revision that it names: what evaluation has not brought up to
// date yet is computed on demand.
//
// Thread rule: safe from any thread; calls block while they wait for evaluation.
#ifndef POLICYTRACK_SERVICES_APP_PROGRESS_H_
#define POLICYTRACK_SERVICES_APP_PROGRESS_H_

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "core/clock.h"
#include "plugins/engine.h"
#include "policytrack/v1/progress_service.pb.h"
#include "services/app/evaluator.h"
#include "storage/store.h"

namespace policytrack::app {

class ProgressReader {
 public:
  // None of the pointers is owned; all must outlive this. `clock` gives the day
  // that milestones are held against, in UTC.
  ProgressReader(storage::Store* store, plugins::Engine* engine, Evaluator* evaluator, Clock* clock)
      : store_(store), engine_(engine), evaluator_(evaluator), clock_(clock) {}

  // The errors are those that ProgressService documents.
  absl::StatusOr<v1::MeasureProgress> GetMeasureProgress(
      const v1::GetMeasureProgressRequest& request);
  absl::StatusOr<v1::PlanProgress> GetPlanProgress(const v1::GetPlanProgressRequest& request);

 private:
  absl::CivilDay Today() const;

  storage::Store* const store_;
  plugins::Engine* const engine_;
  Evaluator* const evaluator_;
  Clock* const clock_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PROGRESS_H_
