// The closed list of units. A unit has a code, a kind (what it measures) and a
// factor to the base unit of that kind; multipliers (powers of ten, SDMX
// UNIT_MULT) are kept apart from it. Documented in docs/units.md; a test
// compares the two.
#ifndef POLICYTRACK_CORE_UNIT_H_
#define POLICYTRACK_CORE_UNIT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace policytrack {

struct Unit {
  absl::string_view code;     // "vehicles"
  absl::string_view kind;     // "count of vehicles": what may be added or compared
  double factor;              // to the base unit of the kind: 1 for the base itself
  bool additive;              // whether parts may be summed or averaged; false for percentages
  absl::string_view summary;  // what it is, in words
};

// The unit of numbers of periods.
inline constexpr absl::string_view kPeriodUnit("period", sizeof("period") - 1);

inline constexpr int kMinUnitMultiplier = -12;
inline constexpr int kMaxUnitMultiplier = 15;

// Whether the values of months have a mean that is a value of their year: prices
// and index numbers do, percentages and quotients do not.
bool HasMeanOverTime(const Unit& unit);

// The unit of this code, or null.
const Unit* FindUnit(absl::string_view code);
// The unit of a difference of two values of a unit: percentage points for
// percentages, else the unit itself.
std::string UnitOfChange(absl::string_view code);

// A unit that a descriptor takes from a slot: `@slot`, or `@slot:change` for that
// of a difference of two of its values.
struct UnitOfSlot {
  std::string slot;
  bool of_change = false;

  // Of an output whose slot is fed in this unit.
  std::string Of(absl::string_view code) const {
    return of_change ? UnitOfChange(code) : std::string(code);
  }
};
// Nothing for what names no slot, such as the code of a unit.
std::optional<UnitOfSlot> ParseUnitOfSlot(absl::string_view declared);

// All, in the order of the document.
const std::vector<Unit>& AllUnits();

// Ok when `code` is on the list.
// Returns INVALID_ARGUMENT / FIELD_REQUIRED or FIELD_INVALID, naming `field`;
// the message lists the nearest codes.
absl::Status CheckUnit(absl::string_view field, absl::string_view code);
// Ok when `multiplier` is from -12 to 15; else INVALID_ARGUMENT / FIELD_INVALID.
absl::Status CheckUnitMultiplier(absl::string_view field, int multiplier);

// The decimal that a double stands for, which is the shortest that gives it, times
// 10^exponent, as the nearest double; nothing when none can hold it.
std::optional<double> ShiftDecimal(double value, int exponent);

// The same by a multiplier and by its negative; infinite beyond doubles. A figure of
// up to fifteen digits is scaled exactly: 4.35 of ten thousands is 43500 and not a
// hair less, and the second gives back what the first took.
// REQUIRES: CheckUnitMultiplier is ok (else NaN).
double ScaleToBase(double value, int multiplier);
double ScaleFromBase(double value, int multiplier);

// "万辆" for ("vehicles", 4) where the list knows a customary word, else
// "10^4 vehicles"; for reports.
std::string UnitLabel(absl::string_view code, int multiplier);
// The code and the multiplier that a customary word stands for; nothing for
// another text.
std::optional<std::pair<absl::string_view, int>> FindCustomaryWord(absl::string_view word);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_UNIT_H_
