// ProgressService.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_PROGRESS_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_PROGRESS_SERVICE_H_

#include "policytrack/v1/progress_service.grpc.pb.h"
#include "services/app/explain.h"
#include "services/app/progress.h"
#include "services/rpc/edge.h"

namespace policytrack::rpc {

class ProgressService final : public v1::ProgressService::CallbackService {
 public:
  // None of the pointers is owned; all must outlive this.
  ProgressService(Edge* edge, app::ProgressReader* progress, app::Explainer* explainer)
      : edge_(edge), progress_(progress), explainer_(explainer) {}

  grpc::ServerUnaryReactor* GetMeasureProgress(grpc::CallbackServerContext* context,
                                               const v1::GetMeasureProgressRequest* request,
                                               v1::MeasureProgress* response) override {
    return edge_->Pooled(context, "GetMeasureProgress", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(progress_->GetMeasureProgress(*request), response);
    });
  }

  grpc::ServerUnaryReactor* GetPlanProgress(grpc::CallbackServerContext* context,
                                            const v1::GetPlanProgressRequest* request,
                                            v1::PlanProgress* response) override {
    return edge_->Pooled(context, "GetPlanProgress", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(progress_->GetPlanProgress(*request), response);
    });
  }

  grpc::ServerUnaryReactor* ExplainProgress(grpc::CallbackServerContext* context,
                                            const v1::ExplainProgressRequest* request,
                                            v1::ExplainProgressResponse* response) override {
    return edge_->Pooled(context, "ExplainProgress", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(explainer_->ExplainProgress(*request), response);
    });
  }

 private:
  Edge* const edge_;
  app::ProgressReader* const progress_;
  app::Explainer* const explainer_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_PROGRESS_SERVICE_H_
