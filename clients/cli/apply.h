// `policytrack apply`: makes the server's documents equal to those in files.
#ifndef POLICYTRACK_CLIENTS_CLI_APPLY_H_
#define POLICYTRACK_CLIENTS_CLI_APPLY_H_

#include <string>
#include <vector>

#include "clients/cli/context.h"

namespace policytrack::cli {

struct ApplyOptions {
  std::vector<std::string> paths;
  // Check everything, write nothing.
  bool dry_run = false;
  // Delete the measures of the plans in the set that are not in the set.
  bool prune = false;
};

// Nothing is sent before every document has been read without error. Stops at
// the first refusal of the server and says what was applied and what was not;
// a dry run goes on and reports every refusal. Returns the exit code.
int RunApply(Context& context, const ApplyOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_APPLY_H_
