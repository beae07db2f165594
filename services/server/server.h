// The running service: everything assembled, listening, and stopped in order.
//
// Thread rule: Start, Reload and Stop from one thread.
#ifndef POLICYTRACK_SERVICES_SERVER_SERVER_H_
#define POLICYTRACK_SERVICES_SERVER_SERVER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/clock.h"
#include "plugins/engine.h"
#include "services/rpc/status.h"
#include "services/server/config.h"
#include "services/server/log.h"
#include "storage/store.h"

namespace policytrack::server {

class Server {
 public:
  // Opens the store, loads the plugins, starts evaluation and listens. Nothing
  // is left behind when it fails.
  // Returns INVALID_ARGUMENT for a listen address that is not allowed,
  // FAILED_PRECONDITION for a data directory that cannot be used or a port that
  // is taken, NOT_FOUND for a missing plugin directory. `clock` must outlive it, and
  // so must `call_log`, which gets the slow and the failed calls; null for nowhere.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config, Clock* clock,
                                                       const rpc::Log& log,
                                                       Log* call_log = nullptr);

  // The same over a store and plugins that are open already.
  static absl::StatusOr<std::unique_ptr<Server>> StartOver(std::unique_ptr<storage::Store> store,
                                                           std::unique_ptr<plugins::Engine> engine,
                                                           const Config& config, Clock* clock,
                                                           const rpc::Log& log);

  virtual ~Server() = default;

  // The port listened on.
  virtual int port() const = 0;
  // Takes over what can change while it runs: the threshold of slow calls, and the
  // plugins, as the RPC ReloadPlugins does; its errors.
  virtual absl::Status Reload(const Config& config) = 0;
  // Says NOT_SERVING, waits for calls in flight at most `drain`, stops
  // evaluation and the store.
  virtual void Stop(absl::Duration drain) = 0;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_SERVER_H_
