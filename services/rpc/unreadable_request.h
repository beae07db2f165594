// Requests whose bytes are no message of their type. The RPC library answers
// them itself, before any handler: UNIMPLEMENTED without a word. An interceptor
// puts right what clients see.
//
// Thread rule: the factory is safe from any thread; the library owns what it makes.
#ifndef POLICYTRACK_SERVICES_RPC_UNREADABLE_REQUEST_H_
#define POLICYTRACK_SERVICES_RPC_UNREADABLE_REQUEST_H_

#include <memory>

#include "grpcpp/support/server_interceptor.h"

namespace policytrack::rpc {

// Answers such a request with INVALID_ARGUMENT / FIELD_INVALID.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> UnreadableRequests();

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_UNREADABLE_REQUEST_H_
