// Whether to send calls here (readiness) and whether to start it anew (liveness),
// with the reason where not.
//
// Ready: it serves, is not stopping, and the store is sound. Live: a read of the
// store has come back lately; what holds one up for so long holds up everything.
// A busy server is both.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_HEALTH_H_
#define POLICYTRACK_SERVICES_SERVER_HEALTH_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace policytrack::server {

class Health {
 public:
  // Names of the health service of gRPC beside those of services.
  static constexpr char kLiveness[] = "policytrack.liveness";
  // A read that is longer on its way is taken for one that does not come back.
  static constexpr absl::Duration kMaxSilence = absl::Seconds(60);

  enum class Phase { kStarting, kServing, kStopping };

  struct State {
    bool ready = false;
    bool live = true;
    bool failed = false;  // not for starting or stopping
    std::string why;      // for people; "" when ready and live
  };

  // `monotonic` is a time that never jumps.
  explicit Health(std::function<absl::Duration()> monotonic);
  ~Health();

  void Enter(Phase phase);
  // What the store says of itself: a failure makes the server not ready until it is
  // told of an ok. For whoever watches the store.
  void SetStore(const absl::Status& status);

  // Runs `probe`, a read of the store, every second on one thread and tells
  // `publish` on another whenever the state changes, and at once. To be called once.
  void Watch(std::function<absl::Status()> probe, std::function<void(const State&)> publish);
  // No call of either is running or comes after it returned; a probe that hangs is
  // waited for. Again is harmless.
  void Stop();

  State Get() const;

 private:
  State GetLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Probe(const std::function<absl::Status()>& probe);
  void Publish(const std::function<void(const State&)>& publish);

  const std::function<absl::Duration()> monotonic_;
  mutable absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kStarting;
  absl::Status store_ ABSL_GUARDED_BY(mutex_);
  absl::Status probe_ ABSL_GUARDED_BY(mutex_);
  absl::Duration last_beat_ ABSL_GUARDED_BY(mutex_);
  bool watched_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  int changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_HEALTH_H_
