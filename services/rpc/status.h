// The border between absl::Status and gRPC: what clients see of an error.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_RPC_STATUS_H_
#define POLICYTRACK_SERVICES_RPC_STATUS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/log.h"
#include "grpcpp/support/status.h"

namespace policytrack::rpc {

// Writes one line to the server's log.
using policytrack::Log;

// A status with ErrorInfo passes with code, message and details (google.rpc.Status
// in grpc-status-details-bin, at most 4 KiB). One without is ours to look into:
// clients get INTERNAL / INTERNAL_ERROR and an id, the log gets the text under
// that id: `request_id`, or a new one. UNAVAILABLE carries the pushback in `retry_after_ms`, else
// it is 0.
grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view method, const Log& log,
                          int* retry_after_ms, absl::string_view request_id = "");

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_STATUS_H_
