// --unit and --multiplier of the commands that read.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_UNIT_OPTION_H_
#define POLICYTRACK_CLIENTS_CLI_UNIT_OPTION_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/unit_conversion.h"

namespace policytrack::cli {

// As given on the command line.
struct UnitOption {
  std::string text;               // a code, a customary word or a label; empty means as kept
  std::optional<int> multiplier;  // only with a code
};

// What is to be asked of the service; its unit is empty when nothing was given.
// Returns INVALID_ARGUMENT in words for a text that is none of these, a multiplier
// out of range, and one beside a word that has its own or without unit.
absl::StatusOr<ScaledUnit> ReadUnit(const UnitOption& option);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_UNIT_OPTION_H_
