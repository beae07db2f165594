// What one client can take of the server: connections, streams, memory, time.
//
// Thread rule: free functions, main thread.
#ifndef POLICYTRACK_SERVICES_SERVER_LIMITS_H_
#define POLICYTRACK_SERVICES_SERVER_LIMITS_H_

#include "grpcpp/server_builder.h"
#include "services/rpc/status.h"
#include "services/server/config.h"

namespace policytrack::server {

// Sets every limit that the RPC library keeps.
void SetLimits(const Config& config, grpc::ServerBuilder* builder);

// Raises the limit of open files as far as the operating system lets it, and says
// in the log when it is too low for --max-connections.
void RaiseFileLimit(const Config& config, const rpc::Log& log);

// How many files and connections to others the server has open beside those of
// clients, at most.
inline constexpr int kOwnFiles = 256;

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_LIMITS_H_
