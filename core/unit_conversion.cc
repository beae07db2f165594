#include "core/unit_conversion.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "core/unit.h"

namespace policytrack {
namespace {

// A value that is not zero must not become so.
std::optional<double> Held(double result, double value) {
  if (!std::isfinite(result) || (result == 0) != (value == 0)) return std::nullopt;
  return result + 0.0;
}

}  // namespace

std::optional<double> UnitRatio::Apply(double value) const {
  const std::optional<double> shifted = ShiftDecimal(value, exponent);
  if (!shifted.has_value() || is_power_of_ten()) return shifted;
  return Held(*shifted * static_cast<double>(times) / static_cast<double>(divided), value);
}

std::optional<UnitRatio> RatioBetween(const ScaledUnit& from, const ScaledUnit& to) {
  UnitRatio ratio;
  ratio.exponent = from.multiplier - to.multiplier;
  const Unit* own = FindUnit(from.unit);
  const Unit* other = FindUnit(to.unit);
  if (own == nullptr || other == nullptr || own->kind != other->kind) return std::nullopt;
  // Factors are whole numbers.
  ratio.times = static_cast<int64_t>(own->factor);
  ratio.divided = static_cast<int64_t>(other->factor);
  const int64_t common = std::gcd(ratio.times, ratio.divided);
  ratio.times /= common;
  ratio.divided /= common;
  for (; ratio.times % 10 == 0; ratio.times /= 10) ++ratio.exponent;
  for (; ratio.divided % 10 == 0; ratio.divided /= 10) --ratio.exponent;
  return ratio;
}

absl::Status CheckAskedUnit(absl::string_view unit, int multiplier) {
  if (unit.empty()) {
    if (multiplier == 0) return absl::OkStatus();
    return FieldRequired("unit", absl::StrCat("must say of what unit_multiplier ", multiplier,
                                              " is the power of ten"));
  }
  PT_RETURN_IF_ERROR(CheckUnit("unit", unit));
  PT_RETURN_IF_ERROR(CheckUnitMultiplier("unit_multiplier", multiplier));
  if (multiplier != 0 && (unit == "code" || unit == kPeriodUnit)) {
    return FieldInvalid("unit_multiplier",
                        absl::StrCat("must be 0: numbers of unit ", unit, " are not scaled"));
  }
  return absl::OkStatus();
}

absl::Status NotConvertible(absl::string_view what, const std::set<std::string>& own,
                            absl::string_view asked) {
  std::vector<absl::string_view> codes;
  for (const Unit& unit : AllUnits()) {
    for (const std::string& code : own) {
      const Unit* of = FindUnit(code);
      if (of == nullptr || of->kind != unit.kind) continue;
      codes.push_back(unit.code);
      break;
    }
  }
  const Unit* to = FindUnit(asked);
  return FieldInvalid("unit", absl::StrCat(what, " is in ", absl::StrJoin(own, ", "),
                                           ", which cannot be converted to ", asked,
                                           to == nullptr ? "" : absl::StrCat(" (", to->kind, ")"),
                                           "; it can be read in ", absl::StrJoin(codes, ", ")));
}

absl::Status BeyondDoubles(absl::string_view where, const ScaledUnit& asked) {
  return FieldInvalid(
      "unit_multiplier",
      absl::StrCat("the value of ", where, " is beyond what a double holds in ",
                   UnitLabel(asked.unit, asked.multiplier), "; ask for another multiplier"));
}

std::optional<ScaledUnit> ParseUnitText(absl::string_view text) {
  if (const auto customary = FindCustomaryWord(text); customary.has_value()) {
    return ScaledUnit{std::string(customary->first), customary->second};
  }
  ScaledUnit unit;
  if (absl::ConsumePrefix(&text, "10^")) {
    const size_t space = text.find(' ');
    if (space == text.npos || !absl::SimpleAtoi(text.substr(0, space), &unit.multiplier)) {
      return std::nullopt;
    }
    text.remove_prefix(space + 1);
  }
  if (FindUnit(text) == nullptr || !CheckUnitMultiplier("", unit.multiplier).ok()) {
    return std::nullopt;
  }
  unit.unit = std::string(text);
  return unit;
}

}  // namespace policytrack
