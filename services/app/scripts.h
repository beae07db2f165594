// Scripts as ways of computing: what an indicator needs to know of the plugin or
// the script that it names, and the dry run of a script on made-up figures.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_SCRIPTS_H_
#define POLICYTRACK_SERVICES_APP_SCRIPTS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"
#include "policytrack/v1/script.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// The plugin that runs scripts.
inline constexpr char kScriptRunner[] = "plugins/lua";

// How something is computed.
struct Method {
  std::shared_ptr<const plugins::Build> build;  // what computes
  v1::PluginDescriptor descriptor;              // slots, outputs and version
  std::string digest;                   // of all that decides a result; "" when it is not active
  google::protobuf::Struct parameters;  // as the build takes them
};

// Whether `plugin`, as an indicator names it, is a script.
bool IsScript(absl::string_view plugin);

// The plugin that computes what is named `reference`: itself, or what runs scripts.
std::string RunnerOf(const std::string& reference);

// What of a script decides what it computes: neither texts nor bookkeeping.
std::string FormulaOf(const v1::Script& script);

// A script as a plugin of its own: its inputs are slots, its unit that of the
// output. `runner` is a build of kScriptRunner.
Method MethodOfScript(const v1::Script& script, std::shared_ptr<const plugins::Build> runner);

// The digest of what is named `reference`, a script or a plugin with what is asked of its
// version, as of a revision; "" when it is not active or
// not there. Returns what the store returns.
absl::StatusOr<std::string> MethodDigest(storage::ReadTransaction& tx, int64_t as_of,
                                         const plugins::Engine& engine,
                                         const std::string& reference);

// Runs a script on made-up figures, with each input missing at some of the periods,
// and with those that may be left open fed and open.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `script.expression` or
// `script.code` and the line, when it cannot be read or fails; FAILED_PRECONDITION
// / PLUGIN_NOT_ACTIVE when nothing runs scripts.
absl::Status DryRun(plugins::Engine& engine, const v1::Script& script);

// An error of the runner, as one of what names `plugin`.
absl::Status InNameOf(const std::string& plugin, const absl::Status& status);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_SCRIPTS_H_
