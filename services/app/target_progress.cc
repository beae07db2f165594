#include "services/app/target_progress.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

namespace policytrack::app {
namespace {

// From the unit of an output to that of a target.
class UnitOfTarget {
 public:
  UnitOfTarget(absl::string_view from, const v1::Target& target)
      : known_(SameKind(from, target.unit())),
        conversion_(known_ ? ConversionBetween(from, target.unit()) : UnitConversion()),
        multiplier_(target.unit_multiplier()) {}
  bool known() const { return known_; }
  double Convert(double value) const {
    return ScaleFromBase(conversion_.Apply(value), multiplier_) + 0.0;
  }

 private:
  bool known_;
  UnitConversion conversion_;
  int multiplier_;
};

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

// A value of the judgement at a period, with the flags of its point.
struct Judgement {
  std::optional<double> value;
  bool there = false;
  v1::MissingReason missing = v1::MISSING_REASON_UNSPECIFIED;
};

absl::StatusOr<Judgement> ReadJudgement(HistoryFigures& figures, const std::string& parent,
                                        const char* output, int64_t period) {
  PT_ASSIGN_OR_RETURN(const Columns at, figures.Read(parent, output, "", {period, period}));
  Judgement judgement;
  if (at.empty()) return judgement;
  judgement.there = true;
  if (IsMissing(at.flags[0])) {
    judgement.missing = ReasonOfFlags(at.flags[0]);
  } else {
    judgement.value = at.values[0];
  }
  return judgement;
}

// Where the baseline's period has no value, an assessment may take a later one
// and says so in its output.
void UseJudgedBaseline(std::optional<double> value, const v1::Target& target, const Columns& values,
                       v1::Frequency frequency, const UnitOfTarget& unit,
                       v1::TargetProgress* progress) {
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

absl::Status SetJudgement(HistoryFigures& figures, const std::string& parent,
                          const v1::Target& target, int64_t period, const std::string& period_text,
                          v1::TargetProgress* progress, std::string* reason) {
  PT_ASSIGN_OR_RETURN(const Judgement status,
                      ReadJudgement(figures, parent, kStatusOutput, period));
  const int number = status.value.has_value() ? static_cast<int>(std::lround(*status.value)) : 0;
  if (number >= v1::PROGRESS_STATUS_DETERIORATING && number <= v1::PROGRESS_STATUS_ACHIEVED) {
    progress->set_status(static_cast<v1::ProgressStatus>(number));
  } else {
    progress->set_status(v1::PROGRESS_STATUS_NOT_ASSESSABLE);
    if (!progress->stale()) {
      *reason = status.there ? absl::StrCat("cannot be judged at ", period_text, " because ",
                                            MissingWords(status.missing))
                             : absl::StrCat(target.assessment().plugin(),
                                            " gives no judgement for ", period_text);
    }
  }
  PT_ASSIGN_OR_RETURN(const Judgement score, ReadJudgement(figures, parent, kScoreOutput, period));
  if (score.value.has_value()) progress->set_score(*score.value);
  PT_ASSIGN_OR_RETURN(const Judgement ratio, ReadJudgement(figures, parent, kRatioOutput, period));
  if (ratio.value.has_value()) progress->set_ratio(*ratio.value);

  // Without a final point there is no way whose values could be shown, whatever
  // the assessment gives.
  if (!target.has_final_point()) return absl::OkStatus();
  // Values with a unit are shown only where their unit is known.
  const absl::StatusOr<Calculation> calculation = figures.Resolve(parent);
  if (!calculation.ok()) {
    return IsStoreError(calculation.status()) ? calculation.status() : absl::OkStatus();
  }
  for (const ResolvedOutput& output : calculation->outputs) {
    if (output.name != kExpectedOutput && output.name != kProjectedOutput &&
        output.name != kRequiredPaceOutput) {
      continue;
    }
    const UnitOfTarget unit(output.unit, target);
    if (!unit.known()) continue;
    PT_ASSIGN_OR_RETURN(const Judgement at,
                        ReadJudgement(figures, parent, output.name.c_str(), period));
    if (!at.value.has_value()) continue;
    const double value = unit.Convert(*at.value);
    if (output.name == kExpectedOutput) progress->set_expected_value(value);
    if (output.name == kProjectedOutput) progress->set_projected_value(value);
    if (output.name == kRequiredPaceOutput) progress->set_required_pace(value);
  }
  return absl::OkStatus();
}

}  // namespace

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
  const auto shape = figures.resolver().Shape(target.indicator(), "indicator");
  if (!shape.ok() && IsStoreError(shape.status())) return shape.status();
  if (shape.ok()) {
    const ResolvedOutput* output = (*shape)->FindOutput(target.output());
    if (output != nullptr) output_unit = output->unit;
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
    PT_RETURN_IF_ERROR(SetJudgement(figures, parent, target, period, text, &progress, &reason));
    if (unit.known()) {
      PT_ASSIGN_OR_RETURN(const Judgement base,
                          ReadJudgement(figures, parent, kBaselineOutput, period));
      UseJudgedBaseline(base.value, target, values, frequency, unit, &progress);
    }
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
  return judged;
}

}  // namespace policytrack::app
