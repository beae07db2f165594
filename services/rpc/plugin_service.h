// PluginService.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_PLUGIN_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_PLUGIN_SERVICE_H_

#include "policytrack/v1/plugin_service.grpc.pb.h"
#include "services/app/plugin_list.h"
#include "services/rpc/edge.h"

namespace policytrack::rpc {

class PluginService final : public v1::PluginService::CallbackService {
 public:
  // Neither is owned; both must outlive this.
  PluginService(Edge* edge, app::PluginList* plugins) : edge_(edge), plugins_(plugins) {}

  grpc::ServerUnaryReactor* GetPlugin(grpc::CallbackServerContext* context,
                                      const v1::GetPluginRequest* request,
                                      v1::Plugin* response) override {
    return edge_->Now(context, "GetPlugin", [&]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(plugins_->Get(request->name()), response);
    });
  }

  grpc::ServerUnaryReactor* ListPlugins(grpc::CallbackServerContext* context,
                                        const v1::ListPluginsRequest* request,
                                        v1::ListPluginsResponse* response) override {
    return edge_->Now(context, "ListPlugins", [&]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(plugins_->List(*request), response);
    });
  }

 private:
  Edge* const edge_;
  app::PluginList* const plugins_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_PLUGIN_SERVICE_H_
