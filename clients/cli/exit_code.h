// How the client ends. CI jobs decide by these numbers, so they never change
// their meaning.
#ifndef POLICYTRACK_CLIENTS_CLI_EXIT_CODE_H_
#define POLICYTRACK_CLIENTS_CLI_EXIT_CODE_H_

#include "absl/status/status.h"

namespace policytrack::cli {

enum ExitCode : int {
  kDone = 0,
  // Rows or documents were refused, here or by the server: the request is wrong.
  kRefused = 1,
  // The command line is wrong, a file that it names cannot be read, or the output cannot
  // be written.
  kUsage = 2,
  // The service could not be reached or could not do it, after all retries.
  kUnavailable = 3,
  // No valid token, or not allowed.
  kNotAllowed = 4,
};

// The exit code for the answer of a call.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_EXIT_CODE_H_
