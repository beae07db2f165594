#include "services/app/status_change.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "services/app/computed_reader.h"
#include "services/app/definitions.h"
#include "services/app/progress_words.h"
#include "services/app/scripts.h"
#include "services/app/target_progress.h"
#include "services/app/times.h"

namespace policytrack::app {
namespace {

constexpr int kMaxEvaluations = 256;

// A target as it stood at a revision.
struct Standing {
  int64_t revision = 0;
  v1::Target target;
  v1::TargetProgress progress;
  // Of how the indicator computes and the target is judged.
  std::string rules;
  // The builds on the way, by what they compute; empty when nothing of it was stored,
  // as what is computed on demand says nothing of the plugins of then.
  std::map<std::string, v1::Evaluation> plugins;
};

// How an indicator computes: what of it, and of its script, is neither text nor
// bookkeeping.
absl::StatusOr<std::string> RuleOf(storage::ReadTransaction& tx, const v1::Indicator& indicator,
                                   int64_t revision) {
  v1::Indicator rule;
  rule.set_plugin(indicator.plugin());
  rule.set_plugin_version(indicator.plugin_version());
  *rule.mutable_parameters() = indicator.parameters();
  *rule.mutable_inputs() = indicator.inputs();
  *rule.mutable_group_by() = indicator.group_by();
  rule.set_frequency(indicator.frequency());
  std::string bytes = DeterministicBytes(rule);
  if (!IsScript(indicator.plugin())) return bytes;
  PT_ASSIGN_OR_RETURN(const auto script, LoadScript(tx, indicator.plugin(), revision));
  if (script.has_value()) bytes += FormulaOf(*script);
  return bytes;
}

absl::StatusOr<std::map<std::string, v1::Evaluation>> PluginsOf(HistoryFigures& figures,
                                                                const std::string& parent,
                                                                const v1::Target& target) {
  std::map<std::string, v1::Evaluation> plugins;
  for (const std::string& name : {parent, target.indicator()}) {
    PT_ASSIGN_OR_RETURN(const bool on_demand, figures.IsOnDemand(name));
    if (on_demand) return std::map<std::string, v1::Evaluation>();
    PT_ASSIGN_OR_RETURN(const v1::Evaluation* record, figures.EvaluationOf(name));
    plugins[name] = *record;
  }
  return plugins;
}

// The plugins whose builds differ between the two, as `plugins/growth 1.1.0 -> 1.2.0`.
std::vector<std::string> PluginChanges(const Standing& before, const Standing& after) {
  std::vector<std::string> changes;
  for (const auto& [name, now] : after.plugins) {
    const auto found = before.plugins.find(name);
    if (found == before.plugins.end()) continue;
    const v1::Evaluation& then = found->second;
    if (then.plugin_version() == now.plugin_version() &&
        then.plugin_digest() == now.plugin_digest()) {
      continue;
    }
    // What the script says is part of the rules.
    if (IsScript(now.plugin()) && then.plugin_version() == now.plugin_version()) continue;
    const std::string runner = RunnerOf(now.plugin());
    changes.push_back(absl::StrCat(
        RunnerOf(then.plugin()), " ", then.plugin_version(), " -> ",
        RunnerOf(then.plugin()) == runner ? "" : absl::StrCat(runner, " "), now.plugin_version(),
        then.plugin_version() == now.plugin_version() ? " (another build)" : ""));
  }
  return changes;
}

// nullopt when there was no such target then.
absl::StatusOr<std::optional<Standing>> StandingAt(storage::ReadTransaction& tx,
                                                   plugins::Engine& engine,
                                                   const std::string& measure_name,
                                                   const std::string& target_id, int64_t revision) {
  PT_ASSIGN_OR_RETURN(const auto measure, LoadMeasure(tx, measure_name, revision));
  if (!measure.has_value()) return std::optional<Standing>();
  const v1::Target* target = FindTarget(*measure, target_id);
  if (target == nullptr) return std::optional<Standing>();
  HistoryFigures figures(&tx, &engine, revision);
  Standing standing;
  standing.revision = revision;
  standing.target = *target;
  PT_ASSIGN_OR_RETURN(JudgedTarget judged, JudgeTarget(figures, *measure, *target, ""));
  standing.progress = std::move(judged.progress);
  PT_ASSIGN_OR_RETURN(const auto indicator, LoadIndicator(tx, target->indicator(), revision));
  standing.rules = DeterministicBytes(target->assessment());
  if (indicator.has_value()) {
    PT_ASSIGN_OR_RETURN(const std::string rule, RuleOf(tx, *indicator, revision));
    standing.rules += rule;
  }
  PT_ASSIGN_OR_RETURN(standing.plugins,
                      PluginsOf(figures, MakeTargetName(measure_name, target_id), *target));
  return std::optional<Standing>(std::move(standing));
}

// What of a target is neither its texts nor how it is judged.
std::string AimOf(v1::Target target) {
  target.clear_display_name();
  target.clear_translations();
  target.clear_references();
  target.clear_assessment();
  target.clear_further_assessments();
  return DeterministicBytes(target);
}

// The first of these that differs: what was changed on purpose before what came in.
v1::StatusChangeCause CauseOf(const Standing& before, const Standing& after) {
  if (AimOf(before.target) != AimOf(after.target)) return v1::STATUS_CHANGE_CAUSE_TARGET_CHANGED;
  if (before.rules != after.rules || !PluginChanges(before, after).empty()) {
    return v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED;
  }
  const v1::TargetProgress& then = before.progress;
  const v1::TargetProgress& now = after.progress;
  if (then.period() != now.period()) return v1::STATUS_CHANGE_CAUSE_NEW_PERIOD;
  if (then.baseline().period() != now.baseline().period() ||
      then.baseline().value() != now.baseline().value()) {
    return v1::STATUS_CHANGE_CAUSE_BASELINE_REVISED;
  }
  return v1::STATUS_CHANGE_CAUSE_FIGURE_REVISED;
}

std::string ValueWords(const v1::TargetProgress& progress) {
  return progress.has_latest_value() ? WithUnit(progress.latest_value(), progress) : "no value";
}

std::string MethodWords(const Standing& before, const Standing& after) {
  if (before.rules == after.rules) {
    return absl::StrCat("a plugin that computes or judges it was replaced by another version: ",
                        absl::StrJoin(PluginChanges(before, after), ", "));
  }
  const bool judged = DeterministicBytes(before.target.assessment()) !=
                      DeterministicBytes(after.target.assessment());
  return judged ? "the method by which it is judged was changed"
                : "the way in which its indicator is computed was changed";
}

std::string CauseWords(v1::StatusChangeCause cause, const Standing& before, const Standing& after) {
  const v1::TargetProgress& then = before.progress;
  const v1::TargetProgress& now = after.progress;
  switch (cause) {
    case v1::STATUS_CHANGE_CAUSE_TARGET_CHANGED:
      return "the target itself was changed";
    case v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED:
      return MethodWords(before, after);
    case v1::STATUS_CHANGE_CAUSE_NEW_PERIOD:
      if (now.period().empty()) return "its figures were taken away";
      // Periods of one frequency sort as their texts do.
      if (now.period() < then.period()) {
        return absl::StrCat("the figure of ", then.period(), ", ", ValueWords(then),
                            ", was taken away, so that ", now.period(), " is the latest with ",
                            ValueWords(now));
      }
      return absl::StrCat("a figure came for ", now.period(), ": ", ValueWords(now),
                          then.period().empty()
                              ? ""
                              : absl::StrCat(", after ", ValueWords(then), " in ", then.period()));
    case v1::STATUS_CHANGE_CAUSE_BASELINE_REVISED:
      return absl::StrCat("the baseline of ", now.baseline().period(), " was revised from ",
                          WithUnit(then.baseline().value(), then), " to ",
                          WithUnit(now.baseline().value(), now));
    default:
      return then.latest_value() == now.latest_value()
                 ? std::string("a figure on the way was revised")
                 : absl::StrCat("the figure of ", now.period(), " was revised from ",
                                ValueWords(then), " to ", ValueWords(now));
  }
}

// The commits after which a standing differed lie after that of `before` and at or
// before that which `after` was computed from; the last of them is named.
absl::StatusOr<v1::StatusChange> Describe(storage::ReadTransaction& tx, const Standing& before,
                                          const Standing& after) {
  v1::StatusChange change;
  change.set_from_status(before.progress.status());
  change.set_to_status(after.progress.status());
  change.set_cause(CauseOf(before, after));
  const int64_t input = after.progress.evaluation().input_revision();
  change.set_revision(input > before.revision && input <= after.revision ? input : after.revision);
  PT_ASSIGN_OR_RETURN(const auto commit, tx.GetCommit(change.revision()));
  if (commit.has_value()) {
    *change.mutable_time() = ToTimestamp(commit->time);
    change.set_principal(commit->principal);
  }
  change.set_reason(absl::StrCat(
      "It went from \"", StatusName(before.progress.status()), "\" to \"",
      StatusName(after.progress.status()), "\"",
      commit.has_value()
          ? absl::StrCat(" on ", absl::FormatTime("%Y-%m-%d", commit->time, absl::UTCTimeZone()),
                         " (revision ", change.revision(), ")")
          : "",
      " because ", CauseWords(change.cause(), before, after), "."));
  return change;
}

absl::StatusOr<std::optional<v1::Evaluation>> RecordAt(storage::ReadTransaction& tx,
                                                       const std::string& parent,
                                                       int64_t revision) {
  PT_ASSIGN_OR_RETURN(const auto body, tx.GetEvaluation(parent, revision));
  v1::Evaluation record;
  if (!body.has_value() || !record.ParseFromString(*body)) return std::optional<v1::Evaluation>();
  return std::optional<v1::Evaluation>(std::move(record));
}

// The last revision before this one at which the target may have stood otherwise:
// that of the evaluation before, or of what the first one did not know yet. 0 when
// there is none.
absl::StatusOr<int64_t> RevisionBefore(storage::ReadTransaction& tx, const std::string& parent,
                                       int64_t revision) {
  PT_ASSIGN_OR_RETURN(const auto last, RecordAt(tx, parent, revision));
  if (!last.has_value()) return 0;
  if (last->revision() < revision) return last->revision();
  PT_ASSIGN_OR_RETURN(const auto earlier, RecordAt(tx, parent, last->revision() - 1));
  return earlier.has_value() ? earlier->revision() : last->input_revision() - 1;
}

}  // namespace

absl::StatusOr<std::optional<v1::StatusChange>> StatusChangeAt(storage::ReadTransaction& tx,
                                                               plugins::Engine& engine,
                                                               const std::string& measure,
                                                               const std::string& target,
                                                               int64_t revision) {
  PT_ASSIGN_OR_RETURN(const int64_t at,
                      RevisionBefore(tx, MakeTargetName(measure, target), revision));
  if (at < 1) return std::optional<v1::StatusChange>();
  PT_ASSIGN_OR_RETURN(const auto after, StandingAt(tx, engine, measure, target, revision));
  if (!after.has_value()) return std::optional<v1::StatusChange>();
  PT_ASSIGN_OR_RETURN(const auto before, StandingAt(tx, engine, measure, target, at));
  if (!before.has_value() || before->progress.status() == after->progress.status()) {
    return std::optional<v1::StatusChange>();
  }
  PT_ASSIGN_OR_RETURN(v1::StatusChange change, Describe(tx, *before, *after));
  return std::optional<v1::StatusChange>(std::move(change));
}

absl::StatusOr<std::optional<v1::StatusChange>> LastStatusChange(storage::ReadTransaction& tx,
                                                                 plugins::Engine& engine,
                                                                 const std::string& measure,
                                                                 const std::string& target,
                                                                 int64_t revision) {
  const std::string parent = MakeTargetName(measure, target);
  PT_ASSIGN_OR_RETURN(auto after, StandingAt(tx, engine, measure, target, revision));
  if (!after.has_value()) return std::optional<v1::StatusChange>();
  for (int i = 0; i < kMaxEvaluations; ++i) {
    PT_ASSIGN_OR_RETURN(const int64_t at, RevisionBefore(tx, parent, after->revision));
    if (at < 1) break;
    PT_ASSIGN_OR_RETURN(auto before, StandingAt(tx, engine, measure, target, at));
    if (!before.has_value()) break;
    if (before->progress.status() != after->progress.status()) {
      PT_ASSIGN_OR_RETURN(v1::StatusChange change, Describe(tx, *before, *after));
      return std::optional<v1::StatusChange>(std::move(change));
    }
    after = std::move(before);
  }
  return std::optional<v1::StatusChange>();
}

}  // namespace policytrack::app
