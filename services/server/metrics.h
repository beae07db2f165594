// What Prometheus is told: everything is counted where it happens and read here when
// somebody asks. docs/monitoring.md lists the names.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_METRICS_H_
#define POLICYTRACK_SERVICES_SERVER_METRICS_H_

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/app/evaluator.h"
#include "services/app/push_stats.h"
#include "services/rpc/call_stats.h"
#include "services/server/health.h"
#include "services/server/listener.h"
#include "storage/store.h"

namespace policytrack::server {

// The parts that are read; all of a server that runs, and none of one that does not.
struct MetricSources {
  const rpc::CallStats* calls = nullptr;
  const storage::Store* store = nullptr;
  const app::Evaluator* evaluator = nullptr;
  const app::PushStats* pushes = nullptr;
  const Listener* listener = nullptr;
  std::function<int64_t()> held_push_bytes;
  std::function<int64_t()> queued_calls;
  std::function<int64_t()> slow_calls;
  std::function<int64_t()> watchers;
};

class Metrics {
 public:
  // Not owned; must outlive this.
  explicit Metrics(const Health* health) : health_(health) {}

  // From now on these are read; `{}` for none. None is read any more that was set
  // before.
  void Read(const MetricSources& sources);

  // In Prometheus' text format.
  std::string Text() const;

 private:
  const Health* const health_;
  mutable absl::Mutex mutex_;
  MetricSources sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_METRICS_H_
