#include "services/rpc/observation_service.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/arena.h"

namespace policytrack::rpc {
namespace {

constexpr char kMethod[] = "PushObservations";

using RequestTraits = grpc::SerializationTraits<v1::PushObservationsRequest>;
using ResponseTraits = grpc::SerializationTraits<v1::PushObservationsResponse>;

// One push. Owns itself until the library is done with it, which is after the
// answer of the store: the stream is open until End.
//
// The library reports the end of the stream, a message that it cannot parse and
// a message over the size limit in the same way. Taken for the end, the last two
// would write half of a push. So messages come raw and are parsed here, and
// before anything is written the headers of the answer are sent: that fails on
// every stream that is not whole.
class PushReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                          public SilentStreams::Stream {
 public:
  PushReactor(Edge* edge, storage::Store* store, app::PushBudget* budget,
              const app::PushLimits& limits, app::PushStats* stats, SilentStreams* silent,
              grpc::CallbackServerContext* context, grpc::ByteBuffer* response)
      : edge_(edge),
        context_(context),
        response_(response),
        silent_limit_(silent->limit()),
        push_(store, budget, limits, PrincipalOf(*context), stats),
        self_(this) {
    silent->Add(self_);
    Await();
  }

  void OnReadDone(bool ok) override {
    if (!StopWaiting()) return;
    if (!ok) return StartSendInitialMetadata();
    const absl::Status status = Take();
    if (!status.ok()) return End(status);
    Await();
  }

  void EndIfSilentSince(SilentStreams::Time since) override {
    {
      absl::MutexLock lock(&mutex_);
      if (!waiting_ || waits_since_ >= since) return;
      waiting_ = false;
    }
    End(Error(absl::StatusCode::kDeadlineExceeded, reason::kPushSilent,
              absl::StrCat(
                  "the stream was open and nothing came for ", absl::FormatDuration(silent_limit_),
                  "; nothing was written; gather first, then push, and close the stream")));
  }

  void OnSendInitialMetadataDone(bool ok) override {
    if (!ok || context_->IsCancelled()) {
      return End(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                       "the stream broke before it was closed; nothing was written"));
    }
    push_.Finish([this](absl::StatusOr<v1::PushObservationsResponse> result) {
      if (!result.ok()) return End(result.status());
      bool own = false;
      const grpc::Status written = ResponseTraits::Serialize(*result, response_, &own);
      if (!written.ok()) return Finish(written);
      End(absl::OkStatus());
    });
  }

  void OnDone() override { self_ = nullptr; }

 private:
  // Lets the next message come.
  void Await() {
    {
      absl::MutexLock lock(&mutex_);
      waiting_ = true;
      waits_since_ = std::chrono::steady_clock::now();
    }
    StartRead(&buffer_);
  }

  // False when the stream was ended while it waited.
  bool StopWaiting() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(waiting_, false);
  }

  // Parses and adds the message that has come.
  absl::Status Take() {
    // Not kept for the next one: rows take many times their bytes on the wire.
    google::protobuf::Arena arena;
    auto* message = google::protobuf::Arena::CreateMessage<v1::PushObservationsRequest>(&arena);
    if (!RequestTraits::Deserialize(&buffer_, message).ok()) {
      return FieldInvalid("message",
                          "one of the stream is no PushObservationsRequest: its bytes are cut off "
                          "or a text is not UTF-8; nothing was written");
    }
    return push_.Add(*message);
  }

  void End(const absl::Status& status) {
    // Before the answer: who pushes on then finds the room.
    push_.Drop();
    Finish(edge_->Convert(context_, kMethod, status));
  }

  Edge* const edge_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  const absl::Duration silent_limit_;
  app::Push push_;
  grpc::ByteBuffer buffer_;
  absl::Mutex mutex_;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;  // for a message
  SilentStreams::Time waits_since_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<PushReactor> self_;  // until OnDone
};

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* ObservationService::PushObservations(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return new PushReactor(edge_, store_, &push_budget_, limits_, &push_stats_, &silent_, context,
                         response);
}

}  // namespace policytrack::rpc
