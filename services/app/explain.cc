#include "services/app/explain.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "services/app/as_of.h"
#include "services/app/await_revision.h"
#include "services/app/computed_reader.h"
#include "services/app/definitions.h"
#include "services/app/explain_steering.h"
#include "services/app/explain_steps.h"
#include "services/app/judgement.h"
#include "services/app/progress_words.h"
#include "services/app/status_change.h"
#include "services/app/target_progress.h"

namespace policytrack::app {
namespace {

// Inputs of a step that are put into words; all are beside them.
constexpr int kMaxSaid = 6;

std::string QualityWords(v1::ObservationStatus status) {
  switch (status) {
    case v1::OBSERVATION_STATUS_IMPUTED:
      return "That value is imputed.";
    case v1::OBSERVATION_STATUS_ESTIMATED:
      return "That value is estimated.";
    case v1::OBSERVATION_STATUS_PROVISIONAL:
      return "That value is provisional and may be revised.";
    case v1::OBSERVATION_STATUS_FORECAST:
      return "That value is a forecast.";
    default:
      return "";
  }
}

std::string TargetWords(const v1::TargetProgress& progress) {
  const v1::TargetPoint& point = progress.final_point();
  const std::string value = WithUnit(point.value(), progress);
  switch (progress.relation()) {
    case v1::TARGET_RELATION_AT_MOST:
      return absl::StrCat("at most ", value);
    case v1::TARGET_RELATION_ABOUT:
      return absl::StrCat("about ", value);
    case v1::TARGET_RELATION_WITHIN:
      return absl::StrCat("from ", NumberWords(point.value()), " to ",
                          WithUnit(point.upper_value(), progress));
    default:
      return absl::StrCat("at least ", value);
  }
}

// Who computed a step, with what of its parameters was chosen.
std::string MethodWords(const v1::ExplainedStep& step, StepExplainer& explainer) {
  const v1::Evaluation& evaluation = step.evaluation();
  const std::vector<std::string>& stated = explainer.StatedParameters(evaluation.parent());
  return absl::StrCat(
      evaluation.plugin(),
      evaluation.plugin_version().empty() ? "" : absl::StrCat(" ", evaluation.plugin_version()),
      evaluation.previous_plugin_version().empty()
          ? ""
          : absl::StrCat(" (", evaluation.previous_plugin_version(), " until revision ",
                         evaluation.plugin_change_revision(), ")"),
      stated.empty() ? "" : absl::StrCat(" with ", absl::StrJoin(stated, ", ")));
}

// The latest figure of an input, with its vintage.
std::string LatestWords(const v1::ExplainedInput& input) {
  if (input.points().empty()) return ", which has no figures yet";
  const v1::ExplainedPoint& point = *input.points().rbegin();
  const std::string vintage =
      point.revision() > 0 ? absl::StrCat(" (revision ", point.revision(), ")") : "";
  if (point.has_value()) {
    return absl::StrCat(": ", NumberWords(point.value()), " ",
                        UnitLabel(input.unit(), input.unit_multiplier()), " for ", point.period(),
                        vintage);
  }
  return absl::StrCat(": none for ", point.period(), " because ",
                      MissingWords(point.missing_reason()), vintage);
}

std::string SourceWords(const v1::ExplainedInput& input) {
  std::vector<std::string> dimensions;
  for (const auto& [dimension, value] : input.dimensions()) {
    dimensions.push_back(absl::StrCat(dimension, " = ", value == kTotal ? "total" : value));
  }
  std::sort(dimensions.begin(), dimensions.end());
  return absl::StrCat(input.display_name().empty()
                          ? input.source()
                          : absl::StrCat(input.display_name(), " (", input.source(), ")"),
                      dimensions.empty() ? "" : absl::StrCat(", ", absl::StrJoin(dimensions, ", ")),
                      LatestWords(input));
}

// All that went into a step; what is made of several series is said after the last.
std::string SourcesWords(const v1::ExplainedStep& step) {
  std::vector<std::string> sources;
  const int said = std::min(step.inputs_size(), kMaxSaid);
  for (int i = 0; i < said; ++i) {
    const v1::ExplainedInput& input = step.inputs(i);
    const bool goes_on = i + 1 < said && step.inputs(i + 1).slot() == input.slot();
    sources.push_back(absl::StrCat(
        step.inputs_size() > 1 ? absl::StrCat(input.slot(), " ") : "", SourceWords(input),
        goes_on || input.treatment().empty() ? "" : absl::StrCat(", ", input.treatment())));
  }
  const int more = step.inputs_size() - said + step.further_input_count();
  if (more > 0) sources.push_back(absl::StrCat("and ", more, " more series"));
  return absl::StrJoin(sources, "; ");
}

// "X; published in Y", as far as it is known; "" of nothing.
std::string OriginWords(const v1::ExplainedInput& input) {
  std::vector<std::string> titles;
  for (const v1::Reference& reference : input.references()) {
    if (absl::StripAsciiWhitespace(reference.title()).empty()) continue;
    titles.push_back(absl::StrCat(
        "\"", reference.title(), "\"",
        reference.publisher().empty() ? "" : absl::StrCat(" (", reference.publisher(), ")")));
  }
  std::vector<std::string> parts;
  if (!absl::StripAsciiWhitespace(input.producer()).empty()) parts.push_back(input.producer());
  if (!titles.empty()) {
    parts.push_back(absl::StrCat("published in ", absl::StrJoin(titles, ", ")));
  }
  return absl::StrJoin(parts, "; ");
}

void AddFigureSentences(const std::vector<v1::ExplainedStep>& steps, StepExplainer& explainer,
                        v1::ExplainProgressResponse* response) {
  std::set<std::string> cited;
  for (size_t i = 1; i < steps.size(); ++i) {
    const std::string sources = SourcesWords(steps[i]);
    if (sources.empty()) continue;
    response->add_sentences(absl::StrCat(
        steps[i].display_name().empty() ? steps[i].evaluation().parent() : steps[i].display_name(),
        " is computed by ", MethodWords(steps[i], explainer), " from ", sources, "."));
    for (const v1::ExplainedInput& input : steps[i].inputs()) {
      if (!cited.insert(input.source()).second) continue;
      const std::string origin = OriginWords(input);
      if (origin.empty()) continue;
      response->add_sentences(absl::StrCat(
          "Source of the figures of ",
          input.display_name().empty() ? input.source() : input.display_name(), ": ", origin, "."));
    }
  }
}

absl::Status AddSentences(const JudgedTarget& judged, const std::vector<v1::ExplainedStep>& steps,
                          StepExplainer& explainer, v1::ExplainProgressResponse* response) {
  const v1::TargetProgress& progress = response->progress();
  response->add_sentences(absl::StrCat(
      "\"", progress.display_name(), "\" ", StatusWords(progress.status()),
      progress.period().empty() ? "" : absl::StrCat(" as of ", progress.period()), "."));
  if (!judged.reason.empty()) {
    response->add_sentences(absl::StrCat("Reason: ", judged.reason, "."));
  }
  if (!judged.newer.empty()) {
    response->add_sentences(
        absl::StrCat(judged.newer, "; ", progress.period(), " is the last period that has one."));
  }
  if (progress.has_latest_value()) {
    std::string sentence = absl::StrCat("The value for ", progress.period(), " is ",
                                        WithUnit(progress.latest_value(), progress));
    PT_ASSIGN_OR_RETURN(const storage::Commit* commit,
                        explainer.CommitOf(progress.latest_revision()));
    if (commit != nullptr) {
      absl::StrAppend(&sentence, ", as written on ",
                      absl::FormatTime("%Y-%m-%d", commit->time, absl::UTCTimeZone()),
                      " at revision ", progress.latest_revision(),
                      commit->principal.empty() ? "" : absl::StrCat(" by ", commit->principal));
    }
    response->add_sentences(sentence + ".");
    const std::string quality = QualityWords(progress.latest_status());
    if (!quality.empty()) response->add_sentences(quality);
  }
  if (judged.amount_of_year.has_value()) {
    response->add_sentences(absl::StrCat("The values of the year up to ", progress.period(),
                                         " add up to ", WithUnit(*judged.amount_of_year, progress),
                                         "; that is what is judged."));
  }
  const bool at_baseline =
      progress.baseline().has_value() && progress.baseline().period() == progress.period();
  if (progress.has_final_point()) {
    response->add_sentences(absl::StrCat(
        "The target is ", TargetWords(progress), " in ", progress.final_point().period(),
        at_baseline ? absl::StrCat("; progress is measured from ", progress.period(), " itself")
        : progress.baseline().has_value()
            ? absl::StrCat("; progress is measured from ",
                           WithUnit(progress.baseline().value(), progress), " in ",
                           progress.baseline().period())
            : "",
        "."));
  }
  // Without a final point there is no way to speak of.
  if (progress.has_expected_value() && progress.has_final_point() && !at_baseline) {
    response->add_sentences(absl::StrCat(
        "The way to the target asks for ", WithUnit(progress.expected_value(), progress),
        judged.amount_of_year.has_value() ? " by " : " in ", progress.period(), "."));
  }
  if (progress.has_projected_value() && progress.has_final_point()) {
    response->add_sentences(absl::StrCat("At the pace so far the value would be ",
                                         WithUnit(progress.projected_value(), progress), " in ",
                                         progress.final_point().period(), "."));
  }
  // "Starts at", since a way of compound growth asks for another change in each
  // year. A target that is met needs none.
  if (progress.has_required_pace() && progress.required_pace() != 0 && progress.has_final_point()) {
    response->add_sentences(absl::StrCat(
        "From ", progress.period(), " on the pace needed to meet the target starts at ",
        ChangeWithUnit(progress.required_pace(), progress), " a year."));
  }
  AddSteeringSentences(progress, response);
  if (progress.series_break()) {
    response->add_sentences(
        "The series breaks between the baseline and this period, so the values before and after "
        "the break do not compare.");
  }
  if (!steps.empty() && !steps[0].evaluation().plugin().empty()) {
    response->add_sentences(
        absl::StrCat("It is judged by ", MethodWords(steps[0], explainer), "."));
    AddFurtherSentences(steps[0], progress, response);
  }
  AddFigureSentences(steps, explainer, response);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ExplainProgressResponse> Explainer::ExplainProgress(
    const v1::ExplainProgressRequest& request) {
  PT_ASSIGN_OR_RETURN(const TargetName name, ParseTargetName("target", request.target()));
  PT_RETURN_IF_ERROR(
      AwaitRevision(*store_, *evaluator_, request.has_as_of(), request.at_least_revision()));
  v1::ExplainProgressResponse response;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    response.Clear();
    PT_ASSIGN_OR_RETURN(int64_t revision, ResolveAsOf(tx, request.has_as_of(), request.as_of()));
    revision = std::min(revision, tx.revision());
    PT_ASSIGN_OR_RETURN(const auto measure, LoadMeasure(tx, name.measure, revision));
    if (!measure.has_value()) return NotJudgeable(tx, name.measure, revision);
    const v1::Target* target = FindTarget(*measure, name.target);
    if (target == nullptr) {
      return NotFound(request.target(),
                      absl::StrCat(name.measure, " has no target ", name.target, " at revision ",
                                   revision, "; get ", name.measure, " to see its targets"));
    }
    HistoryFigures figures(&tx, engine_, revision);
    PT_ASSIGN_OR_RETURN(JudgedTarget judged,
                        JudgeTarget(figures, *measure, *target, request.period()));
    *response.mutable_progress() = judged.progress;
    StepExplainer explainer(&figures);
    PT_ASSIGN_OR_RETURN(const std::vector<v1::ExplainedStep> steps,
                        explainer.Explain(*target, request.target(), judged.period));
    PT_RETURN_IF_ERROR(AddSentences(judged, steps, explainer, &response));
    for (const v1::ExplainedStep& step : steps) *response.add_steps() = step;
    if (!request.period().empty()) return absl::OkStatus();
    PT_ASSIGN_OR_RETURN(auto change,
                        LastStatusChange(tx, *engine_, name.measure, name.target, revision));
    if (change.has_value()) {
      response.add_sentences(change->reason());
      *response.mutable_last_change() = *std::move(change);
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace policytrack::app
