// MeasureService over the generic document methods.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_MEASURE_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_MEASURE_SERVICE_H_

#include "policytrack/v1/measure_service.grpc.pb.h"
#include "services/rpc/document_service.h"

namespace policytrack::rpc {

class MeasureService final : public v1::MeasureService::CallbackService {
 public:
  // None of the pointers is owned; all must outlive this.
  MeasureService(Edge* edge, app::Documents* documents) : methods_(edge, documents) {}

  grpc::ServerUnaryReactor* GetMeasure(grpc::CallbackServerContext* context,
                                       const v1::GetMeasureRequest* request,
                                       v1::Measure* response) override {
    return methods_.Get(context, "GetMeasure", request, response);
  }

  grpc::ServerUnaryReactor* ListMeasures(grpc::CallbackServerContext* context,
                                         const v1::ListMeasuresRequest* request,
                                         v1::ListMeasuresResponse* response) override {
    return methods_.List(context, "ListMeasures", request, response, request->show_deleted(),
                         [](v1::ListMeasuresResponse* list) { return list->add_measures(); });
  }

  grpc::ServerUnaryReactor* CreateMeasure(grpc::CallbackServerContext* context,
                                          const v1::CreateMeasureRequest* request,
                                          v1::Measure* response) override {
    return methods_.Create(context, "CreateMeasure", request, request->measure_id(),
                           request->measure(), request->has_measure(), response);
  }

  grpc::ServerUnaryReactor* UpdateMeasure(grpc::CallbackServerContext* context,
                                          const v1::UpdateMeasureRequest* request,
                                          v1::Measure* response) override {
    return methods_.Update(context, "UpdateMeasure", request, request->measure(),
                           request->has_measure(), response);
  }

  grpc::ServerUnaryReactor* DeleteMeasure(grpc::CallbackServerContext* context,
                                          const v1::DeleteMeasureRequest* request,
                                          v1::Measure* response) override {
    return methods_.Delete(context, "DeleteMeasure", request, response);
  }

  grpc::ServerUnaryReactor* ListMeasureRevisions(
      grpc::CallbackServerContext* context, const v1::ListMeasureRevisionsRequest* request,
      v1::ListMeasureRevisionsResponse* response) override {
    return methods_.ListRevisions(
        context, "ListMeasureRevisions", request, response,
        [](v1::ListMeasureRevisionsResponse* list) { return list->add_measure_revisions(); });
  }

  grpc::ServerUnaryReactor* UndeleteMeasure(grpc::CallbackServerContext* context,
                                            const v1::UndeleteMeasureRequest* request,
                                            v1::Measure* response) override {
    return methods_.Undelete(context, "UndeleteMeasure", request, response);
  }

 private:
  DocumentMethods<v1::Measure> methods_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_MEASURE_SERVICE_H_
