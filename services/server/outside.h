// What is there before the store is opened and after it is closed: who watches the
// server sees it start and stop.
//
// Thread rule: Open from one thread.
#ifndef POLICYTRACK_SERVICES_SERVER_OUTSIDE_H_
#define POLICYTRACK_SERVICES_SERVER_OUTSIDE_H_

#include <memory>

#include "absl/status/status.h"
#include "services/rpc/status.h"
#include "services/server/config.h"
#include "services/server/health.h"
#include "services/server/http_endpoint.h"
#include "services/server/listener.h"
#include "services/server/metrics.h"

namespace policytrack::server {

struct Outside {
  Outside();

  // Takes the ports; nobody is accepted yet but on that of --metrics-listen.
  // Returns INVALID_ARGUMENT for an address that is not allowed and
  // FAILED_PRECONDITION for one that is taken.
  absl::Status Open(const Config& config, const rpc::Log& log);

  Health health;
  Metrics metrics{&health};
  std::unique_ptr<HttpEndpoint> endpoint;  // null without --metrics-listen
  std::unique_ptr<Listener> listener;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_OUTSIDE_H_
