// The server over a store and plugins that are open: every service and what follows the
// store, built in order, stopped in reverse.
//
// Thread rule: as server.h.
#ifndef POLICYTRACK_SERVICES_SERVER_ASSEMBLED_H_
#define POLICYTRACK_SERVICES_SERVER_ASSEMBLED_H_

#include <memory>

#include "absl/status/statusor.h"
#include "core/clock.h"
#include "plugins/engine.h"
#include "services/rpc/status.h"
#include "services/server/config.h"
#include "services/server/log.h"
#include "services/server/outside.h"
#include "services/server/server.h"
#include "storage/store.h"

namespace policytrack::server {

// Serves when it returns. `clock` and `call_log`, which may be null, must outlive it.
// Returns what the store says when it cannot be read, and INTERNAL when the RPC
// library does not start.
absl::StatusOr<std::unique_ptr<Server>> Assemble(std::unique_ptr<Outside> outside,
                                                 std::unique_ptr<storage::Store> store,
                                                 std::unique_ptr<plugins::Engine> engine,
                                                 const Config& config, Clock* clock,
                                                 const rpc::Log& log, Log* call_log);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_ASSEMBLED_H_
