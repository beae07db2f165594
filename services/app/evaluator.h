// The evaluator follows the commits of the store from a durable cursor and
// keeps the outputs of all indicators and targets up to date. Each pass is one
// commit of kind EVALUATION that names its input revision and writes only what
// differs; the cursor moves in the same write, so a crash at any instruction
// repeats or has finished a pass. Commits that concern no definition move the
// cursor in memory alone: to pass them again after a crash changes nothing.
// Start here, then evaluation_pass.h.
//
// Thread rule: safe from any thread. Start() owns one thread; Stop() joins it
// and must be called before the store or the engine goes.
#ifndef POLICYTRACK_SERVICES_APP_EVALUATOR_H_
#define POLICYTRACK_SERVICES_APP_EVALUATOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/log.h"
#include "core/second_thread.h"
#include "plugins/engine.h"
#include "services/app/auditor.h"
#include "services/app/definition_graph.h"
#include "services/app/evaluation_pass.h"
#include "storage/store.h"

namespace policytrack::app {

class Evaluator {
 public:
  // No pointer is owned; all must outlive this. `log` is called from whichever
  // thread evaluates. `auditor` chooses which evaluations are computed twice.
  Evaluator(storage::Store* store, plugins::Engine* engine, Log log, Auditor auditor = Auditor());
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // Starts following the store. To be called once.
  void Start();
  // Instead of Start, over a store that nobody writes: how far it was evaluated is
  // known, and nothing more comes. Returns the errors of Read.
  absl::Status Freeze();
  // Finishes the pass that runs and joins the thread. Again is harmless.
  void Stop();

  // One pass up to the present revision. False when there was nothing to do.
  // Returns UNAVAILABLE / STORE_BUSY, STORE_FULL or SERVER_STOPPING when the
  // store would not, and INTERNAL when it is damaged; the cursor stays then.
  absl::StatusOr<bool> EvaluateOnce();

  // Makes the next pass look at every definition again, as the first one after
  // a start does: for when plugins were changed.
  void RecheckAll();

  // Whom to tell, from whichever thread evaluates, when an audit found a plugin
  // inconsistent. To be set before Start.
  void OnInconsistent(std::function<void()> told) { inconsistent_ = std::move(told); }

  // The revision that all outputs stand for.
  int64_t evaluated_revision() const;

  // For those who operate it.
  struct Stats {
    int64_t lag_revisions = 0;
    // How long the oldest commit that has not been evaluated waits, at most; in
    // real time, whatever clock commits are dated with.
    absl::Duration lag;
    int64_t passes = 0;
    // Since the start, by plugin and reason.
    std::map<std::pair<std::string, std::string>, int64_t> failures;
  };
  Stats stats() const;

  // Waits until evaluation has passed a revision.
  // Returns DEADLINE_EXCEEDED / EVALUATION_BEHIND when it has not by then, and
  // UNAVAILABLE / SERVER_STOPPING when it is stopped meanwhile.
  absl::Status WaitFor(int64_t revision, absl::Time deadline);

 private:
  void Follow();
  absl::Status LoadCursor() ABSL_EXCLUSIVE_LOCKS_REQUIRED(pass_mutex_);

  storage::Store* const store_;
  plugins::Engine* const engine_;
  const Log log_;
  const Auditor auditor_;
  std::function<void()> inconsistent_;

  // Held through a pass, so that there is one at a time.
  absl::Mutex pass_mutex_;
  DefinitionGraph graph_ ABSL_GUARDED_BY(pass_mutex_);
  SecondThread second_ ABSL_GUARDED_BY(pass_mutex_);
  bool cursor_loaded_ ABSL_GUARDED_BY(pass_mutex_) = false;
  int64_t stored_cursor_ ABSL_GUARDED_BY(pass_mutex_) = 0;

  mutable absl::Mutex mutex_;
  int64_t evaluated_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t seen_ ABSL_GUARDED_BY(mutex_) = 0;  // the last revision the store told of
  // No commit that has not been evaluated is older.
  absl::Time behind_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  int64_t passes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::pair<std::string, std::string>, int64_t> failures_ ABSL_GUARDED_BY(mutex_);
  bool check_all_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool frozen_ ABSL_GUARDED_BY(mutex_) = false;
  int listener_ ABSL_GUARDED_BY(mutex_) = -1;
  // Cuts a pass short; set once, by Stop.
  std::atomic<bool> interrupt_{false};
  std::thread thread_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EVALUATOR_H_
