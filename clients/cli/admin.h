// `policytrack backup` and `verify`: what an operator asks of the store as a whole.
#ifndef POLICYTRACK_CLIENTS_CLI_ADMIN_H_
#define POLICYTRACK_CLIENTS_CLI_ADMIN_H_

#include <string>

#include "absl/time/time.h"
#include "clients/cli/context.h"

namespace policytrack::cli {

struct AdminOptions {
  std::string file;       // where a backup is written here, or
  std::string on_server;  // the id of one that the server keeps
  // Both read all that there is.
  absl::Duration timeout = absl::Hours(1);
};

// Each returns the exit code. A backup is under its name whole or not at all, and
// what is there already stays. A check that finds damage ends with kRefused.
int RunBackup(Context& context, const AdminOptions& options);
int RunVerify(Context& context, const AdminOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_ADMIN_H_
