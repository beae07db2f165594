// The purger ends what was deleted softly: once the purge_time of a measure has
// passed it can no longer be undeleted or read in the present, refers to nothing,
// and its id is free again. Its past stays: reads as of an earlier revision give
// what they always gave. It also drops the answers kept for request_ids that have
// expired, a little at a time.
//
// Thread rule: safe from any thread. Start() owns one thread; Stop() joins it and
// must be called before the store goes.
#ifndef POLICYTRACK_SERVICES_APP_PURGER_H_
#define POLICYTRACK_SERVICES_APP_PURGER_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/log.h"
#include "services/app/documents.h"
#include "storage/store.h"

namespace policytrack::app {

class Purger {
 public:
  // Neither store nor documents are owned; both must outlive this. `log` is called
  // from the purger's thread.
  Purger(storage::Store* store, Documents* documents, Log log);
  ~Purger();
  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

  // Looks at once and then every hour. To be called once.
  void Start();
  // Finishes the look that runs and joins the thread. Again is harmless.
  void Stop();

 private:
  void Loop();
  void Look();

  storage::Store* const store_;
  Documents* const documents_;
  const Log log_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PURGER_H_
