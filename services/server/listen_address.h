// The addresses that the server listens on, looked at before anything is opened.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_LISTEN_ADDRESS_H_
#define POLICYTRACK_SERVICES_SERVER_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "services/server/config.h"

namespace policytrack::server {

// Whether only programs of this machine can reach it.
bool IsLoopback(const std::string& listen);

// The path of `unix:PATH`; "" for other addresses.
std::string UnixPath(const std::string& listen);

// Host and port apart, the host without brackets.
// Returns INVALID_ARGUMENT when it is no address and port, such as 127.0.0.1:7443
// or [::1]:0.
absl::Status SplitAddress(const std::string& listen, std::string* host, std::string* port);

// Ok when --listen is an address and open to no other machine, or that was asked
// for in so many words. Returns INVALID_ARGUMENT, saying how it is written.
absl::Status CheckListen(const Config& config);
// The same of --metrics-listen, which may be empty.
absl::Status CheckMetricsListen(const Config& config);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_LISTEN_ADDRESS_H_
