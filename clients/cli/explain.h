// `policytrack explain`: from which figures a judgement comes.
#ifndef POLICYTRACK_CLIENTS_CLI_EXPLAIN_H_
#define POLICYTRACK_CLIENTS_CLI_EXPLAIN_H_

#include <cstdint>
#include <string>

#include "clients/cli/context.h"

namespace policytrack::cli {

struct ExplainOptions {
  std::string
      name;  // measures/{measure} for all its targets, or measures/{measure}/targets/{target}
  std::string as_of;
  std::string period;
  int64_t at_least_revision = 0;
};

// Returns the exit code.
int RunExplain(Context& context, const ExplainOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_EXPLAIN_H_
