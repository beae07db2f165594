#include "services/app/explain_steps.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "services/app/definitions.h"
#include "services/app/group_inputs.h"
#include "services/app/target_progress.h"

namespace policytrack::app {
namespace {

constexpr size_t kMaxPoints = 24;
// A sum over thousands of parts is explained by its first ones.
constexpr size_t kMaxSeriesOfInput = 20;

std::string RelationWord(v1::TargetRelation relation) {
  switch (relation) {
    case v1::TARGET_RELATION_AT_LEAST:
      return "at_least";
    case v1::TARGET_RELATION_AT_MOST:
      return "at_most";
    case v1::TARGET_RELATION_ABOUT:
      return "about";
    case v1::TARGET_RELATION_WITHIN:
      return "within";
    default:
      return "";
  }
}

void AddHostParameters(const Calculation& calculation, v1::ExplainedStep* step) {
  if (!calculation.assessment.has_value()) return;
  const plugins::AssessmentContext& context = *calculation.assessment;
  if (context.has_baseline_period) {
    step->add_parameters(absl::StrCat(
        "host.baseline_period = ", FormatPeriod(calculation.frequency, context.baseline_period)));
  }
  step->add_parameters(absl::StrCat("host.relation = ", RelationWord(context.relation)));
  if (context.has_target_period) {
    step->add_parameters(absl::StrCat("host.target_period = ",
                                      FormatPeriod(calculation.frequency, context.target_period)));
  }
  if (context.has_tolerance_percent) {
    step->add_parameters(
        absl::StrFormat("host.tolerance_percent = %.15g", context.tolerance_percent));
  }
}

}  // namespace

absl::StatusOr<const storage::Commit*> StepExplainer::CommitOf(int64_t revision) {
  auto found = commits_.find(revision);
  if (found == commits_.end()) {
    std::optional<storage::Commit> commit;
    if (revision > 0) {
      PT_ASSIGN_OR_RETURN(commit, figures_->tx().GetCommit(revision));
    }
    found = commits_.emplace(revision, std::move(commit)).first;
  }
  return found->second.has_value() ? &*found->second : nullptr;
}

absl::Status StepExplainer::AddPoints(const Columns& columns, v1::Frequency frequency,
                                      std::optional<int64_t> upto, v1::ExplainedInput* input) {
  const Columns shown = upto.has_value() ? columns.Slice({kFirstPeriod, *upto}) : columns;
  for (size_t i = shown.size() - std::min(shown.size(), kMaxPoints); i < shown.size(); ++i) {
    v1::ExplainedPoint& point = *input->add_points();
    point.set_period(FormatPeriod(frequency, shown.periods[i]));
    point.set_status(StatusOfFlags(shown.flags[i]));
    point.set_series_break((shown.flags[i] & kBreak) != 0);
    if (IsMissing(shown.flags[i])) {
      point.set_missing_reason(ReasonOfFlags(shown.flags[i]));
    } else {
      point.set_value(shown.values[i]);
    }
    const int64_t revision = shown.revisions.empty() ? 0 : shown.revisions[i];
    point.set_revision(revision);
    PT_ASSIGN_OR_RETURN(const storage::Commit* commit, CommitOf(revision));
    if (commit == nullptr) continue;
    *point.mutable_time() = ToTimestamp(commit->time);
    point.set_principal(commit->principal);
  }
  return absl::OkStatus();
}

absl::Status StepExplainer::AddSource(const ResolvedInput& resolved, const FeedingSeries& series,
                                      v1::ExplainedInput* input) {
  PT_ASSIGN_OR_RETURN(const SourceShape* shape,
                      figures_->resolver().Shape(series.source, "source"));
  const ResolvedOutput* output = shape->FindOutput(series.output);
  input->set_slot(series.is_weight ? absl::StrCat(resolved.meta.slot, " (weights)")
                                   : resolved.meta.slot);
  input->set_source(series.source);
  input->set_output(series.output);
  input->set_unit(output == nullptr ? "" : output->unit);
  input->set_unit_multiplier(shape->unit_multiplier);
  const std::vector<std::string> values = DecodeDimensionKey(series.key, shape->dimensions.size());
  for (size_t d = 0; d < values.size(); ++d) {
    (*input->mutable_dimensions())[shape->dimensions[d].id] = values[d];
  }
  if (CollectionOf(series.source) == kDatasets) {
    PT_ASSIGN_OR_RETURN(const auto dataset,
                        LoadDataset(figures_->tx(), series.source, figures_->as_of()));
    if (!dataset.has_value()) return absl::OkStatus();
    input->set_display_name(dataset->display_name());
    input->set_producer(dataset->producer());
    *input->mutable_references() = dataset->references();
  } else {
    PT_ASSIGN_OR_RETURN(const auto indicator,
                        LoadIndicator(figures_->tx(), series.source, figures_->as_of()));
    if (indicator.has_value()) input->set_display_name(indicator->display_name());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ExplainedStep> StepExplainer::Step(const std::string& parent,
                                                      const std::vector<std::string>& values,
                                                      std::optional<int64_t> period,
                                                      std::vector<Open>* next) {
  v1::ExplainedStep step;
  PT_ASSIGN_OR_RETURN(const v1::Evaluation* evaluation, figures_->EvaluationOf(parent));
  *step.mutable_evaluation() = *evaluation;
  const absl::StatusOr<Calculation> calculation = figures_->Resolve(parent);
  if (!calculation.ok()) {
    // What cannot be resolved says so in its evaluation.
    if (IsStoreError(calculation.status())) return calculation.status();
    if (step.evaluation().failure_reason().empty()) {
      SetFailure(calculation.status(), step.mutable_evaluation());
    }
    return step;
  }
  step.set_display_name(calculation->display_name);
  const auto parameters =
      engine_->EffectiveParameters(calculation->runner, calculation->parameters);
  if (parameters.ok()) {
    for (const std::string& parameter : *parameters) step.add_parameters(parameter);
  }
  AddHostParameters(*calculation, &step);

  PT_ASSIGN_OR_RETURN(const Group group, FindGroup(*calculation, *figures_, values));
  for (size_t i = 0; i < calculation->inputs.size(); ++i) {
    const ResolvedInput& resolved = calculation->inputs[i];
    if (resolved.source.empty()) {
      v1::ExplainedInput& input = *step.add_inputs();
      input.set_slot(resolved.meta.slot);
      input.set_source(parent);
      input.set_display_name(calculation->display_name);
      input.set_unit(resolved.meta.unit);
      PT_ASSIGN_OR_RETURN(const Columns path,
                          ReadInput(*calculation, *figures_, group, i, PeriodRange()));
      PT_RETURN_IF_ERROR(AddPoints(path, calculation->frequency, std::nullopt, &input));
      continue;
    }
    size_t shown = 0;
    for (const FeedingSeries& series : SeriesFeeding(resolved, group.series[i])) {
      PT_ASSIGN_OR_RETURN(const Columns points,
                          figures_->Read(series.source, series.output, series.key, PeriodRange()));
      // A series that should be there and is not is shown without points.
      if (points.empty() && group.series[i].size() > 1) continue;
      if (++shown > kMaxSeriesOfInput) break;
      v1::ExplainedInput& input = *step.add_inputs();
      PT_RETURN_IF_ERROR(AddSource(resolved, series, &input));
      std::optional<int64_t> upto = period;
      if (upto.has_value()) upto = LastSourcePeriod(resolved.periods, *upto);
      PT_RETURN_IF_ERROR(AddPoints(points, resolved.periods.from, upto, &input));
      if (CollectionOf(series.source) != kIndicators) continue;
      next->push_back({series.source, series.key, upto});
    }
  }
  return step;
}

absl::StatusOr<std::vector<v1::ExplainedStep>> StepExplainer::Explain(
    const v1::Target& target, const std::string& parent, std::optional<int64_t> period) {
  std::vector<v1::ExplainedStep> steps;
  std::vector<Open> open;
  PT_ASSIGN_OR_RETURN(v1::ExplainedStep first, Step(parent, {}, period, &open));
  steps.push_back(std::move(first));
  if (open.empty()) {
    // The assessment could not be resolved; the indicator may still be shown.
    PT_ASSIGN_OR_RETURN(const std::vector<std::string> group, GroupValuesOf(*figures_, target));
    open.push_back({target.indicator(), EncodeDimensionKey(group), period});
  }
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < open.size(); ++i) {
    const Open at = open[i];
    const std::string& indicator = at.indicator;
    if (!seen.emplace(indicator, at.key).second) continue;
    PT_ASSIGN_OR_RETURN(const auto definition,
                        LoadIndicator(figures_->tx(), indicator, figures_->as_of()));
    if (!definition.has_value()) continue;
    PT_ASSIGN_OR_RETURN(
        v1::ExplainedStep step,
        Step(indicator, DecodeDimensionKey(at.key, definition->group_by_size()), at.period, &open));
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace policytrack::app
