// One pass of evaluation: from the commits after a revision to the points and
// records that differ as of another. It reads, computes with no transaction
// open, and leaves the writing to the evaluator.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_SERVICES_APP_EVALUATION_PASS_H_
#define POLICYTRACK_SERVICES_APP_EVALUATION_PASS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/log.h"
#include "core/second_thread.h"
#include "plugins/engine.h"
#include "policytrack/v1/indicator.pb.h"
#include "services/app/auditor.h"
#include "services/app/calculation.h"
#include "services/app/compute.h"
#include "services/app/definition_graph.h"
#include "services/app/evaluation_work.h"
#include "services/app/figures.h"
#include "services/app/groups.h"
#include "storage/store.h"

namespace policytrack::app {

class EvaluationPass {
 public:
  // What is to be written.
  struct Outcome {
    int64_t input_revision = 0;
    std::map<std::string, ParentPatch> patches;     // by parent
    std::map<std::string, v1::Evaluation> records;  // by parent; without revision
    std::set<std::string> removed;                  // parents that are no more
    std::vector<AuditFinding> findings;
    // How many could not be evaluated, by plugin and reason; those that failed in
    // the same way before are among them.
    std::map<std::pair<std::string, std::string>, int64_t> failures;
    bool empty() const { return patches.empty() && records.empty() && removed.empty(); }
  };

  // Nothing is owned; all must outlive this. `check_all` also looks for
  // definitions that were never evaluated, failed, or were evaluated by another
  // build of their plugin. `auditor` chooses what is computed twice; `second` takes a
  // half of the computing and is idle between calls.
  EvaluationPass(storage::Store* store, plugins::Engine* engine, DefinitionGraph* graph,
                 const Log* log, const std::atomic<bool>* stopping, bool check_all, Auditor auditor,
                 SecondThread* second)
      : store_(store),
        engine_(engine),
        graph_(graph),
        log_(log),
        stopping_(stopping),
        check_all_(check_all),
        auditor_(auditor),
        second_(second) {}

  // Evaluates what commits after `after` touched, as of the present revision.
  // A definition that cannot be evaluated gets a record that says why and stops
  // no other; so does one whose figures are damaged. Returns UNAVAILABLE /
  // STORE_BUSY when the store cannot be read now, INTERNAL when it fails, and
  // UNAVAILABLE / SERVER_STOPPING soon after `stopping` is set.
  absl::Status Run(int64_t after);

  // The pass is at its end.
  Outcome TakeOutcome() { return std::move(outcome_); }
  // That what the commits touched feeds no definition: nothing was looked at.
  bool concerned_nothing() const { return order_.empty() && outcome_.empty(); }

 private:
  absl::Status CheckStopping() const;
  absl::Status FindTouched(storage::ReadTransaction& tx);
  absl::Status Evaluate(const GraphNode& node);
  absl::Status Recompute(const GraphNode& node, const std::optional<v1::Evaluation>& before);
  // The groups of the work that is not whole, in its order.
  absl::StatusOr<std::vector<Group>> GroupsOf(const Calculation& calculation, const Work& work);
  absl::StatusOr<ParentPatch> ComputeWork(const Calculation& calculation, const Work& work,
                                          std::string* input_digest);
  // Computes work that is not whole a second time, whole, and compares. What differs
  // goes into the findings and the record, and the second result into `patch`.
  absl::Status Audit(const Calculation& calculation, ParentPatch* patch, v1::Evaluation* record);
  bool IsTouched(const std::string& source) const;

  storage::Store* const store_;
  plugins::Engine* const engine_;
  DefinitionGraph* const graph_;
  const Log* const log_;
  const std::atomic<bool>* const stopping_;
  const bool check_all_;
  const Auditor auditor_;
  SecondThread* const second_;

  int64_t after_ = 0;
  int64_t upto_ = 0;
  std::set<std::string> whole_;    // parents, and datasets whose definition changed
  std::set<std::string> touched_;  // datasets whose figures changed
  std::vector<std::string> order_;
  Outcome outcome_;
};

// The record of a parent as of the present; nullopt when there is none.
absl::StatusOr<std::optional<v1::Evaluation>> PresentRecord(storage::ReadTransaction& tx,
                                                            const std::string& parent);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EVALUATION_PASS_H_
