// --check-config: what the settings name, looked at without changing anything.
//
// Thread rule: free functions, main thread.
#ifndef POLICYTRACK_SERVICES_SERVER_CHECK_CONFIG_H_
#define POLICYTRACK_SERVICES_SERVER_CHECK_CONFIG_H_

#include <string>
#include <vector>

#include "services/server/config.h"

namespace policytrack::server {

struct NamedProblem {
  std::string setting;
  std::string what;
};

// What would keep a server with these settings from starting, or from using what it
// is pointed to; empty when nothing does. A server that runs with them
// is in nobody's way, so neither ports nor the lock of the data are looked at.
std::vector<NamedProblem> CheckWhatIsNamed(const Config& config);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_CHECK_CONFIG_H_
