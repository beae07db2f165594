#include "services/app/computed_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "services/app/definitions.h"

namespace policytrack::app {
namespace {

absl::Status NotThere(const std::string& parent) {
  return NotFound(parent, absl::StrCat("there is no ", parent,
                                       " at this point in history; check the name and as_of"));
}

// The target and the revision of its measure.
struct LoadedTarget {
  v1::Target target;
  int64_t revision = 0;
};

absl::StatusOr<LoadedTarget> LoadTarget(storage::ReadTransaction& tx, const std::string& parent,
                                        int64_t as_of) {
  PT_ASSIGN_OR_RETURN(const TargetName name, ParseTargetName("parent", parent));
  PT_ASSIGN_OR_RETURN(const auto measure, LoadMeasure(tx, name.measure, as_of));
  if (!measure.has_value()) return NotThere(parent);
  const v1::Target* target = FindTarget(*measure, name.target);
  if (target == nullptr) return NotThere(parent);
  return LoadedTarget{*target, measure->revision()};
}

bool IsTargetName(const std::string& parent) { return CollectionOf(parent) == kMeasures; }

absl::StatusOr<v1::Indicator> LoadExistingIndicator(storage::ReadTransaction& tx,
                                                    const std::string& parent, int64_t as_of) {
  PT_RETURN_IF_ERROR(ParseResourceName("parent", kIndicators, parent).status());
  PT_ASSIGN_OR_RETURN(auto indicator, LoadIndicator(tx, parent, as_of));
  if (!indicator.has_value()) return NotThere(parent);
  return *std::move(indicator);
}

absl::StatusOr<std::optional<v1::Evaluation>> LoadRecord(storage::ReadTransaction& tx,
                                                         const std::string& parent, int64_t as_of) {
  PT_ASSIGN_OR_RETURN(const std::optional<std::string> body, tx.GetEvaluation(parent, as_of));
  if (!body.has_value()) return std::optional<v1::Evaluation>();
  v1::Evaluation record;
  if (!record.ParseFromString(*body)) {
    return Error(
        absl::StatusCode::kInternal, reason::kStoreDamaged,
        absl::StrCat("the stored evaluation of ", parent, " cannot be read; verify the store"),
        {{"resource", parent}});
  }
  return std::optional<v1::Evaluation>(std::move(record));
}

}  // namespace

void SetFailure(const absl::Status& status, v1::Evaluation* record) {
  const std::string why = ReasonOf(status);
  record->set_failure_reason(why.empty() ? std::string(reason::kPluginFailed) : why);
  record->set_failure_message(CutText(InNameOf(record->plugin(), status).message(), 1000));
}

bool IsStoreError(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable ||
      status.code() == absl::StatusCode::kCancelled) {
    return true;
  }
  const std::string why = ReasonOf(status);
  return why == reason::kStoreDamaged || (why.empty() && absl::IsInternal(status));
}

std::string ReferenceOf(const v1::Assessment& assessment) {
  return plugins::PluginReference(assessment.plugin(), assessment.plugin_version());
}

absl::Status CheckPluginActive(const plugins::Engine& engine, const std::string& reference) {
  const std::string runner = RunnerOf(reference);
  const auto build = engine.Find(runner);
  if (build.ok() && !(*build)->digest().empty()) return absl::OkStatus();
  if (ReasonOf(build.status()) == reason::kPluginNotActive) return build.status();
  const std::string plugin(plugins::SplitPluginReference(runner).name);
  return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
               build.ok() && !(*build)->plugin().state_message().empty()
                   ? absl::StrCat(plugin, " is not active: ", (*build)->plugin().state_message())
                   : absl::StrCat(plugin, " is not active; list plugins to see why"),
               {{"resource", plugin}});
}

absl::StatusOr<std::string> PluginOf(storage::ReadTransaction& tx, const std::string& parent,
                                     int64_t as_of) {
  if (IsTargetName(parent)) {
    PT_ASSIGN_OR_RETURN(const LoadedTarget loaded, LoadTarget(tx, parent, as_of));
    return ReferenceOf(loaded.target.assessment());
  }
  PT_ASSIGN_OR_RETURN(const v1::Indicator indicator, LoadExistingIndicator(tx, parent, as_of));
  return plugins::PluginReference(indicator.plugin(), indicator.plugin_version());
}

HistoryFigures::HistoryFigures(storage::ReadTransaction* tx, plugins::Engine* engine, int64_t as_of)
    : tx_(tx),
      engine_(engine),
      as_of_(as_of),
      at_present_(as_of >= tx->revision()),
      stored_(tx, as_of),
      resolver_(tx, as_of, engine) {}

absl::StatusOr<bool> HistoryFigures::TouchedAfter(const std::string& name, int64_t base) {
  const int64_t upto = std::min(as_of_, tx_->revision());
  if (base >= upto) return false;
  const auto known = touched_.find({name, base});
  if (known != touched_.end()) return known->second;
  bool touched = false;
  std::vector<std::string> sources;
  if (IsTargetName(name)) {
    PT_ASSIGN_OR_RETURN(const LoadedTarget loaded, LoadTarget(*tx_, name, as_of_));
    touched = loaded.revision > base;
    sources.push_back(loaded.target.indicator());
  } else if (CollectionOf(name) == kIndicators) {
    PT_ASSIGN_OR_RETURN(const auto indicator, LoadIndicator(*tx_, name, as_of_));
    touched = !indicator.has_value() || indicator->revision() > base;
    if (indicator.has_value()) sources = ReferencesOf(*indicator);
  } else {
    PT_ASSIGN_OR_RETURN(const auto document, tx_->GetDocument(name, as_of_));
    touched = !document.has_value() || document->revision > base;
    if (!touched) {
      PT_ASSIGN_OR_RETURN(const auto changes, tx_->ChangedSeries(name, base, upto, false));
      touched = !changes.empty();
    }
  }
  for (size_t i = 0; i < sources.size() && !touched; ++i) {
    PT_ASSIGN_OR_RETURN(touched, TouchedAfter(sources[i], base));
  }
  touched_[{name, base}] = touched;
  return touched;
}

absl::StatusOr<bool> HistoryFigures::Stands(const std::string& parent,
                                            const std::optional<v1::Evaluation>& record) {
  if (as_of_ == storage::kPresent) return true;
  int64_t base = record.has_value() ? record->input_revision() : 0;
  if (at_present_) {
    // Whatever evaluation has passed without a new record did not change it.
    PT_ASSIGN_OR_RETURN(const int64_t evaluated, tx_->GetCursor(kEvaluatedCursor));
    base = std::max(base, evaluated);
  }
  PT_ASSIGN_OR_RETURN(const bool touched, TouchedAfter(parent, base));
  return !touched;
}

void HistoryFigures::NoteInactivePlugin(const std::string& plugin, v1::Evaluation* record) const {
  if (!at_present_ || !record->failure_reason().empty()) return;
  const absl::Status active = CheckPluginActive(*engine_, plugin);
  if (!active.ok()) SetFailure(active, record);
}

absl::StatusOr<Calculation> HistoryFigures::Resolve(const std::string& parent) {
  if (IsTargetName(parent)) {
    PT_ASSIGN_OR_RETURN(const LoadedTarget loaded, LoadTarget(*tx_, parent, as_of_));
    return resolver_.Target(loaded.target, parent, loaded.revision, parent);
  }
  PT_ASSIGN_OR_RETURN(const v1::Indicator indicator, LoadExistingIndicator(*tx_, parent, as_of_));
  return resolver_.Indicator(indicator, parent);
}

absl::StatusOr<const HistoryFigures::State*> HistoryFigures::Open(const std::string& parent) {
  if (const auto found = states_.find(parent); found != states_.end()) return &found->second;
  PT_ASSIGN_OR_RETURN(const std::string plugin, PluginOf(*tx_, parent, as_of_));
  PT_ASSIGN_OR_RETURN(const std::optional<v1::Evaluation> record, LoadRecord(*tx_, parent, as_of_));
  State state;
  if (record.has_value()) state.evaluation = *record;
  state.evaluation.set_parent(parent);
  PT_ASSIGN_OR_RETURN(const bool stands, Stands(parent, record));
  if (!stands) {
    const auto compute = [&]() -> absl::StatusOr<ComputedOutputs> {
      PT_RETURN_IF_ERROR(CheckPluginActive(*engine_, plugin));
      PT_ASSIGN_OR_RETURN(Calculation calculation, Resolve(parent));
      PT_RETURN_IF_ERROR(BindPlugin(parent, &calculation));
      state.evaluation = calculation.Provenance();
      return ComputeAll(calculation, *this);
    };
    absl::StatusOr<ComputedOutputs> computed = compute();
    if (!computed.ok() && IsStoreError(computed.status())) return computed.status();
    if (computed.ok()) {
      state.evaluation.set_input_digest(computed->input_digest);
      state.computed = *std::move(computed);
    } else {
      SetFailure(computed.status(), &state.evaluation);
    }
    state.evaluation.set_input_revision(std::min(as_of_, tx_->revision()));
    state.evaluation.set_revision(0);
  }
  NoteInactivePlugin(plugin, &state.evaluation);
  return &states_.emplace(parent, std::move(state)).first->second;
}

absl::StatusOr<const v1::Evaluation*> HistoryFigures::EvaluationOf(const std::string& parent) {
  PT_ASSIGN_OR_RETURN(const State* state, Open(parent));
  return &state->evaluation;
}

absl::StatusOr<ComputedHeader> HistoryFigures::HeaderOf(const std::string& parent) {
  ComputedHeader header;
  PT_ASSIGN_OR_RETURN(const State* state, Open(parent));
  header.evaluation = state->evaluation;
  header.on_demand = state->computed.has_value();
  PT_ASSIGN_OR_RETURN(header.frequency, FrequencyOf(*tx_, parent, as_of_));
  if (!IsTargetName(parent)) {
    PT_ASSIGN_OR_RETURN(const v1::Indicator indicator, LoadExistingIndicator(*tx_, parent, as_of_));
    header.dimension_ids.assign(indicator.group_by().begin(), indicator.group_by().end());
  }
  return header;
}

absl::StatusOr<KeptUnits> HistoryFigures::UnitsOf(const std::string& parent) {
  KeptUnits units;
  PT_ASSIGN_OR_RETURN(const State* state, Open(parent));
  if (!state->evaluation.failure_reason().empty()) {
    units.unknown =
        absl::StrCat("its last evaluation failed: ", state->evaluation.failure_message());
    return units;
  }
  const absl::StatusOr<Calculation> calculation = Resolve(parent);
  if (!calculation.ok()) {
    if (IsStoreError(calculation.status())) return calculation.status();
    units.unknown = std::string(calculation.status().message());
    return units;
  }
  for (const ResolvedOutput& output : calculation->outputs) {
    units.outputs[output.name] = {output.unit, 0};
  }
  return units;
}

absl::StatusOr<bool> HistoryFigures::IsOnDemand(const std::string& parent) {
  PT_ASSIGN_OR_RETURN(const State* state, Open(parent));
  return state->computed.has_value();
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> HistoryFigures::SeriesOf(
    const std::string& parent, const std::optional<std::string>& only_key) {
  PT_ASSIGN_OR_RETURN(const State* state, Open(parent));
  std::vector<std::pair<std::string, std::string>> all;
  if (state->computed.has_value()) {
    for (const auto& [series, columns] : state->computed->series) {
      if (!only_key.has_value() || series.second == *only_key) all.push_back(series);
    }
    return all;
  }
  if (only_key.has_value()) {
    PT_ASSIGN_OR_RETURN(const std::vector<std::string> outputs, stored_.Outputs(parent));
    for (const std::string& output : outputs) {
      PT_ASSIGN_OR_RETURN(const auto found, tx_->FindSeries(parent, output, *only_key));
      if (found.has_value()) all.emplace_back(output, *only_key);
    }
    return all;
  }
  PT_ASSIGN_OR_RETURN(const std::vector<storage::SeriesInfo> stored, stored_.List(parent));
  for (const storage::SeriesInfo& series : stored) all.emplace_back(series.output, series.key);
  std::sort(all.begin(), all.end());
  return all;
}

absl::StatusOr<std::vector<std::string>> HistoryFigures::Keys(const std::string& source,
                                                              const std::string& output) {
  if (CollectionOf(source) == kDatasets) return stored_.Keys(source, output);
  PT_ASSIGN_OR_RETURN(const auto all, SeriesOf(source));
  std::vector<std::string> keys;
  for (const auto& series : all) {
    if (series.first == output) keys.push_back(series.second);
  }
  return keys;
}

absl::StatusOr<Columns> HistoryFigures::Read(const std::string& source, const std::string& output,
                                             const std::string& key, PeriodRange range) {
  if (CollectionOf(source) == kDatasets) return stored_.Read(source, output, key, range);
  PT_ASSIGN_OR_RETURN(const State* state, Open(source));
  PT_ASSIGN_OR_RETURN(Columns stored, stored_.Read(source, output, key, range));
  if (!state->computed.has_value()) return stored;
  const auto found = state->computed->series.find({output, key});
  if (found == state->computed->series.end()) return Columns();
  Columns computed = found->second.Slice(range);
  // A point that stands in the store keeps the revision that wrote it.
  computed.revisions.assign(computed.size(), 0);
  for (size_t i = 0; i < computed.size(); ++i) {
    const int64_t at = stored.Find(computed.periods[i]);
    if (at < 0) continue;
    if (SameData(stored.Slice({computed.periods[i], computed.periods[i]}),
                 computed.Slice({computed.periods[i], computed.periods[i]}))) {
      computed.revisions[i] = stored.revisions[at];
    }
  }
  return computed;
}

absl::StatusOr<ComputedView> ReadComputed(storage::ReadTransaction& tx, plugins::Engine& engine,
                                          absl::string_view parent, int64_t as_of,
                                          PeriodRange range) {
  const std::string name(parent);
  HistoryFigures figures(&tx, &engine, as_of);
  ComputedView view;
  PT_ASSIGN_OR_RETURN(static_cast<ComputedHeader&>(view), figures.HeaderOf(name));
  PT_ASSIGN_OR_RETURN(const auto all, figures.SeriesOf(name));
  for (const auto& [output, key] : all) {
    ComputedSeries series;
    series.output = output;
    PT_ASSIGN_OR_RETURN(series.columns, figures.Read(name, output, key, range));
    if (series.columns.empty()) continue;
    series.group_values = DecodeDimensionKey(key, view.dimension_ids.size());
    view.series.push_back(std::move(series));
  }
  return view;
}

}  // namespace policytrack::app
