#include "services/app/progress.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit_conversion.h"
#include "services/app/as_of.h"
#include "services/app/await_revision.h"
#include "services/app/computed_reader.h"
#include "services/app/definitions.h"
#include "services/app/rollup.h"
#include "services/app/shown_units.h"
#include "services/app/target_progress.h"

namespace policytrack::app {
namespace {

absl::StatusOr<v1::MeasureProgress> JudgeMeasure(HistoryFigures& figures,
                                                 const v1::Measure& measure,
                                                 const std::string& period, absl::CivilDay today) {
  v1::MeasureProgress progress;
  progress.set_measure(measure.name());
  progress.set_display_name(measure.display_name());
  progress.set_category(measure.category());
  progress.set_stage(measure.lifecycle().empty()
                         ? measure.stage()
                         : measure.lifecycle(measure.lifecycle_size() - 1).stage());
  *progress.mutable_counts() = NoCounts();
  std::vector<v1::ProgressStatus> statuses;
  std::vector<double> scores;
  for (const v1::Target& target : measure.targets()) {
    PT_ASSIGN_OR_RETURN(JudgedTarget judged, JudgeTarget(figures, measure, target, period));
    const v1::TargetProgress& of = judged.progress;
    statuses.push_back(of.status());
    if (of.has_score()) scores.push_back(of.score());
    CountStatus(of.status(), progress.mutable_counts());
    for (const std::string& lack : {judged.reason, judged.newer}) {
      if (!lack.empty()) progress.add_missing(absl::StrCat("target ", target.id(), ": ", lack));
    }
    *progress.add_targets() = std::move(judged.progress);
  }
  if (measure.targets().empty()) {
    progress.add_missing("no target is set, so there is nothing to judge");
  }
  progress.set_judged_target_count(JudgedCount(progress.counts()));
  progress.set_target_count(AllCount(progress.counts()));
  progress.set_status(WorstStatus(statuses));
  if (const auto mean = MeanScore(scores); mean.has_value()) progress.set_score(*mean);
  for (const v1::Milestone& milestone : measure.milestones()) {
    *progress.add_milestones() = JudgeMilestone(milestone, today);
  }
  *progress.mutable_milestone_date() = ToDate(today);
  progress.set_rollup_rule(kMeasureRule);
  progress.set_revision(std::min(figures.as_of(), figures.tx().revision()));
  return progress;
}

// The revision to answer for; the present one is named, so that the answer is
// exactly of it.
absl::StatusOr<int64_t> AnswerRevision(storage::ReadTransaction& tx, bool has_as_of,
                                       const v1::AsOf& as_of) {
  PT_ASSIGN_OR_RETURN(const int64_t revision, ResolveAsOf(tx, has_as_of, as_of));
  return std::min(revision, tx.revision());
}

}  // namespace

absl::CivilDay ProgressReader::Today() const {
  return absl::ToCivilDay(clock_->Now(), absl::UTCTimeZone());
}

absl::StatusOr<v1::MeasureProgress> ProgressReader::GetMeasureProgress(
    const v1::GetMeasureProgressRequest& request) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kMeasures, request.name()).status());
  PT_RETURN_IF_ERROR(CheckAskedUnit(request.unit(), request.unit_multiplier()));
  const ScaledUnit asked{request.unit(), request.unit_multiplier()};
  PT_RETURN_IF_ERROR(
      AwaitRevision(*store_, *evaluator_, request.has_as_of(), request.at_least_revision()));
  v1::MeasureProgress progress;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const int64_t revision,
                        AnswerRevision(tx, request.has_as_of(), request.as_of()));
    PT_ASSIGN_OR_RETURN(const auto measure, LoadMeasure(tx, request.name(), revision));
    if (!measure.has_value()) return NotJudgeable(tx, request.name(), revision);
    HistoryFigures figures(&tx, engine_, revision);
    PT_ASSIGN_OR_RETURN(progress, JudgeMeasure(figures, *measure, request.period(), Today()));
    PT_RETURN_IF_ERROR(CheckShown(asked, request.name(), {&progress}));
    return ShowProgress(asked, &progress);
  }));
  return progress;
}

absl::StatusOr<v1::PlanProgress> ProgressReader::GetPlanProgress(
    const v1::GetPlanProgressRequest& request) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kPlans, request.name()).status());
  PT_RETURN_IF_ERROR(CheckAskedUnit(request.unit(), request.unit_multiplier()));
  const ScaledUnit asked{request.unit(), request.unit_multiplier()};
  PT_RETURN_IF_ERROR(
      AwaitRevision(*store_, *evaluator_, request.has_as_of(), request.at_least_revision()));
  const absl::CivilDay today = Today();
  v1::PlanProgress progress;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const int64_t revision,
                        AnswerRevision(tx, request.has_as_of(), request.as_of()));
    PT_ASSIGN_OR_RETURN(const auto plan, LoadPlan(tx, request.name(), revision));
    if (!plan.has_value()) return NotJudgeable(tx, request.name(), revision);
    progress.Clear();
    progress.set_plan(plan->name());
    progress.set_display_name(plan->display_name());
    progress.set_revision(revision);
    progress.set_rollup_rule(kPlanRule);
    *progress.mutable_counts() = NoCounts();
    HistoryFigures figures(&tx, engine_, revision);
    std::vector<v1::ProgressStatus> statuses;
    std::vector<double> scores;
    PT_RETURN_IF_ERROR(ForEachDocument(
        tx, kMeasures, revision, [&](const storage::Document& document) -> absl::Status {
          PT_ASSIGN_OR_RETURN(const v1::Measure measure, ParseMeasure(document));
          if (measure.plan() != request.name()) return absl::OkStatus();
          PT_ASSIGN_OR_RETURN(v1::MeasureProgress judged,
                              JudgeMeasure(figures, measure, "", today));
          if (judged.stage() == v1::MEASURE_STAGE_CANCELLED) return absl::OkStatus();
          statuses.push_back(judged.status());
          if (judged.has_score()) scores.push_back(judged.score());
          AddCounts(judged.counts(), progress.mutable_counts());
          *progress.add_measures() = std::move(judged);
          return absl::OkStatus();
        }));
    progress.set_judged_target_count(JudgedCount(progress.counts()));
    progress.set_target_count(AllCount(progress.counts()));
    progress.set_status(WorstStatus(statuses));
    if (const auto mean = MeanScore(scores); mean.has_value()) progress.set_score(*mean);
    std::vector<const v1::MeasureProgress*> measures;
    for (const v1::MeasureProgress& measure : progress.measures()) measures.push_back(&measure);
    PT_RETURN_IF_ERROR(CheckShown(asked, request.name(), measures));
    for (v1::MeasureProgress& measure : *progress.mutable_measures()) {
      PT_RETURN_IF_ERROR(ShowProgress(asked, &measure));
    }
    return absl::OkStatus();
  }));
  return progress;
}

}  // namespace policytrack::app
