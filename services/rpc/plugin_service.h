// PluginService.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_PLUGIN_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_PLUGIN_SERVICE_H_

#include "policytrack/v1/plugin_service.grpc.pb.h"
#include "services/app/plugin_admin.h"
#include "services/app/plugin_list.h"
#include "services/rpc/edge.h"

namespace policytrack::rpc {

class PluginService final : public v1::PluginService::CallbackService {
 public:
  // Nothing is owned; all must outlive this.
  PluginService(Edge* edge, app::PluginList* plugins, app::PluginAdmin* admin)
      : edge_(edge), plugins_(plugins), admin_(admin) {}

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

  grpc::ServerUnaryReactor* ReloadPlugins(grpc::CallbackServerContext* context,
                                          const v1::ReloadPluginsRequest* request,
                                          v1::ReloadPluginsResponse* response) override {
    return edge_->Pooled(context, "ReloadPlugins", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(admin_->Reload(request->validate_only()), response);
    });
  }

  grpc::ServerUnaryReactor* QuarantinePlugin(grpc::CallbackServerContext* context,
                                             const v1::QuarantinePluginRequest* request,
                                             v1::Plugin* response) override {
    return edge_->Pooled(context, "QuarantinePlugin", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(admin_->Quarantine(*request, PrincipalOf(*context)), response);
    });
  }

  grpc::ServerUnaryReactor* ReleasePlugin(grpc::CallbackServerContext* context,
                                          const v1::ReleasePluginRequest* request,
                                          v1::Plugin* response) override {
    return edge_->Pooled(context, "ReleasePlugin", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(admin_->Release(*request, PrincipalOf(*context)), response);
    });
  }

  grpc::ServerUnaryReactor* SelectPluginVersion(grpc::CallbackServerContext* context,
                                                const v1::SelectPluginVersionRequest* request,
                                                v1::Plugin* response) override {
    return edge_->Pooled(context, "SelectPluginVersion", [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Assign(admin_->Select(*request, PrincipalOf(*context)), response);
    });
  }

 private:
  Edge* const edge_;
  app::PluginList* const plugins_;
  app::PluginAdmin* const admin_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_PLUGIN_SERVICE_H_
