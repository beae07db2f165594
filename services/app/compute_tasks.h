// The computing of many groups of one definition: read in batches, each computed and
// compared with what is stored while the next is read.
//
// Thread rule: of one evaluator; it takes a second thread while there are batches.
#ifndef POLICYTRACK_SERVICES_APP_COMPUTE_TASKS_H_
#define POLICYTRACK_SERVICES_APP_COMPUTE_TASKS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/digest.h"
#include "core/second_thread.h"
#include "services/app/figures.h"
#include "services/app/groups.h"
#include "services/app/resolve.h"
#include "storage/store.h"

namespace policytrack::app {

struct ComputeTask {
  Group group;
  PeriodRange outputs;  // what is wanted
  PeriodRange inputs;   // what that rests on
};

// What it is computed from. Nothing is owned.
struct ComputeSources {
  storage::Store* store = nullptr;
  int64_t revision = 0;
  // What was computed of others and is not stored yet.
  const std::map<std::string, ParentPatch>* patches = nullptr;
  // Not ok when the work is to be left; asked before each batch.
  std::function<absl::Status()> check_stopping;
  // Idle between calls.
  SecondThread* second = nullptr;
};

// Puts what differs from what is stored into `patch`, and what was read into `digest`,
// in the order of the tasks. Returns the first error in that order: of the store, of
// the plugin, or of `check_stopping`.
absl::Status ComputeTasks(const Calculation& calculation, const std::vector<ComputeTask>& tasks,
                          const ComputeSources& sources, Digest* digest, ParentPatch* patch);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_COMPUTE_TASKS_H_
