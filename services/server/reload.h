// SIGHUP: the settings read again while the server runs.
//
// Thread rule: main thread.
#ifndef POLICYTRACK_SERVICES_SERVER_RELOAD_H_
#define POLICYTRACK_SERVICES_SERVER_RELOAD_H_

#include "services/server/config.h"
#include "services/server/log.h"
#include "services/server/server.h"

namespace policytrack::server {

// Reads the arguments and the config file again, applies what can change while the
// server runs, the plugins too, and says in the log what was applied and what needs a
// restart. When anything is wrong with the settings nothing is applied. `*current` is what is in
// force.
void ReloadConfig(int argc, char** argv, ParsedConfig* current, Log* log, Server* server);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_RELOAD_H_
