// `policytrack watch`: what changes, as it happens.
#ifndef POLICYTRACK_CLIENTS_CLI_WATCH_H_
#define POLICYTRACK_CLIENTS_CLI_WATCH_H_

#include <string>
#include <vector>

#include "clients/cli/context.h"

namespace policytrack::cli {

struct WatchOptions {
  std::vector<std::string> names;
  std::vector<std::string> kinds;  // as in status-changed
  std::string filter;
  std::string resume_token;
  std::string from;        // a revision or a time; empty is the present
  std::string token_file;  // read at start, written after each commit
  bool stop_at_present = false;
  int heartbeat_seconds = 30;
};

// The kinds that --kind takes, as in status-changed.
std::vector<std::string> EventKindWords();

// Returns the exit code.
int RunWatch(Context& context, const WatchOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_WATCH_H_
