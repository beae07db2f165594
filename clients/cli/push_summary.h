// What a push did, as text and as JSON.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_PUSH_SUMMARY_H_
#define POLICYTRACK_CLIENTS_CLI_PUSH_SUMMARY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/context.h"
#include "policytrack/v1/observation_service.pb.h"

namespace policytrack::cli {

struct RefusedRow {
  std::string file;
  int64_t line = 0;
  std::string reason;
  std::string field;
  std::string message;
  int64_t row = -1;  // of the stream; -1 when it was refused here
};

struct PushTally {
  int64_t good = 0;      // to be sent
  int64_t missing = 0;   // of them: without value, the status saying why
  int64_t bad = 0;       // refused here
  int64_t skipped = 0;   // their value is a mark for none
  int64_t filtered = 0;  // not selected by `where`
  int64_t rejected = 0;  // by the service
};

void WritePushText(const Context& context, bool dry_run, const PushTally& tally,
                   const v1::PushObservationsResponse& response);

// `indent` as for nlohmann's dump: -1 is one line.
void WritePushJson(const Context& context, bool dry_run, const PushTally& tally,
                   const std::optional<v1::PushObservationsResponse>& response,
                   const std::vector<RefusedRow>& refused, const absl::Status& status, int indent);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PUSH_SUMMARY_H_
