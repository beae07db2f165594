#include "services/app/explain_steering.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/app/progress_words.h"

namespace policytrack::app {
namespace {

std::string QualityName(v1::ObservationStatus status) {
  switch (status) {
    case v1::OBSERVATION_STATUS_IMPUTED:
      return "imputed";
    case v1::OBSERVATION_STATUS_ESTIMATED:
      return "estimated";
    case v1::OBSERVATION_STATUS_PROVISIONAL:
      return "provisional";
    case v1::OBSERVATION_STATUS_FORECAST:
      return "a forecast";
    default:
      return "";
  }
}

// Methods take what differs from a threshold by less for rounding.
constexpr double kOnThreshold = 1e-8;

// What would flip the status, so that it is true of the number as it is printed: a
// threshold that must be passed, or was rounded down, is not reached by it.
std::string FlipWords(const v1::TargetProgress& progress) {
  const double change = std::abs(progress.flip_change());
  const char* const way = progress.flip_change() < 0 ? "lower" : "higher";
  const double scale =
      std::max({std::abs(progress.latest_value()), std::abs(progress.final_point().value()),
                std::abs(progress.baseline().value())});
  if (change <= kOnThreshold * scale) {
    return absl::StrCat("The value for ", progress.period(), " is on the threshold: were it any ",
                        way, ", the judgement would be ", StatusName(progress.flip_status()), ".");
  }
  double printed = 0;
  const bool reaches = absl::SimpleAtod(NumberWords(change), &printed) && printed >= change;
  return absl::StrCat("If the value for ", progress.period(), " were ", reaches ? "" : "more than ",
                      ChangeWithUnit(change, progress), " ", way, ", the judgement would be ",
                      StatusName(progress.flip_status()), ".");
}

}  // namespace

void AddSteeringSentences(const v1::TargetProgress& progress,
                          v1::ExplainProgressResponse* response) {
  if (progress.has_best_pace() && !progress.out_of_reach_period().empty()) {
    const bool already = progress.out_of_reach_period() == progress.period();
    response->add_sentences(
        absl::StrCat("The best pace seen is ", ChangeWithUnit(progress.best_pace(), progress),
                     " a year; at that pace the target is out of reach ",
                     already ? std::string("already")
                             : absl::StrCat("from ", progress.out_of_reach_period(), " on"),
                     "."));
  }
  if (progress.has_flip_change() && progress.flip_status() != v1::PROGRESS_STATUS_UNSPECIFIED) {
    response->add_sentences(FlipWords(progress));
  }
  // What the value itself is has been said.
  if (progress.rests_on_provisional() &&
      progress.worst_input_status() != progress.latest_status()) {
    response->add_sentences(
        absl::StrCat("The judgement rests on figures that are not final; the "
                     "worst of them is ",
                     QualityName(progress.worst_input_status()), "."));
  }
}

void AddFurtherSentences(const v1::ExplainedStep& own, const v1::TargetProgress& progress,
                         v1::ExplainProgressResponse* response) {
  const std::set<std::string> known(own.parameters().begin(), own.parameters().end());
  for (const v1::FurtherJudgement& further : progress.further_judgements()) {
    std::vector<std::string> others;
    for (const std::string& parameter : further.parameters()) {
      if (further.plugin() != own.evaluation().plugin() || known.count(parameter) == 0) {
        others.push_back(parameter);
      }
    }
    // What is said of the target already is not said again of each method.
    const bool said = absl::StartsWith(progress.reason(), further.reason());
    response->add_sentences(absl::StrCat(
        "Judged by ", further.plugin(),
        others.empty() ? "" : absl::StrCat(" with ", absl::StrJoin(others, ", ")), " instead: ",
        StatusName(further.status()), said ? "" : absl::StrCat(" (", further.reason(), ")"), "."));
  }
  if (progress.methods_disagree()) {
    response->add_sentences("The methods disagree, so the status is a choice of method.");
  }
}

}  // namespace policytrack::app
