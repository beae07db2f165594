// Explaining a judgement: every step from the assessment back to the datasets,
// with vintages, sources, plugins and parameters, and the same in sentences.
//
// Thread rule: safe from any thread; calls block while they wait for evaluation.
#ifndef POLICYTRACK_SERVICES_APP_EXPLAIN_H_
#define POLICYTRACK_SERVICES_APP_EXPLAIN_H_

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/progress_service.pb.h"
#include "services/app/evaluator.h"
#include "storage/store.h"

namespace policytrack::app {

class Explainer {
 public:
  // None of the pointers is owned; all must outlive this.
  Explainer(storage::Store* store, plugins::Engine* engine, Evaluator* evaluator)
      : store_(store), engine_(engine), evaluator_(evaluator) {}

  // The errors are those that ProgressService documents.
  absl::StatusOr<v1::ExplainProgressResponse> ExplainProgress(
      const v1::ExplainProgressRequest& request);

 private:
  storage::Store* const store_;
  plugins::Engine* const engine_;
  Evaluator* const evaluator_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EXPLAIN_H_
