// `policytrack plugins reload`, `quarantine`, `release` and `use`: what operators do
// with plugins while the server runs.
#ifndef POLICYTRACK_CLIENTS_CLI_PLUGIN_CHANGE_H_
#define POLICYTRACK_CLIENTS_CLI_PLUGIN_CHANGE_H_

#include <string>

#include "clients/cli/context.h"

namespace policytrack::cli {

struct PluginChangeOptions {
  std::string verb;  // reload, quarantine, release or use; empty for none
  std::string name;
  std::string version;
  std::string reason;
  bool dry_run = false;
};

// Returns the exit code; of reload 1 when a file was refused.
int RunPluginChange(Context& context, const PluginChangeOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PLUGIN_CHANGE_H_
