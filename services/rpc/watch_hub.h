// All watches of the server. The hub wakes: it holds no events, and a watch that has
// nothing to tell holds a cursor and no thread. Two threads go round among those that
// have, one step each in turn, and read the commit log with connections of their own,
// so that neither a watch nor another call waits for the watches behind it. A third
// thread counts seconds, for heartbeats and for those who do not read.
//
// No step runs a plugin. What must be judged before it can be told, changes of status, is
// judged by a fourth thread, one commit after another; the watches that need it wait
// aside meanwhile, have their heartbeats, and can go.
//
// A stream has one message on its way; the next is read when the client has taken it.
// All messages on their way together are held to a bound: over it, who has something
// to tell waits until another's is taken, and who has not taken his for long is cut off.
//
// Thread rule: safe from any thread. No call of the RPC library is made while the lock
// is held, as it may come back on the same thread.
#ifndef POLICYTRACK_SERVICES_RPC_WATCH_HUB_H_
#define POLICYTRACK_SERVICES_RPC_WATCH_HUB_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/event_service.pb.h"
#include "services/app/watch_log.h"
#include "services/rpc/edge.h"
#include "services/rpc/intrusive_list.h"
#include "services/rpc/judgement_queue.h"
#include "storage/store.h"

namespace policytrack::rpc {

class Watcher;

class WatchHub {
 public:
  struct Limits {
    int max_watchers = 20000;
    // How long a client may take nothing of a message.
    absl::Duration stall = absl::Minutes(5);
    // Of all messages on their way.
    int64_t max_held_bytes = 64 << 20;
  };
  static constexpr int kPumps = 2;
  // Threads that read the store, the one that judges among them; each needs a connection.
  static constexpr int kThreads = kPumps + 1;

  // None of the pointers is owned; all must outlive this.
  WatchHub(Edge* edge, storage::Store* store, app::WatchLog* log, const Limits& limits);
  // Stops. REQUIRES: the library's server has shut down.
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // The reactor of a new stream.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Open(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request);
  // Ends all with SERVER_STOPPING, and new ones at once; who has a message on the way
  // and has not taken it after `grace` is cut off. Streams that cannot even take that,
  // in as much time again, go with the library's server. Does not wait for a judgement,
  // which the destructor does: it ends after the target that is being judged. Again is
  // harmless.
  void Stop(absl::Duration grace);

  int watchers() const;

 private:
  friend class Watcher;
  // One slot a second; more than the longest interval between heartbeats.
  static constexpr size_t kWheelSlots = 4096;

  void Wake(int64_t revision);
  void Pump();
  void RunOne(Watcher* watcher);
  void Judge();
  void CountSeconds();
  void Tick(int64_t second);
  // Puts a watcher where the next pump finds it.
  void MakeReady(Watcher* watcher) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Schedule(Watcher* watcher, absl::Duration due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Cuts off the first of those whose message is on the way, if it went before `since`
  // and no other thread cuts it off already. False when there is none.
  bool CutOffOne(absl::Duration since);

  void Send(Watcher* watcher, app::WatchMessage message);
  // Ends a watcher that the caller has in hands.
  void End(Watcher* watcher, const absl::Status& status);

  // What the library says of a stream.
  void OnWritten(Watcher* watcher, bool ok);
  void OnCancelled(Watcher* watcher);
  // Returns when nobody but the caller knows the watcher any more.
  void OnGone(Watcher* watcher);

  Edge* const edge_;
  storage::Store* const store_;
  app::WatchLog* const log_;
  const Limits limits_;
  int listener_ = 0;

  mutable absl::Mutex mutex_;
  int64_t latest_ ABSL_GUARDED_BY(mutex_) = 0;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;  // streams are ended
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;   // threads end
  // Each is in at most one of these four; in none while it is in the hands of a pump or
  // its message is on the way.
  IntrusiveList<Watcher> ready_ ABSL_GUARDED_BY(mutex_);
  IntrusiveList<Watcher> parked_ ABSL_GUARDED_BY(mutex_);       // until a commit
  IntrusiveList<Watcher> starved_ ABSL_GUARDED_BY(mutex_);      // until bytes are let go
  JudgementQueue<Watcher> judgements_ ABSL_GUARDED_BY(mutex_);  // until it is judged
  // Whose message is on the way, by when it went.
  IntrusiveList<Watcher> sending_ ABSL_GUARDED_BY(mutex_);
  std::array<IntrusiveList<Watcher>, kWheelSlots> wheel_ ABSL_GUARDED_BY(mutex_);

  // With stopping_, for the judgement that runs.
  std::atomic<bool> stop_judging_{false};

  absl::Mutex join_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_WATCH_HUB_H_
