// Tells an observer of every call of a registered method: when it begins, when its
// status is decided, when it is over. Calls that the library answers itself are
// among them; unknown methods are not. Also sees to it that every call gives its
// request id back (request_id.h), and to what clients see of unreadable requests
// (unreadable_request.h): each interceptor of a server costs every call, so there is
// one.
//
// Thread rule: the factory is safe from any thread; the library owns what it makes.
#ifndef POLICYTRACK_SERVICES_RPC_OBSERVED_CALLS_H_
#define POLICYTRACK_SERVICES_RPC_OBSERVED_CALLS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"
#include "grpcpp/support/status.h"

namespace policytrack::rpc {

// A call whose status is decided. Good only while the observer is told of it.
struct AnsweredCall {
  absl::string_view method;  // "/policytrack.v1.PlanService/GetPlan"
  grpc::StatusCode code = grpc::StatusCode::OK;
  absl::Duration duration;  // since its headers had come
  bool streams_answer = false;
  absl::string_view request_id;
  const grpc::ServerContextBase* context = nullptr;

  // Who called, as gRPC writes it: "ipv4:127.0.0.1:40312".
  std::string Peer() const { return context->peer(); }
};

// Told from whichever thread a call is on; must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void Begun(absl::string_view method) = 0;
  virtual void Answered(const AnsweredCall& call) = 0;
  virtual void Ended(absl::string_view method) = 0;
};

// The observers are not owned and must outlive the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> ObservedCalls(
    std::vector<CallObserver*> observers);

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_OBSERVED_CALLS_H_
