// The options of commands that have many: those that change plugins, and `watch`.
//
// Thread rule: main thread. What is pointed to outlives the command line.
#ifndef POLICYTRACK_CLIENTS_CLI_MORE_ARGUMENTS_H_
#define POLICYTRACK_CLIENTS_CLI_MORE_ARGUMENTS_H_

#include <CLI/CLI.hpp>

#include "clients/cli/plugin_change.h"
#include "clients/cli/watch.h"

namespace policytrack::cli {

// The commands below `plugins`; the one that is given sets `verb`.
void AddPluginChanges(CLI::App* plugins, PluginChangeOptions* options);

void AddWatchOptions(CLI::App* sub, WatchOptions* options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_MORE_ARGUMENTS_H_
