// IndicatorService over the generic document methods and the preview.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_INDICATOR_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_INDICATOR_SERVICE_H_

#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "services/app/preview.h"
#include "services/rpc/document_service.h"

namespace policytrack::rpc {

class IndicatorService final : public v1::IndicatorService::CallbackService {
 public:
  // None of the pointers is owned; all must outlive this.
  IndicatorService(Edge* edge, app::Documents* documents, app::Preview* preview)
      : methods_(edge, documents), preview_(preview) {}

  grpc::ServerUnaryReactor* GetIndicator(grpc::CallbackServerContext* context,
                                         const v1::GetIndicatorRequest* request,
                                         v1::Indicator* response) override {
    return methods_.Get(context, "GetIndicator", request, response);
  }

  grpc::ServerUnaryReactor* ListIndicators(grpc::CallbackServerContext* context,
                                           const v1::ListIndicatorsRequest* request,
                                           v1::ListIndicatorsResponse* response) override {
    return methods_.List(context, "ListIndicators", request, response, false,
                         [](v1::ListIndicatorsResponse* list) { return list->add_indicators(); });
  }

  grpc::ServerUnaryReactor* CreateIndicator(grpc::CallbackServerContext* context,
                                            const v1::CreateIndicatorRequest* request,
                                            v1::Indicator* response) override {
    return methods_.Create(context, "CreateIndicator", request, request->indicator_id(),
                           request->indicator(), request->has_indicator(), response);
  }

  grpc::ServerUnaryReactor* UpdateIndicator(grpc::CallbackServerContext* context,
                                            const v1::UpdateIndicatorRequest* request,
                                            v1::Indicator* response) override {
    return methods_.Update(context, "UpdateIndicator", request, request->indicator(),
                           request->has_indicator(), response);
  }

  grpc::ServerUnaryReactor* DeleteIndicator(grpc::CallbackServerContext* context,
                                            const v1::DeleteIndicatorRequest* request,
                                            v1::Indicator* response) override {
    return methods_.Delete(context, "DeleteIndicator", request, response);
  }

  grpc::ServerUnaryReactor* ListIndicatorRevisions(
      grpc::CallbackServerContext* context, const v1::ListIndicatorRevisionsRequest* request,
      v1::ListIndicatorRevisionsResponse* response) override {
    return methods_.ListRevisions(
        context, "ListIndicatorRevisions", request, response,
        [](v1::ListIndicatorRevisionsResponse* list) { return list->add_indicator_revisions(); });
  }

  grpc::ServerUnaryReactor* PreviewIndicator(grpc::CallbackServerContext* context,
                                             const v1::PreviewIndicatorRequest* request,
                                             v1::PreviewIndicatorResponse* response) override {
    return methods_.edge()->Pooled(context, "PreviewIndicator", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(preview_->PreviewIndicator(*request), response);
    });
  }

 private:
  DocumentMethods<v1::Indicator> methods_;
  app::Preview* const preview_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_INDICATOR_SERVICE_H_
