// From the unit in which a file has its figures to that of the dataset.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_UNIT_SCALE_H_
#define POLICYTRACK_CLIENTS_CLI_UNIT_SCALE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policytrack/v1/dataset.pb.h"

namespace policytrack::cli {

struct UnitScale {
  int exponent = 0;  // powers of ten, which go into the text of the number
  double times = 1;  // what is left of the ratio of the units, as two whole numbers
  double divided = 1;

  // The number scaled, rounded once where the ratio is a power of ten; may be out
  // of range. REQUIRES: ParseDouble reads the text.
  double Apply(absl::string_view plain) const;
  // The text with the powers of ten in it, for messages about its range.
  std::string Shifted(absl::string_view plain) const;
};

// From 10^multiplier `unit` to the unit of the dataset; an empty unit is the
// dataset's own.
// Returns INVALID_ARGUMENT, in words, when they measure different things.
absl::StatusOr<UnitScale> ScaleTo(const v1::Dataset& dataset, absl::string_view unit,
                                  int multiplier);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_UNIT_SCALE_H_
