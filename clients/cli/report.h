// `policytrack report`: how far a plan has come.
#ifndef POLICYTRACK_CLIENTS_CLI_REPORT_H_
#define POLICYTRACK_CLIENTS_CLI_REPORT_H_

#include <cstdint>
#include <string>

#include "clients/cli/context.h"
#include "clients/cli/unit_option.h"

namespace policytrack::cli {

struct ReportOptions {
  std::string plan;
  std::string format = "table";  // table, markdown, json, csv
  std::string as_of;             // a revision or a time
  int64_t at_least_revision = 0;
  std::string language;  // BCP-47 tag
  UnitOption unit;
};

// Returns the exit code.
int RunReport(Context& context, const ReportOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_REPORT_H_
