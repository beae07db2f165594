// PlanService over the generic document methods.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_PLAN_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_PLAN_SERVICE_H_

#include "policytrack/v1/plan_service.grpc.pb.h"
#include "services/rpc/document_service.h"

namespace policytrack::rpc {

class PlanService final : public v1::PlanService::CallbackService {
 public:
  // None of the pointers is owned; all must outlive this.
  PlanService(Edge* edge, app::Documents* documents) : methods_(edge, documents) {}

  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context,
                                    const v1::GetPlanRequest* request,
                                    v1::Plan* response) override {
    return methods_.Get(context, "GetPlan", request, response);
  }

  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* context,
                                      const v1::ListPlansRequest* request,
                                      v1::ListPlansResponse* response) override {
    return methods_.List(context, "ListPlans", request, response, false,
                         [](v1::ListPlansResponse* list) { return list->add_plans(); });
  }

  grpc::ServerUnaryReactor* CreatePlan(grpc::CallbackServerContext* context,
                                       const v1::CreatePlanRequest* request,
                                       v1::Plan* response) override {
    return methods_.Create(context, "CreatePlan", request, request->plan_id(), request->plan(),
                           request->has_plan(), response);
  }

  grpc::ServerUnaryReactor* UpdatePlan(grpc::CallbackServerContext* context,
                                       const v1::UpdatePlanRequest* request,
                                       v1::Plan* response) override {
    return methods_.Update(context, "UpdatePlan", request, request->plan(), request->has_plan(),
                           response);
  }

  grpc::ServerUnaryReactor* DeletePlan(grpc::CallbackServerContext* context,
                                       const v1::DeletePlanRequest* request,
                                       v1::Plan* response) override {
    return methods_.Delete(context, "DeletePlan", request, response);
  }

  grpc::ServerUnaryReactor* ListPlanRevisions(grpc::CallbackServerContext* context,
                                              const v1::ListPlanRevisionsRequest* request,
                                              v1::ListPlanRevisionsResponse* response) override {
    return methods_.ListRevisions(
        context, "ListPlanRevisions", request, response,
        [](v1::ListPlanRevisionsResponse* list) { return list->add_plan_revisions(); });
  }

 private:
  DocumentMethods<v1::Plan> methods_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_PLAN_SERVICE_H_
