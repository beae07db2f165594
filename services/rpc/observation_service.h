// ObservationService: the push stream, and the two reads.
//
// Thread rule: as Edge. A push reactor belongs to its stream; the library calls
// it one event at a time.
#ifndef POLICYTRACK_SERVICES_RPC_OBSERVATION_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_OBSERVATION_SERVICE_H_

#include "policytrack/v1/observation_service.grpc.pb.h"
#include "services/app/observations.h"
#include "services/app/push.h"
#include "services/rpc/edge.h"
#include "services/rpc/silent_streams.h"

namespace policytrack::rpc {

// Pushes are read and answered as raw messages; observation_service.cc says why.
class ObservationService final
    : public v1::ObservationService::WithRawCallbackMethod_PushObservations<
          v1::ObservationService::WithCallbackMethod_ListObservations<
              v1::ObservationService::WithCallbackMethod_ReadSeries<
                  v1::ObservationService::Service>>> {
 public:
  // None of the pointers is owned; all must outlive this. A push whose client sends
  // nothing for `max_silence` is ended.
  ObservationService(Edge* edge, storage::Store* store, app::Observations* observations,
                     const app::PushLimits& limits, absl::Duration max_silence)
      : edge_(edge),
        store_(store),
        observations_(observations),
        limits_(limits),
        push_budget_(limits.max_total_bytes),
        silent_(max_silence) {}

  const app::PushBudget& push_budget() const { return push_budget_; }
  const app::PushStats& push_stats() const { return push_stats_; }

  grpc::ServerReadReactor<grpc::ByteBuffer>* PushObservations(grpc::CallbackServerContext* context,
                                                              grpc::ByteBuffer* response) override;

  grpc::ServerUnaryReactor* ListObservations(grpc::CallbackServerContext* context,
                                             const v1::ListObservationsRequest* request,
                                             v1::ListObservationsResponse* response) override {
    return edge_->Pooled(context, "ListObservations", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(observations_->List(*request), response);
    });
  }

  grpc::ServerUnaryReactor* ReadSeries(grpc::CallbackServerContext* context,
                                       const v1::ReadSeriesRequest* request,
                                       v1::ReadSeriesResponse* response) override {
    // To look one series up takes less than to wake a thread for it.
    return edge_->NowOrPooled(
        context, "ReadSeries",
        [&]() -> std::optional<absl::Status> {
          if (!CheckFields(*request, "").ok()) return std::nullopt;
          auto answer = observations_->ReadIfLookup(*request);
          if (!answer.has_value()) return std::nullopt;
          return Assign(*std::move(answer), response);
        },
        [=, this]() -> absl::Status {
          PT_RETURN_IF_ERROR(CheckFields(*request, ""));
          return Assign(observations_->Read(*request), response);
        });
  }

 private:
  Edge* const edge_;
  storage::Store* const store_;
  app::Observations* const observations_;
  const app::PushLimits limits_;
  app::PushBudget push_budget_;
  app::PushStats push_stats_;
  SilentStreams silent_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_OBSERVATION_SERVICE_H_
