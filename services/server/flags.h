// Every setting there is, with its text of help and what values it takes.
// docs/configuration.md has a row for each.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_FLAGS_H_
#define POLICYTRACK_SERVICES_SERVER_FLAGS_H_

#include "CLI/CLI.hpp"
#include "services/server/config.h"

namespace policytrack::server {

// Has `app` read them into `config`, which must outlive it. Each is checked by itself;
// what does not go together is for config.h.
void AddSettings(CLI::App& app, Config& config);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_FLAGS_H_
