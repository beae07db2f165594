// How many calls of ours are being served, so that a stop need not wait for those who
// are only connected.
//
// Thread rule: safe from any thread. Outlives the library's server.
#ifndef POLICYTRACK_SERVICES_RPC_CALLS_IN_FLIGHT_H_
#define POLICYTRACK_SERVICES_RPC_CALLS_IN_FLIGHT_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/support/server_interceptor.h"

namespace policytrack::rpc {

class CallsInFlight {
 public:
  // To be given to the server: it counts each call from its headers to its end. This
  // must outlive what it makes.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Counter();

  // Waits until there is none; false when Close was called instead.
  bool AwaitNone();
  void Close();

 private:
  class Factory;
  class Call;

  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_CALLS_IN_FLIGHT_H_
