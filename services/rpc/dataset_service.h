// DatasetService over the generic document methods.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_DATASET_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_DATASET_SERVICE_H_

#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "services/rpc/document_service.h"

namespace policytrack::rpc {

class DatasetService final : public v1::DatasetService::CallbackService {
 public:
  // None of the pointers is owned; all must outlive this.
  DatasetService(Edge* edge, app::Documents* documents) : methods_(edge, documents) {}

  grpc::ServerUnaryReactor* GetDataset(grpc::CallbackServerContext* context,
                                       const v1::GetDatasetRequest* request,
                                       v1::Dataset* response) override {
    return methods_.Get(context, "GetDataset", request, response);
  }

  grpc::ServerUnaryReactor* ListDatasets(grpc::CallbackServerContext* context,
                                         const v1::ListDatasetsRequest* request,
                                         v1::ListDatasetsResponse* response) override {
    return methods_.List(context, "ListDatasets", request, response, false,
                         [](v1::ListDatasetsResponse* list) { return list->add_datasets(); });
  }

  grpc::ServerUnaryReactor* CreateDataset(grpc::CallbackServerContext* context,
                                          const v1::CreateDatasetRequest* request,
                                          v1::Dataset* response) override {
    return methods_.Create(context, "CreateDataset", request, request->dataset_id(),
                           request->dataset(), request->has_dataset(), response);
  }

  grpc::ServerUnaryReactor* UpdateDataset(grpc::CallbackServerContext* context,
                                          const v1::UpdateDatasetRequest* request,
                                          v1::Dataset* response) override {
    return methods_.Update(context, "UpdateDataset", request, request->dataset(),
                           request->has_dataset(), response);
  }

  grpc::ServerUnaryReactor* DeleteDataset(grpc::CallbackServerContext* context,
                                          const v1::DeleteDatasetRequest* request,
                                          v1::Dataset* response) override {
    return methods_.Delete(context, "DeleteDataset", request, response);
  }

  grpc::ServerUnaryReactor* ListDatasetRevisions(
      grpc::CallbackServerContext* context, const v1::ListDatasetRevisionsRequest* request,
      v1::ListDatasetRevisionsResponse* response) override {
    return methods_.ListRevisions(
        context, "ListDatasetRevisions", request, response,
        [](v1::ListDatasetRevisionsResponse* list) { return list->add_dataset_revisions(); });
  }

 private:
  DocumentMethods<v1::Dataset> methods_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_DATASET_SERVICE_H_
