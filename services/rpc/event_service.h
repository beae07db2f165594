// EventService.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_EVENT_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_EVENT_SERVICE_H_

#include "policytrack/v1/event_service.grpc.pb.h"
#include "services/app/history.h"
#include "services/rpc/edge.h"
#include "services/rpc/watch_hub.h"

namespace policytrack::rpc {

// Watches are answered in raw messages, so that those who select the same share them.
class EventService final
    : public v1::EventService::WithRawCallbackMethod_WatchEvents<
          v1::EventService::WithCallbackMethod_ListCommits<
              v1::EventService::WithCallbackMethod_GetCommit<v1::EventService::Service>>> {
 public:
  // None is owned; all must outlive this.
  EventService(Edge* edge, app::History* history, WatchHub* watches)
      : edge_(edge), history_(history), watches_(watches) {}

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

  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override {
    return watches_->Open(context, request);
  }

 private:
  Edge* const edge_;
  app::History* const history_;
  WatchHub* const watches_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_EVENT_SERVICE_H_
