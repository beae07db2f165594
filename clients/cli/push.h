// `policytrack push`: figures from files to datasets, as one commit.
#ifndef POLICYTRACK_CLIENTS_CLI_PUSH_H_
#define POLICYTRACK_CLIENTS_CLI_PUSH_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/context.h"

namespace policytrack::cli {

struct PushCommandOptions {
  std::vector<std::string> files;  // `-` is standard input
  std::string format;              // csv, sdmx-csv or jsonl; empty: by the file's name
  std::string encoding;            // empty: as the mapping says, or UTF-8
  std::string mapping;             // a mapping file
  std::string dataset;
  std::string period_column;
  std::string value_column;
  std::string status_column;
  std::vector<std::string> dimensions;
  // Tell what became of every row.
  bool report_rows = false;
  std::string request_id;  // empty: a new one
  // Files without one row to push are no error.
  bool allow_empty = false;
  bool partial = false;
  bool dry_run = false;
  absl::Duration timeout = absl::Minutes(10);
};

// Reads everything once to check it and a second time to send it, so that
// nothing is sent while a row is wrong (unless `partial`), and so that a push
// can be sent again when the service was not there. Returns the exit code.
int RunPush(Context& context, const PushCommandOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PUSH_H_
