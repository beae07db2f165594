#include "services/server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/server/listen_address.h"

namespace policytrack::server {
namespace {

// A refusal is said in the log at most so often.
constexpr absl::Duration kSayEvery = absl::Seconds(10);
// Without a descriptor to refuse with, it is tried again after this.
constexpr int kRetryMs = 50;
// While all places are taken, it is looked at most so often whether one is free.
constexpr absl::Duration kSweepEvery = absl::Milliseconds(20);

// Whether the last time is so long ago, or there was none; then the last is now.
bool IsDue(absl::Duration every, std::optional<std::chrono::steady_clock::time_point>* last) {
  const auto now = std::chrono::steady_clock::now();
  if (last->has_value() && now - **last <= absl::ToChronoNanoseconds(every)) return false;
  *last = now;
  return true;
}
// Connections that one socket has accepted before the others have their turn.
constexpr int kBurst = 64;

absl::Status CannotListen(const std::string& address, int error) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address, ": ",
                   error == EADDRINUSE || error == EADDRNOTAVAIL
                       ? "the port is taken by another program or the address is not of this "
                         "machine; stop that program or choose another port with --listen"
                       : strerror(error)));
}

// A socket that listens there, or the negative of what was wrong.
int ListeningSocket(int family, const sockaddr* address, socklen_t length) {
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  // Connections of a server that has just stopped do not count.
  if (family != AF_UNIX) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, address, length) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

int PortOf(int fd) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
}

int ListenUnix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return -ENAMETOOLONG;
  path.copy(address.sun_path, path.size());
  // What a server that was killed has left.
  struct stat left;
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool used =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  if (used) return -EADDRINUSE;
  if (stat(path.c_str(), &left) == 0 && S_ISSOCK(left.st_mode)) unlink(path.c_str());
  return ListeningSocket(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const Options& options, rpc::Log log) {
  std::unique_ptr<Listener> listener(new Listener(options, std::move(log)));
  const absl::Status status = listener->Listen();
  if (!status.ok()) return status;
  return listener;
}

Listener::~Listener() { Stop(); }

absl::Status Listener::Listen() {
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  reserve_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::string& address = options_.address;
  if (const std::string path = UnixPath(address); !path.empty()) {
    const int fd = ListenUnix(path);
    if (fd < 0) return CannotListen(address, -fd);
    unix_path_ = path;
    sockets_.push_back(fd);
    return absl::OkStatus();
  }
  std::string host, port;
  absl::Status form = SplitAddress(address, &host, &port);
  if (!form.ok()) return form;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    return CannotListen(address, EADDRNOTAVAIL);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = EADDRNOTAVAIL;
  // "localhost" is an address of each family; a machine may lack one.
  for (addrinfo* next = found; next != nullptr; next = next->ai_next) {
    if (port_ != 0) {
      // Chosen for the first, and the same for all.
      auto* in = reinterpret_cast<sockaddr_in*>(next->ai_addr);
      auto* in6 = reinterpret_cast<sockaddr_in6*>(next->ai_addr);
      const uint16_t number = htons(static_cast<uint16_t>(port_));
      (next->ai_family == AF_INET ? in->sin_port : in6->sin6_port) = number;
    }
    const int fd = ListeningSocket(next->ai_family, next->ai_addr, next->ai_addrlen);
    if (fd >= 0) {
      sockets_.push_back(fd);
      if (port_ == 0) port_ = PortOf(fd);
    } else if (-fd == EADDRINUSE) {
      return CannotListen(address, EADDRINUSE);
    } else {
      error = -fd;
    }
  }
  return sockets_.empty() ? CannotListen(address, error) : absl::OkStatus();
}

void Listener::Start(Take take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Loop(); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
    thread_.join();
  }
  for (const int socket : sockets_) close(socket);
  sockets_.clear();
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
  unix_path_.clear();
  for (int* fd : {&wake_, &reserve_}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
}

Listener::Stats Listener::stats() const {
  absl::MutexLock lock(&mutex_);
  open_.Sweep();
  return {open_.size(), accepted_, refused_full_, refused_no_files_};
}

void Listener::Loop() {
  std::vector<pollfd> waits;
  for (const int socket : sockets_) waits.push_back({socket, POLLIN, 0});
  waits.push_back({wake_, POLLIN, 0});
  bool exhausted = false;
  while (true) {
    // Where nothing can be accepted now, only the end is waited for, for a while.
    const bool pause = std::exchange(exhausted, false);
    pollfd* const first = pause ? &waits.back() : waits.data();
    const int ready = poll(first, pause ? 1 : waits.size(), pause ? kRetryMs : -1);
    if (ready < 0 && errno != EINTR) {
      log_.Error(absl::StrCat("accepting connections: ", strerror(errno)));
      exhausted = true;
      continue;
    }
    if (ready > 0 && waits.back().revents != 0) return;
    for (const int socket : sockets_) {
      int burst = kBurst;
      while (burst > 0 && Accept(socket)) --burst;
      exhausted = exhausted || (burst > 0 && errno == EMFILE);
    }
  }
}

bool Listener::Accept(int socket) {
  const int connection = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection >= 0) {
    Admit(connection, socket);
    return true;
  }
  switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return RefuseWithReserve(socket);
    case EAGAIN:
      return false;
    default:
      // Of the one connection, which has gone already.
      return errno != EBADF && errno != EINVAL && errno != ENOTSOCK;
  }
}

bool Listener::TakePlace(int connection) {
  absl::MutexLock lock(&mutex_);
  open_.Add(connection);
  if (open_.size() > options_.max_connections && IsDue(kSweepEvery, &swept_)) open_.Sweep();
  if (open_.size() <= options_.max_connections) return true;
  open_.Forget(connection);
  return false;
}

void Listener::Admit(int connection, int socket) {
  if (!TakePlace(connection)) {
    close(connection);
    ++refused_full_;
    Say("as many connections are open as may be (--max-connections)");
    return;
  }
  ++accepted_;
  // Both fail on a Unix socket, which needs neither.
  const int on = 1;
  const int unacknowledged = static_cast<int>(absl::ToInt64Milliseconds(options_.unacknowledged));
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(connection, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
  take_(connection, socket);
}

bool Listener::RefuseWithReserve(int socket) {
  if (reserve_ >= 0) close(reserve_);
  const int connection = accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
  const bool nobody = connection < 0 && errno == EAGAIN;
  if (connection >= 0) {
    close(connection);
    ++refused_no_files_;
    Say("no file descriptor is left (LimitNOFILE, ulimit -n)");
  }
  reserve_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (connection >= 0) return true;
  // Another thread took the descriptor meanwhile: there is none for now.
  errno = nobody ? EAGAIN : EMFILE;
  return false;
}

void Listener::Say(const char* what) {
  if (!IsDue(kSayEvery, &said_)) return;
  log_.Warning(absl::StrCat("a connection was refused: ", what));
}

}  // namespace policytrack::server
