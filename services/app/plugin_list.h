// The plugins of the engine, as clients read them: filtered and paged by name.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_SERVICES_APP_PLUGIN_LIST_H_
#define POLICYTRACK_SERVICES_APP_PLUGIN_LIST_H_

#include <string>

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"
#include "policytrack/v1/plugin_service.pb.h"

namespace policytrack::app {

class PluginList {
 public:
  // The engine is not owned and must outlive this.
  explicit PluginList(plugins::Engine* engine) : engine_(engine) {}

  // The errors are those that PluginService documents.
  absl::StatusOr<v1::Plugin> Get(const std::string& name);
  absl::StatusOr<v1::ListPluginsResponse> List(const v1::ListPluginsRequest& request);

 private:
  plugins::Engine* const engine_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PLUGIN_LIST_H_
