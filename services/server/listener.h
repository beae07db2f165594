// Accepts connections for the RPC library, which stops doing so for ever after the
// first time that it runs out of file descriptors. Here it is refused who comes
// then, or when as many are connected as may be, and the next is accepted again.
//
// Thread rule: Start and Stop from one thread, the rest from any.
#ifndef POLICYTRACK_SERVICES_SERVER_LISTENER_H_
#define POLICYTRACK_SERVICES_SERVER_LISTENER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/rpc/status.h"
#include "services/server/open_connections.h"

namespace policytrack::server {

class Listener {
 public:
  struct Options {
    std::string address;  // as --listen
    int max_connections = 0;
    // How long what was sent may stay unacknowledged before the connection is cut.
    absl::Duration unacknowledged;
  };
  struct Stats {
    int64_t open = 0;
    int64_t accepted = 0;
    int64_t refused_full = 0;      // as many were connected as may be
    int64_t refused_no_files = 0;  // no file descriptor was left
  };
  // Takes a connection over, with the socket that it came in by.
  using Take = std::function<void(int connection, int socket)>;

  // Listens; who connects waits until Start.
  // Returns INVALID_ARGUMENT for an address that is none, FAILED_PRECONDITION when
  // the port is taken or the address is not of this machine.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const Options& options, rpc::Log log);
  // Stops.
  ~Listener();

  // The port listened on; 0 for a Unix socket.
  int port() const { return port_; }
  // Accepts from now on, on a thread of its own. To be called once.
  void Start(Take take);
  // Nobody is accepted any more. Again is harmless.
  void Stop();
  Stats stats() const;

 private:
  Listener(const Options& options, rpc::Log log) : options_(options), log_(std::move(log)) {}
  absl::Status Listen();
  void Loop();
  // One connection. False when nobody waits, or none can be had for now.
  bool Accept(int socket);
  void Admit(int connection, int socket);
  // Whether there is a place for it, which it then has.
  bool TakePlace(int connection);
  // Sends away who waits when no descriptor is left for it: with one that is kept
  // for that.
  bool RefuseWithReserve(int socket);
  void Say(const char* what);

  const Options options_;
  const rpc::Log log_;
  int port_ = 0;
  std::vector<int> sockets_;
  int wake_ = -1;
  int reserve_ = -1;
  std::string unix_path_;
  Take take_;
  std::thread thread_;

  mutable absl::Mutex mutex_;
  mutable OpenConnections open_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int64_t> accepted_{0};
  std::atomic<int64_t> refused_full_{0};
  std::atomic<int64_t> refused_no_files_{0};
  // Of the thread, by a clock that never jumps; none at first.
  std::optional<std::chrono::steady_clock::time_point> said_;
  std::optional<std::chrono::steady_clock::time_point> swept_;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_LISTENER_H_
