#include "clients/cli/unit_option.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/unit.h"

namespace policytrack::cli {

absl::StatusOr<ScaledUnit> ReadUnit(const UnitOption& option) {
  if (option.text.empty()) {
    if (!option.multiplier.has_value()) return ScaledUnit();
    return absl::InvalidArgumentError("--multiplier is the power of ten of --unit; name that too");
  }
  std::optional<ScaledUnit> unit = ParseUnitText(option.text);
  // The message lists the nearest codes.
  if (!unit.has_value()) return CheckUnit("--unit", option.text);
  if (!option.multiplier.has_value()) return *unit;
  if (FindUnit(option.text) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("--unit ", option.text,
                                                   " has a multiplier of its own, ",
                                                   unit->multiplier, "; leave --multiplier out"));
  }
  PT_RETURN_IF_ERROR(CheckUnitMultiplier("--multiplier", *option.multiplier));
  unit->multiplier = *option.multiplier;
  return *unit;
}

}  // namespace policytrack::cli
