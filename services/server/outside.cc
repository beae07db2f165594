#include "services/server/outside.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/error.h"
#include "services/server/listen_address.h"

namespace policytrack::server {
namespace {

absl::Duration Monotonic() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

Outside::Outside() : health(Monotonic) {}

absl::Status Outside::Open(const Config& config, const rpc::Log& log) {
  PT_RETURN_IF_ERROR(CheckListen(config));
  PT_RETURN_IF_ERROR(CheckMetricsListen(config));
  PT_ASSIGN_OR_RETURN(listener, Listener::Open({config.listen, config.max_connections,
                                                absl::Seconds(config.keepalive_timeout_seconds)},
                                               log));
  if (config.metrics_listen.empty()) return absl::OkStatus();
  PT_ASSIGN_OR_RETURN(endpoint, HttpEndpoint::Start(config.metrics_listen, &metrics, &health));
  log(absl::StrCat("/metrics, /healthz and /readyz on ", config.metrics_listen, " (port ",
                   endpoint->port(), ")"));
  return absl::OkStatus();
}

}  // namespace policytrack::server
