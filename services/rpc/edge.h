// The gRPC edge: how a handler of three lines (check, call, convert) becomes a
// call of the callback API. Start here, then document_service.h.
//
// A handler runs in one of three ways: at once on the library's thread, for
// what takes microseconds; on the pool, for what computes or waits; or starting
// a write whose answer comes from the writer thread of the store.
//
// Thread rule: an Edge is safe from any thread and outlives every call.
#ifndef POLICYTRACK_SERVICES_RPC_EDGE_H_
#define POLICYTRACK_SERVICES_RPC_EDGE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "grpcpp/grpcpp.h"
#include "services/rpc/executor.h"
#include "services/rpc/status.h"

namespace policytrack::rpc {

class Edge {
 public:
  using Finish = std::function<void(const absl::Status&)>;

  // The executor is not owned and must outlive this.
  Edge(Log log, Executor* executor) : log_(std::move(log)), executor_(executor) {}

  // Runs `handler` now and answers with its status.
  grpc::ServerUnaryReactor* Now(grpc::CallbackServerContext* context, const char* method,
                                const std::function<absl::Status()>& handler);
  // Runs it on the pool; UNAVAILABLE / STORE_BUSY when too many wait.
  grpc::ServerUnaryReactor* Pooled(grpc::CallbackServerContext* context, const char* method,
                                   std::function<absl::Status()> handler);
  // Runs `at_once` now, and `handler` on the pool only where that gives no answer.
  grpc::ServerUnaryReactor* NowOrPooled(grpc::CallbackServerContext* context, const char* method,
                                        const std::function<std::optional<absl::Status>()>& at_once,
                                        std::function<absl::Status()> handler);
  // Runs `start` now; the call ends when it, or what it started, calls Finish, once.
  grpc::ServerUnaryReactor* Later(grpc::CallbackServerContext* context, const char* method,
                                  const std::function<void(Finish)>& start);

  // What clients see of a status; sets the pushback that a retrying client obeys.
  grpc::Status Convert(grpc::CallbackServerContext* context, const char* method,
                       const absl::Status& status) const;

 private:
  const Log log_;
  Executor* const executor_;
};

// Who calls. Until there are tokens everybody on the loopback is the same.
std::string PrincipalOf(const grpc::CallbackServerContext& context);

// Moves the value of `result` to `*response`; returns its status.
template <typename T>
absl::Status Assign(absl::StatusOr<T> result, T* response) {
  if (!result.ok()) return result.status();
  *response = *std::move(result);
  return absl::OkStatus();
}

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_EDGE_H_
