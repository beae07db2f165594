// From one unit and multiplier to another of the same kind. One place for files
// that are pushed, reads that name a unit, and progress told in another one.
//
// Thread rule: free functions and values, any thread.
#ifndef POLICYTRACK_CORE_UNIT_CONVERSION_H_
#define POLICYTRACK_CORE_UNIT_CONVERSION_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace policytrack {

// 10^multiplier of a unit of the list.
struct ScaledUnit {
  std::string unit;
  int multiplier = 0;
};

// The ratio of two of them: times / divided * 10^exponent, where times and divided
// are whole numbers without a common factor and without a factor of ten.
struct UnitRatio {
  int exponent = 0;
  int64_t times = 1;
  int64_t divided = 1;

  bool is_one() const { return exponent == 0 && is_power_of_ten(); }
  bool is_power_of_ten() const { return times == 1 && divided == 1; }
  // The value in the other unit; nothing when a double cannot hold it: infinite, or
  // zero although the value is not. Where the ratio is a power of ten, it is the
  // double nearest to the decimal that the value stands for, so that 4.35 of ten
  // thousands is 43500, and 43500 in ten thousands 4.35.
  std::optional<double> Apply(double value) const;
};

// Nothing when one of the units is not on the list or they are of two kinds.
// REQUIRES: multipliers are valid.
std::optional<UnitRatio> RatioBetween(const ScaledUnit& from, const ScaledUnit& to);

// Ok for what a read may ask for: neither of the two, or a unit of the list with a
// valid multiplier. Numbers of codes and of periods have none.
// Returns INVALID_ARGUMENT / FIELD_INVALID, or FIELD_REQUIRED for a multiplier
// without unit, naming the fields `unit` and `unit_multiplier`.
absl::Status CheckAskedUnit(absl::string_view unit, int multiplier);

// INVALID_ARGUMENT / FIELD_INVALID for the field `unit`: `what` is in the units
// `own`, none of which is of the kind of `asked`; lists what it can be read in.
absl::Status NotConvertible(absl::string_view what, const std::set<std::string>& own,
                            absl::string_view asked);

// INVALID_ARGUMENT / FIELD_INVALID: `value`, of what `where` says, is beyond
// doubles in the unit asked.
absl::Status BeyondDoubles(absl::string_view where, const ScaledUnit& asked);

// A unit as people write it: a code, a customary word (万辆), or a label as reports
// show it (10^3 vehicles). Nothing for another text.
std::optional<ScaledUnit> ParseUnitText(absl::string_view text);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_UNIT_CONVERSION_H_
