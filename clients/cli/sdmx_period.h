// The time periods of SDMX in our form.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_SDMX_PERIOD_H_
#define POLICYTRACK_CLIENTS_CLI_SDMX_PERIOD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::cli {

// Reporting periods, 2024-M09 being 2024-09, 2024-A1 2024 and 2024-D031 2024-01-31;
// the time range of one period, 2024-07-01/P3M being 2024-Q3; a midnight,
// 2024-09-05T00:00:00, which is its day. Another text stays, for the service to judge.
// Returns INVALID_ARGUMENT, in words, for a trimester and a range that is no period.
absl::StatusOr<std::string> PeriodOfSdmx(absl::string_view text);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_SDMX_PERIOD_H_
