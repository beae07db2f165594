// `policytrack get`, `list`, `delete` and `undelete`: resources one by one and
// by collection.
#ifndef POLICYTRACK_CLIENTS_CLI_RESOURCES_H_
#define POLICYTRACK_CLIENTS_CLI_RESOURCES_H_

#include <cstdint>
#include <string>

#include "clients/cli/context.h"
#include "clients/cli/unit_option.h"

namespace policytrack::cli {

struct GetOptions {
  std::string name;
  std::string as_of;
};

// Forms in which observations go out as files.
inline constexpr char kCsvFormat[] = "csv";
inline constexpr char kSdmxCsvFormat[] = "sdmx-csv";

struct ListOptions {
  std::string
      collection;  // plans, measures, datasets, indicators, scripts, plugins, commits, observations
  std::string parent;  // of observations
  std::string filter;
  std::string order_by;
  std::string as_of;
  std::string from;  // first period of observations
  std::string to;    // last period of observations
  std::string page_token;
  std::string export_format;      // of observations: one of the two above, or empty
  int64_t at_least_revision = 0;  // of observations
  UnitOption unit;                // of observations
  int page_size = 0;
  bool all = false;
  bool show_deleted = false;
};

struct DeleteOptions {
  std::string name;
  std::string etag;
  bool dry_run = false;
};

// Each returns the exit code. As text, get writes the YAML that apply reads.
int RunGet(Context& context, const GetOptions& options);
int RunList(Context& context, const ListOptions& options);
int RunDelete(Context& context, const DeleteOptions& options);
int RunUndelete(Context& context, const DeleteOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_RESOURCES_H_
