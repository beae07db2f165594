// The status of an observation, after SDMX CL_OBS_STATUS 2.2: in the contract, as
// flags in columns, as a letter in files, and what it does to what is computed.
// docs/observation-status.md has the table; a test compares the two.
//
// B, a break, is not among them: it is a mark of its own beside the status.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_OBSERVATION_STATUS_H_
#define POLICYTRACK_CORE_OBSERVATION_STATUS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "core/columns.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack {

struct StatusInfo {
  char letter;  // of SDMX
  v1::ObservationStatus status;
  // Of a status that stands for a value: the quality of a result that rests on it.
  Flags propagated;
  // Of a status that says why there is none: the reason, else UNSPECIFIED.
  v1::MissingReason reason;
  // There is nothing to add: a sum over parts or periods is complete without it.
  bool nothing;
};

// All but UNSPECIFIED, in the order of the contract.
const std::vector<StatusInfo>& AllStatuses();

// Whether the number is a status that a row can carry.
bool IsStatus(v1::ObservationStatus status);
// Whether it says why there is no value.
bool IsMissingStatus(v1::ObservationStatus status);
// The status of an SDMX letter or of a name, with or without its prefix; false
// for anything else.
bool ParseStatus(absl::string_view text, v1::ObservationStatus* status);
// Its letter; 'A' for UNSPECIFIED.
char LetterOf(v1::ObservationStatus status);

// Flags of a status. REQUIRES: IsStatus or UNSPECIFIED, which counts as NORMAL.
Flags FlagsOfStatus(v1::ObservationStatus status);
// The status of a point; NORMAL where a computed one is missing.
v1::ObservationStatus StatusOfFlags(Flags flags);

// The quality that a result has which rests on a point: one of normal, imputed,
// estimated, provisional, forecast. Plugins see no other.
Flags PropagatedQuality(Flags flags);
// Whether the point says that there is nothing to add.
bool IsNothing(Flags flags);
// Whether the source says why it has no value, not a computation.
bool IsMissingAtSource(Flags flags);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_OBSERVATION_STATUS_H_
