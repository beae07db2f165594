#include "services/app/shown_units.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/period.h"

namespace policytrack::app {

absl::StatusOr<ShownUnits> ShownUnits::Make(const std::string& parent, const KeptUnits& kept,
                                            const ScaledUnit& asked) {
  ShownUnits shown;
  bool any = asked.unit.empty();
  std::set<std::string> own;
  for (const auto& [output, unit] : kept.outputs) {
    Shown& to = shown.outputs_[output];
    to.unit = unit;
    own.insert(unit.unit);
    if (asked.unit.empty()) continue;
    const std::optional<UnitRatio> ratio = RatioBetween(unit, asked);
    if (!ratio.has_value()) continue;
    any = true;
    to = {asked, *ratio};
  }
  if (any) return shown;
  if (own.empty()) {
    return FieldInvalid("unit", absl::StrCat("what ", parent, " is in is not known (", kept.unknown,
                                             "); read it without unit"));
  }
  return NotConvertible(parent, own, asked.unit);
}

void ShownUnits::Describe(google::protobuf::RepeatedPtrField<v1::OutputUnit>* units) const {
  for (const auto& [output, shown] : outputs_) {
    v1::OutputUnit* unit = units->Add();
    unit->set_output(output);
    unit->set_unit(shown.unit.unit);
    unit->set_unit_multiplier(shown.unit.multiplier);
  }
}

absl::Status ShownUnits::Convert(const std::string& output, v1::Frequency frequency, size_t begin,
                                 size_t end, Columns* columns) const {
  const auto found = outputs_.find(output);
  if (found == outputs_.end() || found->second.ratio.is_one()) return absl::OkStatus();
  for (size_t i = begin; i < end; ++i) {
    if (IsMissing(columns->flags[i])) continue;
    const std::optional<double> value = found->second.ratio.Apply(columns->values[i]);
    if (!value.has_value()) {
      return BeyondDoubles(FormatPeriod(frequency, columns->periods[i]), found->second.unit);
    }
    columns->values[i] = *value;
  }
  return absl::OkStatus();
}

namespace {

// Converts what it is given, and remembers whether a double could hold it all.
class Converter {
 public:
  explicit Converter(const UnitRatio& ratio) : ratio_(ratio) {}

  bool held() const { return held_; }

  double Of(double value) {
    const std::optional<double> shown = ratio_.Apply(value);
    held_ = held_ && shown.has_value();
    return shown.value_or(0);
  }

  void Point(v1::TargetPoint* point) {
    if (point->has_value()) point->set_value(Of(point->value()));
    if (point->has_upper_value()) point->set_upper_value(Of(point->upper_value()));
  }

  // What a target's own assessment and its further ones have in common.
  template <typename Judged>
  void Way(Judged* judged) {
    if (judged->has_expected_value()) judged->set_expected_value(Of(judged->expected_value()));
    if (judged->has_projected_value()) judged->set_projected_value(Of(judged->projected_value()));
    if (judged->has_required_pace()) judged->set_required_pace(Of(judged->required_pace()));
  }

 private:
  const UnitRatio ratio_;
  bool held_ = true;
};

}  // namespace

absl::Status ShowProgress(const ScaledUnit& asked, v1::MeasureProgress* progress) {
  if (asked.unit.empty()) return absl::OkStatus();
  for (v1::TargetProgress& target : *progress->mutable_targets()) {
    const auto ratio = RatioBetween({target.unit(), target.unit_multiplier()}, asked);
    if (!ratio.has_value()) continue;
    Converter converter(*ratio);
    if (target.has_latest_value()) target.set_latest_value(converter.Of(target.latest_value()));
    if (target.has_baseline()) converter.Point(target.mutable_baseline());
    if (target.has_final_point()) converter.Point(target.mutable_final_point());
    if (target.has_best_pace()) target.set_best_pace(converter.Of(target.best_pace()));
    if (target.has_flip_change()) target.set_flip_change(converter.Of(target.flip_change()));
    converter.Way(&target);
    for (v1::FurtherJudgement& further : *target.mutable_further_judgements()) {
      converter.Way(&further);
    }
    if (!converter.held()) return BeyondDoubles(target.target(), asked);
    target.set_unit(asked.unit);
    target.set_unit_multiplier(asked.multiplier);
  }
  return absl::OkStatus();
}

absl::Status CheckShown(const ScaledUnit& asked, const std::string& name,
                        const std::vector<const v1::MeasureProgress*>& measures) {
  if (asked.unit.empty()) return absl::OkStatus();
  std::set<std::string> own;
  for (const v1::MeasureProgress* measure : measures) {
    for (const v1::TargetProgress& target : measure->targets()) {
      if (RatioBetween({target.unit(), target.unit_multiplier()}, asked).has_value()) {
        return absl::OkStatus();
      }
      own.insert(target.unit());
    }
  }
  if (own.empty()) {
    return FieldInvalid("unit", absl::StrCat(name, " has no target to tell in ", asked.unit));
  }
  return NotConvertible(absl::StrCat("what the targets of ", name, " measure"), own, asked.unit);
}

}  // namespace policytrack::app
