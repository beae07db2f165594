#include "clients/cli/row_unit.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/number_text.h"
#include "core/error.h"
#include "core/unit.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;

}  // namespace

absl::StatusOr<RowUnit> RowUnit::Bind(const Header& header, const PushMapping& mapping) {
  RowUnit unit;
  unit.percent_ = mapping.numbers.percent;
  unit.unit_ = mapping.unit;
  unit.units_ = mapping.units;
  // A percent sign says what the figures are in.
  if (unit.percent_ && unit.unit_.empty()) unit.unit_ = "percent";
  PT_RETURN_IF_ERROR(header.Bind(mapping.multiplier, &unit.multiplier_));
  PT_RETURN_IF_ERROR(header.Bind(mapping.unit_column, &unit.column_));
  unit.stated_ = !unit.unit_.empty() || unit.column_.has_value() || unit.multiplier_.has_value();
  return unit;
}

absl::StatusOr<UnitScale> RowUnit::ScaleOf(const std::vector<std::string>& fields,
                                           const v1::Dataset& dataset) const {
  PT_ASSIGN_OR_RETURN(const int multiplier, MultiplierOf(fields));
  PT_ASSIGN_OR_RETURN(const std::string unit, UnitOf(fields));
  auto scale = ScaleTo(dataset, unit, multiplier);
  if (!scale.ok()) return FieldInvalid("value", scale.status().message());
  return scale;
}

// A unit that is stated has no multiplier unless one is stated, too.
absl::StatusOr<int> RowUnit::MultiplierOf(const std::vector<std::string>& fields) const {
  if (!multiplier_.has_value()) return 0;
  const std::string text = multiplier_->Get(fields);
  const auto whole = ParseInteger<int>(text);
  if (whole.has_value() && CheckUnitMultiplier("multiplier", *whole).ok()) return *whole;
  return FieldInvalid("multiplier",
                      absl::StrCat("`", CutText(text, kMaxShownBytes), "` is no power of ten from ",
                                   kMinUnitMultiplier, " to ", kMaxUnitMultiplier));
}

absl::StatusOr<std::string> RowUnit::UnitOf(const std::vector<std::string>& fields) const {
  if (!column_.has_value()) return unit_;
  const std::string text = column_->Get(fields);
  const auto it = units_.find(text);
  std::string unit = it == units_.end() ? text : it->second;
  if (FindUnit(unit) == nullptr) {
    const std::string shown = CutText(text, kMaxShownBytes);
    return FieldInvalid("unit", absl::StrCat("`", shown,
                                             "` is no code of docs/units.md; say which it is, as "
                                             "`units: {T: tonnes}` says it of T"));
  }
  if (percent_ && unit != "percent" && unit != "percentage_points") {
    return FieldInvalid(
        "unit",
        absl::StrCat("with `percent: true` figures are per cent, and this one is in `", unit, "`"));
  }
  return unit;
}

}  // namespace policytrack::cli
