// What the program does to a data directory without serving it.
//
// Thread rule: free functions, main thread.
#ifndef POLICYTRACK_SERVICES_SERVER_OFFLINE_H_
#define POLICYTRACK_SERVICES_SERVER_OFFLINE_H_

#include <ostream>

#include "services/server/config.h"

namespace policytrack::server {

// Whether the settings ask for it: --verify or --restore-from.
bool IsOffline(const Config& config);

// Does it, and says what came of it. Returns the exit code: 0 when all is well, 1
// when a check found damage or nothing was restored, 3 when there was nothing that
// could be checked. (2 is for settings that are wrong.)
int RunOffline(const Config& config, std::ostream& out, std::ostream& err);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_OFFLINE_H_
