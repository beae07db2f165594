// Observations as files: CSV, and SDMX-CSV 2.0. What is written can be pushed again
// and changes nothing.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_EXPORT_H_
#define POLICYTRACK_CLIENTS_CLI_EXPORT_H_

#include <optional>

#include "clients/cli/context.h"
#include "clients/cli/resources.h"

namespace policytrack::cli {

// Writes all pages of the observations of options.parent, page by page, in the form
// of options.export_format, in `unit` unless that has none; then the file says in
// columns of its own what each value is in, and figures of a dataset that would not
// push back as they are kept are refused. Returns the exit code.
int ExportObservations(Context& context, const ListOptions& options,
                       const std::optional<v1::AsOf>& as_of, const ScaledUnit& unit);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_EXPORT_H_
