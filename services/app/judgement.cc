#include "services/app/judgement.h"

#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/unit.h"
#include "services/app/compute.h"
#include "services/app/groups.h"

namespace policytrack::app {

UnitOfTarget::UnitOfTarget(absl::string_view from, const v1::Target& target)
    : ratio_(RatioBetween({std::string(from), 0}, {target.unit(), target.unit_multiplier()})) {}

double UnitOfTarget::Convert(double value) const {
  return ratio_->Apply(value).value_or(std::fabs(value) < 1 ? 0 : std::copysign(HUGE_VAL, value));
}

const Judgement::Output* Judgement::Find(const std::string& name) const {
  const auto found = outputs_.find(name);
  return found == outputs_.end() ? nullptr : &found->second;
}

std::optional<double> Judgement::Value(const std::string& name) const {
  const Output* output = Find(name);
  if (output == nullptr || IsMissing(output->flags)) return std::nullopt;
  return output->value;
}

std::optional<double> Judgement::ValueOf(const std::string& name, const v1::Target& target) const {
  const std::optional<double> value = Value(name);
  if (!value.has_value()) return std::nullopt;
  const UnitOfTarget unit(Find(name)->unit, target);
  if (!unit.known()) return std::nullopt;
  return unit.Convert(*value);
}

std::optional<double> Judgement::ChangeOf(const std::string& name, const v1::Target& target) const {
  const std::optional<double> value = Value(name);
  if (!value.has_value()) return std::nullopt;
  v1::Target of_changes;
  of_changes.set_unit(UnitOfChange(target.unit()));
  of_changes.set_unit_multiplier(target.unit_multiplier());
  const UnitOfTarget unit(UnitOfChange(Find(name)->unit), of_changes);
  if (!unit.known()) return std::nullopt;
  return unit.Convert(*value);
}

std::optional<v1::ProgressStatus> Judgement::Status(const std::string& name) const {
  const std::optional<double> value = Value(name);
  if (!value.has_value()) return std::nullopt;
  for (int status = v1::PROGRESS_STATUS_DETERIORATING; status <= v1::PROGRESS_STATUS_ACHIEVED;
       ++status) {
    if (std::abs(*value - status) < 0.5) return static_cast<v1::ProgressStatus>(status);
  }
  return std::nullopt;
}

absl::StatusOr<Judgement> ReadJudgement(HistoryFigures& figures, const std::string& parent,
                                        int64_t period) {
  Judgement judgement;
  const auto read = [&](const std::string& name, const std::string& unit) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const Columns at, figures.Read(parent, name, "", {period, period}));
    if (!at.empty()) judgement.Add(name, {unit, at.values[0], at.flags[0]});
    return absl::OkStatus();
  };
  const absl::StatusOr<Calculation> calculation = figures.Resolve(parent);
  if (calculation.ok()) {
    for (const ResolvedOutput& output : calculation->outputs) {
      PT_RETURN_IF_ERROR(read(output.name, output.unit));
    }
    return judgement;
  }
  if (IsStoreError(calculation.status())) return calculation.status();
  // What stands is shown, but for values whose unit nobody knows any more.
  for (const char* name : {kStatusOutput, kScoreOutput, kRatioOutput, kBaselineOutput,
                           kFlipStatusOutput, kRestsOnProvisionalOutput}) {
    PT_RETURN_IF_ERROR(read(name, ""));
  }
  return judgement;
}

absl::StatusOr<Judgement> ComputeJudgement(HistoryFigures& figures, const v1::Target& target,
                                           const v1::Assessment& assessment,
                                           const std::string& parent, int64_t period) {
  PT_RETURN_IF_ERROR(CheckPluginActive(figures.engine(), ReferenceOf(assessment)));
  PT_ASSIGN_OR_RETURN(
      Calculation calculation,
      figures.resolver().TargetBy(target, assessment, "assessment", parent, 0, parent));
  PT_RETURN_IF_ERROR(BindPlugin("", &calculation));
  PT_ASSIGN_OR_RETURN(const Group group, FindGroup(calculation, figures, {}));
  PT_ASSIGN_OR_RETURN(const GroupInputs inputs,
                      ReadGroup(calculation, figures, group, PeriodRange()));
  PT_ASSIGN_OR_RETURN(const std::vector<Columns> outputs,
                      ComputeGroup(calculation, inputs, {period, period}));
  Judgement judgement;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    judgement.Add(calculation.outputs[i].name,
                  {calculation.outputs[i].unit, outputs[i].values[0], outputs[i].flags[0]});
  }
  return judgement;
}

namespace {

// Whether an assessment expects nothing at a period, though the target has points.
bool AsksForNothing(const Judgement& judgement, const v1::Target& target) {
  const Judgement::Output* expected = judgement.Find(kExpectedOutput);
  return target.has_final_point() && expected != nullptr && IsMissing(expected->flags) &&
         ReasonOfFlags(expected->flags) == v1::MISSING_REASON_UNDEFINED;
}

// The periods of the points of a target: "2025-12, 2026-12".
std::string PointPeriods(const v1::Target& target) {
  std::vector<std::string> periods;
  for (const v1::TargetPoint& point : target.interim_points()) periods.push_back(point.period());
  periods.push_back(target.final_point().period());
  return absl::StrJoin(periods, ", ");
}

}  // namespace

std::string WhyNotJudged(const Judgement& judgement, const v1::Target& target,
                         const std::string& plugin, const std::string& period) {
  const Judgement::Output* status = judgement.Find(kStatusOutput);
  if (status == nullptr) return absl::StrCat(plugin, " gives no judgement for ", period);
  const v1::MissingReason reason =
      IsMissing(status->flags) ? ReasonOfFlags(status->flags) : v1::MISSING_REASON_UNSPECIFIED;
  if (reason == v1::MISSING_REASON_UNDEFINED && AsksForNothing(judgement, target)) {
    return absl::StrCat("cannot be judged at ", period,
                        " because the target asks for nothing at that period; it has points at ",
                        PointPeriods(target));
  }
  return absl::StrCat("cannot be judged at ", period, " because ", MissingWords(reason));
}

std::string MissingWords(v1::MissingReason reason) {
  switch (reason) {
    case v1::MISSING_REASON_INPUT_MISSING:
      return "an input has no value for a period that is needed";
    case v1::MISSING_REASON_PART_MISSING:
      return "a part of an aggregate has no value";
    case v1::MISSING_REASON_ZERO_BASE:
      return "the base is zero";
    case v1::MISSING_REASON_TOO_FEW_POINTS:
      return "there are not enough points, or not enough time between them";
    case v1::MISSING_REASON_SERIES_BREAK:
      return "the series breaks between the points that would be compared";
    case v1::MISSING_REASON_PERIOD_INCOMPLETE:
      return "the last parts of the period have not come yet";
    case v1::MISSING_REASON_JOINT_PERIOD:
      return "it is published together with the next period";
    case v1::MISSING_REASON_NOT_AVAILABLE:
      return "the source has no value";
    case v1::MISSING_REASON_CANNOT_EXIST:
      return "there can be no value";
    case v1::MISSING_REASON_NOT_COLLECTED:
      return "the value was not collected";
    case v1::MISSING_REASON_HOLIDAY:
      return "it is a holiday or weekend";
    case v1::MISSING_REASON_SUPPRESSED:
      return "the source suppresses the value";
    case v1::MISSING_REASON_INCLUDED_ELSEWHERE:
      return "the value is included in another category";
    case v1::MISSING_REASON_DEROGATION:
      return "the source need not report it";
    case v1::MISSING_REASON_UNDEFINED:
      return "the method is not defined for these values";
    default:
      return "there is no value";
  }
}

}  // namespace policytrack::app
