// EventService.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_EVENT_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_EVENT_SERVICE_H_

#include "policytrack/v1/event_service.grpc.pb.h"
#include "services/app/history.h"
#include "services/rpc/edge.h"

namespace policytrack::rpc {

class EventService final : public v1::EventService::CallbackService {
 public:
  // Neither is owned; both must outlive this.
  EventService(Edge* edge, app::History* history) : edge_(edge), history_(history) {}

  grpc::ServerUnaryReactor* GetCommit(grpc::CallbackServerContext* context,
                                      const v1::GetCommitRequest* request,
                                      v1::Commit* response) override {
    return edge_->Now(context, "GetCommit", [&]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(history_->Get(request->name()), response);
    });
  }

  grpc::ServerUnaryReactor* ListCommits(grpc::CallbackServerContext* context,
                                        const v1::ListCommitsRequest* request,
                                        v1::ListCommitsResponse* response) override {
    return edge_->Pooled(context, "ListCommits", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(history_->List(*request), response);
    });
  }

 private:
  Edge* const edge_;
  app::History* const history_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_EVENT_SERVICE_H_
