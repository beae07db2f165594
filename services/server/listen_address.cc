#include "services/server/listen_address.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace policytrack::server {
namespace {

bool IsUnixSocket(const std::string& listen) { return absl::StartsWith(listen, "unix:"); }

// Host and port apart, the host without brackets.
bool Split(const std::string& listen, std::string* host, std::string* port) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  *host = listen.substr(0, colon);
  *port = listen.substr(colon + 1);
  int number = 0;
  if (!absl::SimpleAtoi(*port, &number) || number < 0 || number > 65535) return false;
  if (host->front() == '[') {
    if (host->back() != ']' || host->size() < 3) return false;
    *host = host->substr(1, host->size() - 2);
  }
  return true;
}

}  // namespace

bool IsLoopback(const std::string& listen) {
  std::string host, port;
  // A name may begin with 127. and be of any machine.
  const bool is_number =
      Split(listen, &host, &port) && host.find_first_not_of("0123456789.") == std::string::npos;
  return (is_number && absl::StartsWith(host, "127.")) || host == "localhost" || host == "::1" ||
         IsUnixSocket(listen);
}

std::string UnixPath(const std::string& listen) {
  return IsUnixSocket(listen) ? listen.substr(sizeof("unix:") - 1) : "";
}

absl::Status SplitAddress(const std::string& listen, std::string* host, std::string* port) {
  if (Split(listen, host, port)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(listen, " is not an address and port such as 127.0.0.1:7443"));
}

absl::Status CheckListen(const Config& config) {
  std::string host, port;
  const bool is_address = Split(config.listen, &host, &port);
  if (!is_address && UnixPath(config.listen).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen ", config.listen, " is not an address and port such as 127.0.0.1:7443"));
  }
  if (IsLoopback(config.listen) || config.allow_unauthenticated_clients_from_any_network) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--listen ", config.listen,
      " is open to other machines, and this server has neither TLS nor "
      "authentication; listen on 127.0.0.1 behind a proxy, or give "
      "--allow-unauthenticated-clients-from-any-network if the network is yours alone"));
}

absl::Status CheckMetricsListen(const Config& config) {
  std::string host, port;
  if (config.metrics_listen.empty()) return absl::OkStatus();
  // The library that listens there takes lists.
  if (!Split(config.metrics_listen, &host, &port) || absl::StrContains(host, ',')) {
    return absl::InvalidArgumentError(absl::StrCat("--metrics-listen ", config.metrics_listen,
                                                   " is not an address and port such as "
                                                   "127.0.0.1:9464"));
  }
  if (IsLoopback(config.metrics_listen) || config.allow_metrics_from_any_network) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--metrics-listen ", config.metrics_listen,
      " is open to other machines, and whoever reaches it sees which methods are called and how "
      "often; let the collector come by 127.0.0.1, or give --allow-metrics-from-any-network if "
      "the network is yours alone"));
}

}  // namespace policytrack::server
