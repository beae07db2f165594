#include "clients/cli/plugin_change.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/words.h"
#include "policytrack/v1/plugin_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

std::string ReloadLine(const v1::PluginReload& change) {
  const std::string versions =
      change.from_version().empty() || change.from_version() == change.to_version()
          ? change.to_version()
          : absl::StrCat(change.from_version(), " -> ",
                         change.to_version().empty() ? "?" : change.to_version());
  return OneLine(absl::StrCat(
      EnumWord(v1::PluginReloadOutcome_Name(change.outcome()), "PLUGIN_RELOAD_OUTCOME_"), " ",
      change.file(), versions.empty() ? "" : " ", versions, change.message().empty() ? "" : ": ",
      change.message()));
}

int Reload(Context& context, const PluginChangeOptions& options) {
  v1::ReloadPluginsRequest request;
  request.set_validate_only(options.dry_run);
  auto stub = v1::PluginService::NewStub(context.connection.channel());
  const auto response =
      context.connection.Unary(*stub, &v1::PluginService::Stub::ReloadPlugins, request);
  if (!response.ok()) return Fail(context, response.status());
  bool refused = false;
  for (const v1::PluginReload& change : response->changes()) {
    refused = refused || change.outcome() == v1::PLUGIN_RELOAD_OUTCOME_REFUSED;
  }
  if (context.json) {
    context.out() << ToJson(*response, true);
    return refused ? kRefused : kDone;
  }
  if (options.dry_run) context.out() << "dry run, nothing was put in place\n";
  for (const v1::PluginReload& change : response->changes()) {
    context.out() << ReloadLine(change) << "\n";
  }
  context.out() << response->unchanged_count() << " unchanged\n";
  return refused ? kRefused : kDone;
}

int Show(Context& context, const PluginChangeOptions& options,
         const absl::StatusOr<v1::Plugin>& plugin) {
  if (!plugin.ok()) return Fail(context, plugin.status());
  if (context.json) {
    context.out() << ToJson(*plugin, true);
    return kDone;
  }
  if (options.dry_run) context.out() << "dry run, nothing was changed; as it is:\n";
  for (const v1::PluginVersion& version : plugin->versions()) {
    context.out() << OneLine(absl::StrCat(
                         plugin->name(), " ", version.version(), " ",
                         EnumWord(v1::PluginState_Name(version.state()), "PLUGIN_STATE_"),
                         version.in_use() ? ", in use" : "", version.has_quarantine() ? ": " : "",
                         version.quarantine().reason()))
                  << "\n";
  }
  return kDone;
}

}  // namespace

int RunPluginChange(Context& context, const PluginChangeOptions& options) {
  if (options.verb == "reload") return Reload(context, options);
  const std::string name = WithCollection("plugins", options.name);
  auto stub = v1::PluginService::NewStub(context.connection.channel());
  if (options.verb == "quarantine") {
    v1::QuarantinePluginRequest request;
    request.set_name(name);
    request.set_version(options.version);
    request.set_reason(options.reason);
    request.set_validate_only(options.dry_run);
    return Show(
        context, options,
        context.connection.Unary(*stub, &v1::PluginService::Stub::QuarantinePlugin, request));
  }
  if (options.verb == "release") {
    v1::ReleasePluginRequest request;
    request.set_name(name);
    request.set_version(options.version);
    request.set_validate_only(options.dry_run);
    return Show(context, options,
                context.connection.Unary(*stub, &v1::PluginService::Stub::ReleasePlugin, request));
  }
  v1::SelectPluginVersionRequest request;
  request.set_name(name);
  request.set_version(options.version);
  request.set_validate_only(options.dry_run);
  return Show(
      context, options,
      context.connection.Unary(*stub, &v1::PluginService::Stub::SelectPluginVersion, request));
}

}  // namespace policytrack::cli
