#include "services/app/target_progress.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "services/app/data_gaps.h"
#include "services/app/definitions.h"
#include "services/app/further_judgements.h"
#include "services/app/judgement.h"
#include "services/app/progress_notes.h"
#include "services/app/progress_words.h"

namespace policytrack::app {
namespace {

std::string FailureWords(const v1::Evaluation& evaluation) {
  return absl::StrCat("the last evaluation of ", evaluation.parent(), " failed (",
                      evaluation.failure_reason(), ": ", evaluation.failure_message(), ")");
}

// The last value at or before `upto`, as a position, or -1.
int64_t LastValue(const Columns& columns, int64_t upto) {
  for (size_t i = columns.size(); i-- > 0;) {
    if (columns.periods[i] <= upto && !IsMissing(columns.flags[i])) return static_cast<int64_t>(i);
  }
  return -1;
}

int64_t FirstValue(const Columns& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!IsMissing(columns.flags[i])) return static_cast<int64_t>(i);
  }
  return -1;
}

// The baseline that was used, and its period.
std::optional<int64_t> SetBaseline(const v1::Target& target, const Columns& values,
                                   v1::Frequency frequency, const UnitOfTarget& unit,
                                   v1::TargetProgress* progress) {
  if (!target.has_baseline()) {
    const int64_t first = FirstValue(values);
    if (first < 0) return std::nullopt;
    progress->mutable_baseline()->set_period(FormatPeriod(frequency, values.periods[first]));
    progress->mutable_baseline()->set_value(unit.Convert(values.values[first]));
    return values.periods[first];
  }
  *progress->mutable_baseline() = target.baseline();
  const absl::StatusOr<int64_t> period = ParsePeriod(frequency, target.baseline().period());
  if (!period.ok()) return std::nullopt;
  if (!target.baseline().has_value()) {
    const int64_t at = values.Find(*period);
    if (at >= 0 && !IsMissing(values.flags[at])) {
      progress->mutable_baseline()->set_value(unit.Convert(values.values[at]));
    }
  }
  return *period;
}

// Where the baseline's period has no value, an assessment may take a later one
// and says so in its output; or it judges without one.
void UseJudgedBaseline(const Judgement& judgement, const v1::Target& target, const Columns& values,
                       v1::Frequency frequency, const UnitOfTarget& unit,
                       v1::TargetProgress* progress) {
  const std::optional<double> value = judgement.Value(kBaselineOutput);
  const bool none = judgement.Find(kBaselineOutput) != nullptr && !value.has_value();
  if (none && judgement.Status().has_value() && !target.has_baseline()) progress->clear_baseline();
  if (!value.has_value() || target.baseline().has_value()) return;
  progress->mutable_baseline()->set_value(unit.Convert(*value));
  const absl::StatusOr<int64_t> stated = ParsePeriod(frequency, progress->baseline().period());
  for (size_t i = 0; i < values.size(); ++i) {
    if (stated.ok() && values.periods[i] < *stated) continue;
    if (IsMissing(values.flags[i]) || values.values[i] != *value) continue;
    progress->mutable_baseline()->set_period(FormatPeriod(frequency, values.periods[i]));
    return;
  }
}

// What steers; where the assessment has it.
void SetSteering(const Judgement& judgement, const v1::Target& target, v1::Frequency frequency,
                 v1::TargetProgress* progress) {
  if (const auto change = judgement.ChangeOf(kFlipChangeOutput, target); change.has_value()) {
    progress->set_flip_change(*change);
  }
  if (const auto status = judgement.Status(kFlipStatusOutput); status.has_value()) {
    progress->set_flip_status(*status);
  }
  if (judgement.Status().has_value()) {
    const Flags quality = static_cast<Flags>(judgement.Find(kStatusOutput)->flags & kQualityMask);
    progress->set_worst_input_status(StatusOfFlags(quality));
    progress->set_rests_on_provisional(quality != kNormal);
  }
  // Without a final point there is nothing to reach, whatever the assessment gives.
  if (!target.has_final_point()) return;
  if (const auto pace = judgement.ChangeOf(kBestPaceOutput, target); pace.has_value()) {
    progress->set_best_pace(*pace);
  }
  const std::optional<double> reach = judgement.Value(kOutOfReachOutput);
  constexpr double kBeyondPeriods = 1e9;
  if (reach.has_value() && judgement.Find(kOutOfReachOutput)->unit == kPeriodUnit &&
      std::abs(*reach) < kBeyondPeriods &&
      IsValidPeriod(frequency, static_cast<int64_t>(std::llround(*reach)))) {
    progress->set_out_of_reach_period(
        FormatPeriod(frequency, static_cast<int64_t>(std::llround(*reach))));
  }
}

void SetJudgement(const Judgement& judgement, const v1::Target& target, v1::Frequency frequency,
                  const std::string& period, v1::TargetProgress* progress, std::string* reason) {
  if (const auto status = judgement.Status(); status.has_value()) {
    progress->set_status(*status);
  } else {
    progress->set_status(v1::PROGRESS_STATUS_NOT_ASSESSABLE);
    if (!progress->stale()) {
      *reason = WhyNotJudged(judgement, target, target.assessment().plugin(), period);
    }
  }
  if (const auto score = judgement.Value(kScoreOutput); score.has_value()) {
    progress->set_score(*score);
  }
  if (const auto ratio = judgement.Value(kRatioOutput); ratio.has_value()) {
    progress->set_ratio(*ratio);
  }
  SetSteering(judgement, target, frequency, progress);
  // Without a final point there is no way whose values could be shown, whatever
  // the assessment gives.
  if (!target.has_final_point()) return;
  if (const auto value = judgement.ValueOf(kExpectedOutput, target); value.has_value()) {
    progress->set_expected_value(*value);
  }
  if (const auto value = judgement.ValueOf(kProjectedOutput, target); value.has_value()) {
    progress->set_projected_value(*value);
  }
  if (const auto value = judgement.ChangeOf(kRequiredPaceOutput, target); value.has_value()) {
    progress->set_required_pace(*value);
  }
}

}  // namespace

absl::Status NotJudgeable(storage::ReadTransaction& tx, const std::string& name, int64_t revision) {
  const bool past = revision < tx.revision();
  PT_ASSIGN_OR_RETURN(const auto document, tx.GetDocument(name, revision));
  if (document.has_value() && document->deleted) {
    if (past) {
      return NotFound(name, absl::StrCat(name, " was deleted at revision ", document->revision,
                                         ", so there is nothing to judge as of revision ", revision,
                                         "; ask for a revision before it"));
    }
    // Only what was deleted softly can come back.
    if (CollectionOf(name) == kMeasures) {
      PT_ASSIGN_OR_RETURN(const v1::Measure measure, ParseMeasure(*document));
      if (measure.has_delete_time()) {
        return NotFound(name, absl::StrCat(name, " is deleted; undelete it to have it judged"));
      }
    }
  }
  return NotFound(name, absl::StrCat(name,
                                     past ? absl::StrCat(" did not exist at revision ", revision)
                                          : " does not exist",
                                     "; list ", CollectionOf(name), " to see which do"));
}

absl::StatusOr<std::vector<std::string>> GroupValuesOf(HistoryFigures& figures,
                                                       const v1::Target& target) {
  PT_ASSIGN_OR_RETURN(const auto indicator,
                      LoadIndicator(figures.tx(), target.indicator(), figures.as_of()));
  std::vector<std::string> values;
  if (!indicator.has_value()) return values;
  for (const std::string& dimension : indicator->group_by()) {
    const auto found = target.group().find(dimension);
    PT_ASSIGN_OR_RETURN(
        std::string value,
        NormalizeDimensionValue(absl::StrCat("group.", dimension),
                                found == target.group().end() ? kTotal : found->second));
    values.push_back(std::move(value));
  }
  return values;
}

absl::StatusOr<JudgedTarget> JudgeTarget(HistoryFigures& figures, const v1::Measure& measure,
                                         const v1::Target& target, absl::string_view period_text) {
  JudgedTarget judged;
  v1::TargetProgress& progress = judged.progress;
  const std::string parent = MakeTargetName(measure.name(), target.id());
  progress.set_target(parent);
  progress.set_display_name(target.display_name());
  progress.set_relation(target.relation());
  progress.set_unit(target.unit());
  progress.set_unit_multiplier(target.unit_multiplier());
  if (target.has_final_point()) *progress.mutable_final_point() = target.final_point();

  PT_ASSIGN_OR_RETURN(const v1::Evaluation* evaluation, figures.EvaluationOf(parent));
  *progress.mutable_evaluation() = *evaluation;
  std::string failure;
  if (!evaluation->failure_reason().empty()) failure = FailureWords(*evaluation);
  PT_ASSIGN_OR_RETURN(const std::string upstream, FailureUpstream(figures, target.indicator()));
  if (!upstream.empty()) failure = upstream;
  progress.set_stale(!failure.empty());
  std::string reason;

  PT_ASSIGN_OR_RETURN(const v1::Frequency frequency,
                      FrequencyOf(figures.tx(), target.indicator(), figures.as_of()));
  PT_ASSIGN_OR_RETURN(const std::vector<std::string> group, GroupValuesOf(figures, target));
  PT_ASSIGN_OR_RETURN(const Columns values, figures.Read(target.indicator(), target.output(),
                                                         EncodeDimensionKey(group), PeriodRange()));
  int64_t at = -1;
  if (period_text.empty()) {
    at = LastValue(values, kLastPeriod);
  } else {
    PT_ASSIGN_OR_RETURN(const int64_t period, ParsePeriod(frequency, period_text));
    progress.set_period(std::string(period_text));
    judged.period = period;
    const int64_t found = values.Find(period);
    if (found >= 0 && !IsMissing(values.flags[found])) at = found;
  }

  // The unit of the indicator's values comes from its plugin's descriptor.
  absl::string_view output_unit;
  v1::Accumulation accumulation = v1::ACCUMULATION_UNSPECIFIED;
  const auto shape = figures.resolver().Shape(target.indicator(), "indicator");
  if (!shape.ok() && IsStoreError(shape.status())) return shape.status();
  if (shape.ok()) {
    const ResolvedOutput* output = (*shape)->FindOutput(target.output());
    if (output != nullptr) {
      output_unit = output->unit;
      accumulation = output->accumulation;
    }
  }
  const UnitOfTarget unit(output_unit, target);

  if (at < 0) {
    progress.set_status(v1::PROGRESS_STATUS_NO_DATA);
    PT_ASSIGN_OR_RETURN(reason, WhyNoValue(figures, target, group, values, judged.period,
                                           std::string(period_text)));
  } else {
    const int64_t period = values.periods[at];
    const std::string text = FormatPeriod(frequency, period);
    judged.period = period;
    progress.set_period(text);
    progress.set_latest_status(StatusOfFlags(values.flags[at]));
    PT_ASSIGN_OR_RETURN(int64_t revision, VintageOf(figures, target.indicator(), group, period));
    if (revision == 0) revision = values.revisions[at];
    progress.set_latest_revision(revision);
    PT_ASSIGN_OR_RETURN(const auto commit, figures.tx().GetCommit(revision));
    if (commit.has_value()) *progress.mutable_latest_time() = ToTimestamp(commit->time);
    if (unit.known()) {
      progress.set_latest_value(unit.Convert(values.values[at]));
      const auto baseline = SetBaseline(target, values, frequency, unit, &progress);
      if (baseline.has_value()) {
        for (size_t i = 0; i < values.size(); ++i) {
          if (values.periods[i] > *baseline && values.periods[i] <= period &&
              (values.flags[i] & kBreak) != 0) {
            progress.set_series_break(true);
          }
        }
      }
    }
    PT_ASSIGN_OR_RETURN(const Judgement judgement, ReadJudgement(figures, parent, period));
    SetJudgement(judgement, target, frequency, text, &progress, &reason);
    if (unit.known()) {
      UseJudgedBaseline(judgement, target, values, frequency, unit, &progress);
      const auto amount = AmountOfYear(target, values, at, frequency, accumulation);
      if (amount.has_value()) judged.amount_of_year = unit.Convert(*amount);
    }
    if (period_text.empty()) judged.newer = NewerWithoutValue(values, at, frequency);
  }
  if (!progress.has_baseline() && target.has_baseline()) {
    *progress.mutable_baseline() = target.baseline();
  }

  if (!failure.empty()) {
    const bool shown = progress.status() != v1::PROGRESS_STATUS_NO_DATA &&
                       progress.status() != v1::PROGRESS_STATUS_NOT_ASSESSABLE;
    failure = absl::StrCat(failure, shown ? "; what is shown is the last good one" : "");
    reason = reason.empty() ? failure : absl::StrCat(reason, "; ", failure);
  }
  progress.set_reason(reason);
  judged.reason = std::move(reason);
  PT_RETURN_IF_ERROR(JudgeFurther(figures, target, judged.period, &progress));
  std::vector<std::string> words;
  if (!judged.reason.empty()) words.push_back(judged.reason);
  if (!judged.newer.empty()) words.push_back(judged.newer);
  if (judged.amount_of_year.has_value()) {
    words.push_back(
        absl::StrCat("the year has had ", WithUnit(*judged.amount_of_year, progress), " so far"));
  }
  progress.set_reason(absl::StrJoin(words, "; "));
  return judged;
}

}  // namespace policytrack::app
