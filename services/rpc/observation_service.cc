#include "services/rpc/observation_service.h"

#include <utility>

namespace policytrack::rpc {
namespace {

constexpr char kMethod[] = "PushObservations";

// One push. Deletes itself when the library is done with it, which is after the
// answer of the store: the stream is open until End.
class PushReactor final : public grpc::ServerReadReactor<v1::PushObservationsRequest> {
 public:
  PushReactor(Edge* edge, storage::Store* store, const app::PushLimits& limits,
              grpc::CallbackServerContext* context, v1::PushObservationsResponse* response)
      : edge_(edge),
        context_(context),
        response_(response),
        push_(store, limits, PrincipalOf(*context)) {
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      const absl::Status status = push_.Add(message_);
      if (!status.ok()) return End(status);
      message_.Clear();
      StartRead(&message_);
      return;
    }
    // Half-close, or the stream broke: then what was gathered is dropped.
    if (context_->IsCancelled()) {
      return End(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                       "the stream broke before it was closed; nothing was written"));
    }
    push_.Finish([this](absl::StatusOr<v1::PushObservationsResponse> result) {
      End(Assign(std::move(result), response_));
    });
  }

  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) { Finish(edge_->Convert(context_, kMethod, status)); }

  Edge* const edge_;
  grpc::CallbackServerContext* const context_;
  v1::PushObservationsResponse* const response_;
  app::Push push_;
  v1::PushObservationsRequest message_;
};

}  // namespace

grpc::ServerReadReactor<v1::PushObservationsRequest>* ObservationService::PushObservations(
    grpc::CallbackServerContext* context, v1::PushObservationsResponse* response) {
  return new PushReactor(edge_, store_, limits_, context, response);
}

}  // namespace policytrack::rpc
