// The id under which a call is found again in the server's log: what the client
// sent as `x-request-id`, or one made here. It comes back in the trailing metadata
// of every call. Not to be taken for the request_id of a message, which makes a
// write repeatable.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_RPC_REQUEST_ID_H_
#define POLICYTRACK_SERVICES_RPC_REQUEST_ID_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"

namespace policytrack::rpc {

inline constexpr char kRequestIdKey[] = "x-request-id";

// Whether an id may go into a log and back to the client: 1 to 64 of letters,
// digits and . _ -
bool IsGoodRequestId(absl::string_view id);

// 16 hexadecimal digits that no other call has.
std::string NewRequestId();

// The id that a client sent; "" when there is none that is good.
absl::string_view SentRequestId(const grpc::ServerContextBase& context);

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_REQUEST_ID_H_
