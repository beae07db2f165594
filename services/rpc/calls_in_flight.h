// How many calls of ours are being served, so that a stop need not wait for those who
// are only connected.
//
// Thread rule: safe from any thread. Outlives the library's server.
#ifndef POLICYTRACK_SERVICES_RPC_CALLS_IN_FLIGHT_H_
#define POLICYTRACK_SERVICES_RPC_CALLS_IN_FLIGHT_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/rpc/observed_calls.h"

namespace policytrack::rpc {

class CallsInFlight final : public CallObserver {
 public:
  void Begun(absl::string_view method) override;
  void Answered(const AnsweredCall& call) override {}
  void Ended(absl::string_view method) override;

  // Waits until there is none; false when Close was called instead.
  bool AwaitNone();
  void Close();

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_CALLS_IN_FLIGHT_H_
