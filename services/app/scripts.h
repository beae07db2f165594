// Scripts as ways of computing: what an indicator needs to know of the plugin or
// the script that it names, and the dry run of a script on made-up figures.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_SCRIPTS_H_
#define POLICYTRACK_SERVICES_APP_SCRIPTS_H_

#include <cstdint>
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
  v1::PluginDescriptor descriptor;      // slots, outputs and version
  std::string runner;                   // the plugin that computes
  std::string digest;                   // of all that decides a result; "" when it is not active
  google::protobuf::Struct parameters;  // as the runner takes them
};

// Whether `plugin`, as an indicator names it, is a script.
bool IsScript(absl::string_view plugin);

// The plugin that computes what names `plugin`: itself, or what runs scripts.
std::string RunnerOf(const std::string& plugin);

// What of a script decides what it computes: neither texts nor bookkeeping.
std::string FormulaOf(const v1::Script& script);

// A script as a plugin of its own: its inputs are slots, its unit that of the
// output. `runner` is that of kScriptRunner.
Method MethodOfScript(const v1::Script& script, const v1::Plugin& runner,
                      const plugins::Engine& engine);

// The digest of what names `plugin`, as of a revision; "" when it is not active or
// not there. Returns what the store returns.
absl::StatusOr<std::string> MethodDigest(storage::ReadTransaction& tx, int64_t as_of,
                                         const plugins::Engine& engine, const std::string& plugin);

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
