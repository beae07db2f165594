#include "services/app/further_judgements.h"

#include <set>
#include <string>

#include "core/error.h"
#include "services/app/judgement.h"

namespace policytrack::app {
namespace {

// The parameters in force, where the plugin still takes them.
template <typename Field>
void SetParameters(HistoryFigures& figures, const v1::Assessment& assessment, Field* field) {
  const auto build = figures.engine().Find(ReferenceOf(assessment));
  if (!build.ok()) return;
  const auto parameters = (*build)->EffectiveParameters(assessment.parameters());
  if (!parameters.ok()) return;
  for (const std::string& parameter : *parameters) *field->Add() = parameter;
}

absl::Status JudgeOne(HistoryFigures& figures, const v1::Target& target,
                      const v1::Assessment& assessment, std::optional<int64_t> period,
                      const v1::TargetProgress& progress, v1::FurtherJudgement* further) {
  further->set_plugin(assessment.plugin());
  SetParameters(figures, assessment, further->mutable_parameters());
  // Where there is no value to judge, it is missing for all.
  if (progress.status() == v1::PROGRESS_STATUS_NO_DATA || !period.has_value()) {
    further->set_status(v1::PROGRESS_STATUS_NO_DATA);
    further->set_reason(progress.reason());
    return absl::OkStatus();
  }
  further->set_status(v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  const absl::StatusOr<Judgement> judgement =
      ComputeJudgement(figures, target, assessment, progress.target(), *period);
  if (!judgement.ok()) {
    if (IsStoreError(judgement.status())) return judgement.status();
    constexpr size_t kLongestReason = 1000;
    further->set_reason(CutText(judgement.status().message(), kLongestReason));
    return absl::OkStatus();
  }
  if (const auto status = judgement->Status(); status.has_value()) {
    further->set_status(*status);
  } else {
    further->set_reason(WhyNotJudged(*judgement, target, assessment.plugin(), progress.period()));
  }
  if (const auto score = judgement->Value(kScoreOutput); score.has_value()) {
    further->set_score(*score);
  }
  if (const auto ratio = judgement->Value(kRatioOutput); ratio.has_value()) {
    further->set_ratio(*ratio);
  }
  if (!target.has_final_point()) return absl::OkStatus();
  if (const auto value = judgement->ValueOf(kExpectedOutput, target); value.has_value()) {
    further->set_expected_value(*value);
  }
  if (const auto value = judgement->ValueOf(kProjectedOutput, target); value.has_value()) {
    further->set_projected_value(*value);
  }
  if (const auto value = judgement->ChangeOf(kRequiredPaceOutput, target); value.has_value()) {
    further->set_required_pace(*value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status JudgeFurther(HistoryFigures& figures, const v1::Target& target,
                          std::optional<int64_t> period, v1::TargetProgress* progress) {
  if (target.further_assessments().empty()) return absl::OkStatus();
  SetParameters(figures, target.assessment(), progress->mutable_assessment_parameters());
  std::set<v1::ProgressStatus> statuses;
  const auto count = [&statuses](v1::ProgressStatus status) {
    if (status >= v1::PROGRESS_STATUS_DETERIORATING && status <= v1::PROGRESS_STATUS_ACHIEVED) {
      statuses.insert(status);
    }
  };
  count(progress->status());
  for (const v1::Assessment& assessment : target.further_assessments()) {
    v1::FurtherJudgement& further = *progress->add_further_judgements();
    PT_RETURN_IF_ERROR(JudgeOne(figures, target, assessment, period, *progress, &further));
    count(further.status());
  }
  progress->set_methods_disagree(statuses.size() > 1);
  return absl::OkStatus();
}

}  // namespace policytrack::app
