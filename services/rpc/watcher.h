// One stream of WatchEvents: what the hub knows of it. All that happens to it is
// written in watch_hub.cc.
//
// Thread rule: fields marked so are guarded by the lock of the hub; the others belong
// to whoever has the watcher in hands.
#ifndef POLICYTRACK_SERVICES_RPC_WATCHER_H_
#define POLICYTRACK_SERVICES_RPC_WATCHER_H_

#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/event_service.pb.h"
#include "services/app/watch_log.h"
#include "services/rpc/intrusive_list.h"
#include "services/rpc/watch_hub.h"

namespace policytrack::rpc {

// Deletes itself when the library is done with it.
class Watcher final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Watcher(WatchHub* hub, grpc::CallbackServerContext* context,
          std::unique_ptr<v1::WatchEventsRequest> request)
      : hub_(hub), context_(context), request_(std::move(request)) {
    place_.owner = timer_.owner = sending_.owner = this;
  }

  void OnWriteDone(bool ok) override { hub_->OnWritten(this, ok); }
  void OnCancel() override { hub_->OnCancelled(this); }
  void OnDone() override {
    hub_->OnGone(this);
    delete this;
  }

 private:
  friend class WatchHub;

  WatchHub* const hub_;
  grpc::CallbackServerContext* const context_;
  // Until it has begun.
  std::unique_ptr<v1::WatchEventsRequest> request_;
  app::Watch watch_;
  grpc::ByteBuffer buffer_;
  // The revision of the last token sent; -1 before the first.
  int64_t token_sent_ = -1;

  // Guarded by the lock of the hub.
  ListLink<Watcher> place_;     // ready, parked, starved or waiting for a judgement
  ListLink<Watcher> timer_;     // in the wheel
  ListLink<Watcher> sending_;   // its message is on the way
  absl::Duration sent_at_;      // on a clock that only goes on
  bool cancelled_ = false;      // the client has gone
  bool heartbeat_due_ = false;  // it has been silent for long enough
  absl::Status judged_;         // how the judgement ended that it waited for
  // Set while a thread cuts it off, one at a time: the stream must not go before that
  // returns, unless it goes on that very thread, which is then told.
  std::thread::id cut_off_by_;
  bool* gone_ = nullptr;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_WATCHER_H_
