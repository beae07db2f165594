#include "clients/cli/unit_scale.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "clients/cli/number_text.h"
#include "core/unit.h"
#include "core/unit_conversion.h"

namespace policytrack::cli {

std::string UnitScale::Shifted(absl::string_view plain) const {
  if (exponent == 0) return std::string(plain);
  const size_t at = plain.find_first_of("eE");
  absl::string_view own = at == plain.npos ? "0" : plain.substr(at + 1);
  if (!own.empty() && own[0] == '+') own.remove_prefix(1);
  const auto power = ParseInteger<int>(own);
  // An exponent beyond whole numbers is beyond doubles with or without ours.
  if (!power.has_value() || std::abs(*power) > 1000000) return std::string(plain);
  return absl::StrCat(plain.substr(0, at), "e", *power + exponent);
}

double UnitScale::Apply(absl::string_view plain) const {
  const auto value = ParseDouble(Shifted(plain));
  if (!value.has_value()) return std::numeric_limits<double>::quiet_NaN();
  return *value * times / divided;
}

absl::StatusOr<UnitScale> ScaleTo(const v1::Dataset& dataset, absl::string_view unit,
                                  int multiplier) {
  UnitScale scale;
  scale.exponent = multiplier - dataset.unit_multiplier();
  if (unit.empty() || unit == dataset.unit()) return scale;
  const auto ratio =
      RatioBetween({std::string(unit), multiplier}, {dataset.unit(), dataset.unit_multiplier()});
  if (!ratio.has_value()) {
    const Unit* from = FindUnit(unit);
    const Unit* to = FindUnit(dataset.unit());
    return absl::InvalidArgumentError(absl::StrCat(
        "the figures are in `", unit, "`",
        from == nullptr ? "" : absl::StrCat(" (", from->kind, ")"), ", and ", dataset.name(),
        " has `", dataset.unit(), "`", to == nullptr ? "" : absl::StrCat(" (", to->kind, ")"),
        ": the one cannot be converted into the other"));
  }
  scale.exponent = ratio->exponent;
  scale.times = static_cast<double>(ratio->times);
  scale.divided = static_cast<double>(ratio->divided);
  return scale;
}

}  // namespace policytrack::cli
