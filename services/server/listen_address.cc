#include "services/server/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

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

bool CanBind(const addrinfo& address) {
  const int fd = socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  // Connections of a server that has just stopped do not count.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool free = bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, 1) == 0;
  close(fd);
  return free;
}

}  // namespace

bool IsLoopback(const std::string& listen) {
  return absl::StartsWith(listen, "127.") || absl::StartsWith(listen, "localhost:") ||
         absl::StartsWith(listen, "[::1]:") || IsUnixSocket(listen);
}

absl::Status CheckAddressForm(const std::string& listen) {
  std::string host, port;
  if (IsUnixSocket(listen) || Split(listen, &host, &port)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--listen ", listen, " is not an address and port such as 127.0.0.1:7443"));
}

absl::Status CheckAddressFree(const std::string& listen) {
  std::string host, port;
  if (IsUnixSocket(listen) || !Split(listen, &host, &port)) return absl::OkStatus();
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) == 0) {
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
      if (CanBind(*address)) return absl::OkStatus();
    }
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", listen,
                   ": the port is taken by another program or the address is not of this machine; "
                   "stop that program or choose another port with --listen"));
}

}  // namespace policytrack::server
