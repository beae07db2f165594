// The address that the server listens on, looked at before anything is opened.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_LISTEN_ADDRESS_H_
#define POLICYTRACK_SERVICES_SERVER_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"

namespace policytrack::server {

// Whether only programs of this machine can reach it.
bool IsLoopback(const std::string& listen);

// Ok when `listen` is an address and port, such as 127.0.0.1:7443 or [::1]:0.
// Returns INVALID_ARGUMENT, saying how it is written.
absl::Status CheckAddressForm(const std::string& listen);

// Ok when nobody listens there yet, so that a server that cannot serve changes
// nothing on its way to finding out.
// Returns FAILED_PRECONDITION when the port is taken or the address is not of
// this machine.
absl::Status CheckAddressFree(const std::string& listen);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_LISTEN_ADDRESS_H_
