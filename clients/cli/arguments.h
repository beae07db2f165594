// The command line: reads it and runs what it asks for.
#ifndef POLICYTRACK_CLIENTS_CLI_ARGUMENTS_H_
#define POLICYTRACK_CLIENTS_CLI_ARGUMENTS_H_

#include <string>
#include <vector>

#include "clients/cli/context.h"

namespace policytrack::cli {

// `arguments` without the name of the program. Returns the exit code; throws
// nothing. Thread rule: one thread at a time.
int Run(std::vector<std::string> arguments, const Environment& environment);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_ARGUMENTS_H_
