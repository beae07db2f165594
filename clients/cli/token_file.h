// A file that holds one resume token.
//
// Thread rule: free functions; one thread a file.
#ifndef POLICYTRACK_CLIENTS_CLI_TOKEN_FILE_H_
#define POLICYTRACK_CLIENTS_CLI_TOKEN_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace policytrack::cli {

// What it holds, without spaces at its ends; "" when there is no such file.
// Returns INVALID_ARGUMENT for a file that cannot be read, or that is there and empty:
// to begin at the present because of it would miss what came before.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

// Puts the token in place of what was there, durably and at once: after a crash the
// file holds one of the two, whole.
// Returns INVALID_ARGUMENT when it cannot be written.
absl::Status WriteTokenFile(const std::string& path, const std::string& token);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_TOKEN_FILE_H_
