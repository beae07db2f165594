// Requests whose bytes are no message of their type. The RPC library answers
// them itself, before any handler: UNIMPLEMENTED without a word. What clients see is
// put right on its way out.
//
// Thread rule: a free function, any thread.
#ifndef POLICYTRACK_SERVICES_RPC_UNREADABLE_REQUEST_H_
#define POLICYTRACK_SERVICES_RPC_UNREADABLE_REQUEST_H_

#include "absl/strings/string_view.h"
#include "grpcpp/support/interceptor.h"

namespace policytrack::rpc {

// Makes INVALID_ARGUMENT / FIELD_INVALID of the status that is about to be sent, where
// it is the library's for such a request to a method of ours.
void CorrectUnreadable(absl::string_view method,
                       grpc::experimental::InterceptorBatchMethods* methods);

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_UNREADABLE_REQUEST_H_
