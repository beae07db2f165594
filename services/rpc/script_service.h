// ScriptService over the generic document methods.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_SCRIPT_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_SCRIPT_SERVICE_H_

#include "policytrack/v1/script_service.grpc.pb.h"
#include "services/rpc/document_service.h"

namespace policytrack::rpc {

class ScriptService final : public v1::ScriptService::CallbackService {
 public:
  // None of the pointers is owned; all must outlive this.
  ScriptService(Edge* edge, app::Documents* documents) : methods_(edge, documents) {}

  grpc::ServerUnaryReactor* GetScript(grpc::CallbackServerContext* context,
                                      const v1::GetScriptRequest* request,
                                      v1::Script* response) override {
    return methods_.Get(context, "GetScript", request, response);
  }

  grpc::ServerUnaryReactor* ListScripts(grpc::CallbackServerContext* context,
                                        const v1::ListScriptsRequest* request,
                                        v1::ListScriptsResponse* response) override {
    return methods_.List(context, "ListScripts", request, response, false,
                         [](v1::ListScriptsResponse* list) { return list->add_scripts(); });
  }

  grpc::ServerUnaryReactor* CreateScript(grpc::CallbackServerContext* context,
                                         const v1::CreateScriptRequest* request,
                                         v1::Script* response) override {
    return methods_.Create(context, "CreateScript", request, request->script_id(),
                           request->script(), request->has_script(), response);
  }

  grpc::ServerUnaryReactor* UpdateScript(grpc::CallbackServerContext* context,
                                         const v1::UpdateScriptRequest* request,
                                         v1::Script* response) override {
    return methods_.Update(context, "UpdateScript", request, request->script(),
                           request->has_script(), response);
  }

  grpc::ServerUnaryReactor* DeleteScript(grpc::CallbackServerContext* context,
                                         const v1::DeleteScriptRequest* request,
                                         v1::Script* response) override {
    return methods_.Delete(context, "DeleteScript", request, response);
  }

  grpc::ServerUnaryReactor* ListScriptRevisions(
      grpc::CallbackServerContext* context, const v1::ListScriptRevisionsRequest* request,
      v1::ListScriptRevisionsResponse* response) override {
    return methods_.ListRevisions(
        context, "ListScriptRevisions", request, response,
        [](v1::ListScriptRevisionsResponse* list) { return list->add_script_revisions(); });
  }

 private:
  DocumentMethods<v1::Script> methods_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_SCRIPT_SERVICE_H_
