// What became of every row of a push. The service counts and lists what it refuses;
// the rest is read from the history that the push wrote: the state as of its
// revision against the state as of the one before. A commit has a revision of its
// own, so what others write at the same time is in neither difference.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_PUSH_REPORT_H_
#define POLICYTRACK_CLIENTS_CLI_PUSH_REPORT_H_

#include <vector>

#include "absl/status/status.h"
#include "clients/cli/context.h"
#include "clients/cli/push_input.h"
#include "clients/cli/push_summary.h"
#include "policytrack/v1/observation_service.pb.h"

namespace policytrack::cli {

// Reads the files once more and writes one line a row, as text or, with
// context.json, as JSON. Memory grows with the rows that changed, not with the
// dataset.
// Returns the errors of the service, and of the files when they have changed.
absl::Status WriteRowReport(Context& context, const std::vector<PushInput>& inputs,
                            const DatasetLookup& lookup,
                            const v1::PushObservationsResponse& response,
                            const std::vector<RefusedRow>& refused);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PUSH_REPORT_H_
