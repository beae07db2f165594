#include "clients/cli/explain.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/report_sections.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/table.h"
#include "clients/cli/words.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/progress_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

using Json = nlohmann::ordered_json;

void WriteInput(const v1::ExplainedInput& input, std::ostream& out) {
  out << "  " << OneLine(input.slot()) << ": " << OneLine(input.source());
  if (!input.output().empty()) out << " " << OneLine(input.output());
  const std::map<std::string, std::string> dimensions(input.dimensions().begin(),
                                                      input.dimensions().end());
  if (!dimensions.empty()) {
    out << " (" << OneLine(absl::StrJoin(dimensions, ", ", absl::PairFormatter("="))) << ")";
  }
  if (!input.unit().empty())
    out << ", " << OneLine(UnitLabel(input.unit(), input.unit_multiplier()));
  if (!input.producer().empty()) out << ", by " << OneLine(input.producer());
  out << "\n";
  if (!input.treatment().empty()) out << "    taken: " << OneLine(input.treatment()) << "\n";
  for (const v1::Reference& reference : input.references()) {
    out << "    source: " << OneLine(reference.title());
    if (!reference.uri().empty()) out << " <" << OneLine(reference.uri()) << ">";
    out << "\n";
  }
  if (input.points().empty()) {
    out << "    no data yet\n";
    return;
  }
  Table table;
  table.header = {"    PERIOD", "VALUE", "STATUS", "REVISION", "WRITTEN", "BY", "NOTE"};
  table.right = {1, 3};
  for (const v1::ExplainedPoint& point : input.points()) {
    std::vector<std::string> notes;
    if (point.series_break()) notes.push_back("series break");
    table.rows.push_back(
        {absl::StrCat("    ", point.period()), point.has_value() ? ExactNumber(point.value()) : "",
         point.has_value()
             ? EnumWord(v1::ObservationStatus_Name(point.status()), "OBSERVATION_STATUS_")
             : MissingWord(point.missing_reason()),
         point.revision() > 0 ? absl::StrCat(point.revision()) : "",
         point.has_time() ? TimeWord(point.time()) : "", point.principal(),
         absl::StrJoin(notes, "; ")});
  }
  out << FormatText(table);
}

void WriteStep(const v1::ExplainedStep& step, std::ostream& out) {
  const v1::Evaluation& evaluation = step.evaluation();
  out << "\n" << OneLine(step.display_name().empty() ? evaluation.parent() : step.display_name());
  if (!evaluation.parent().empty() && !step.display_name().empty()) {
    out << " [" << OneLine(evaluation.parent()) << "]";
  }
  out << "\n";
  if (!evaluation.plugin().empty()) {
    out << "  computed by " << OneLine(evaluation.plugin()) << " "
        << OneLine(evaluation.plugin_version()) << " from revision " << evaluation.input_revision();
    if (!evaluation.plugin_digest().empty()) {
      out << ", digest " << OneLine(evaluation.plugin_digest().substr(0, 12));
    }
    if (!evaluation.previous_plugin_version().empty()) {
      out << "; " << OneLine(evaluation.previous_plugin_version()) << " until revision "
          << evaluation.plugin_change_revision();
    }
    out << "\n";
  }
  if (!evaluation.suspect_message().empty()) {
    out << "  suspect: " << OneLine(evaluation.suspect_message()) << "\n";
  }
  if (!evaluation.failure_reason().empty()) {
    out << "  failed: " << OneLine(evaluation.failure_message()) << " ["
        << OneLine(evaluation.failure_reason()) << "]\n";
  }
  if (!step.parameters().empty()) {
    out << "  parameters: " << OneLine(absl::StrJoin(step.parameters(), ", ")) << "\n";
  }
  for (const v1::ExplainedInput& input : step.inputs()) WriteInput(input, out);
  if (step.further_input_count() > 0) {
    out << "  and " << step.further_input_count() << " more series\n";
  }
}

void WriteExplanation(const v1::ExplainProgressResponse& response, std::ostream& out) {
  const v1::TargetProgress& progress = response.progress();
  out << OneLine(progress.display_name().empty() ? progress.target() : progress.display_name());
  if (!progress.display_name().empty()) out << " [" << OneLine(progress.target()) << "]";
  out << "\n" << StatusWord(progress.status());
  if (!progress.period().empty()) out << " at " << OneLine(progress.period());
  if (progress.has_score()) out << ", score " << ShortNumber(progress.score());
  if (!progress.reason().empty()) out << ": " << OneLine(progress.reason());
  out << "\n";
  if (!progress.further_judgements().empty()) {
    out << (progress.methods_disagree() ? "methods disagree: " : "methods: ")
        << OneLine(MethodsInWords(progress)) << "\n";
  }
  for (const std::string& sentence : response.sentences()) {
    out << OneLine(sentence) << "\n";
  }
  for (const v1::ExplainedStep& step : response.steps()) WriteStep(step, out);
}

}  // namespace

int RunExplain(Context& context, const ExplainOptions& options) {
  v1::ExplainProgressRequest request;
  if (!options.as_of.empty()) {
    auto parsed = ParseAsOf(options.as_of);
    if (!parsed.ok())
      return FailUsage(context, absl::StrCat("--as-of: ", parsed.status().message()));
    *request.mutable_as_of() = *parsed;
  }
  request.set_period(options.period);
  request.set_at_least_revision(options.at_least_revision);
  auto stub = v1::ProgressService::NewStub(context.connection.channel());
  std::vector<std::string> targets;
  const bool one = ParseTargetName("name", options.name).ok();
  if (one) {
    targets.push_back(options.name);
  } else if (ParseResourceName("name", kMeasures, options.name).ok()) {
    v1::GetMeasureProgressRequest measure;
    measure.set_name(options.name);
    *measure.mutable_as_of() = request.as_of();
    if (!request.has_as_of()) measure.clear_as_of();
    measure.set_at_least_revision(options.at_least_revision);
    measure.set_period(options.period);
    auto progress =
        context.connection.Unary(*stub, &v1::ProgressService::Stub::GetMeasureProgress, measure);
    if (!progress.ok()) return Fail(context, progress.status());
    for (const v1::TargetProgress& target : progress->targets()) targets.push_back(target.target());
  } else {
    return FailUsage(context, absl::StrCat("`", options.name,
                                           "` is neither measures/x nor measures/x/targets/y"));
  }
  if (targets.empty() && !context.json) {
    context.out() << options.name << " has no targets\n";
    return kDone;
  }
  Json all = {{"targets", Json::array()}};
  for (size_t i = 0; i < targets.size(); ++i) {
    request.set_target(targets[i]);
    auto response =
        context.connection.Unary(*stub, &v1::ProgressService::Stub::ExplainProgress, request);
    if (!response.ok()) return Fail(context, response.status());
    if (context.json && one) {
      context.out() << ToJson(*response, true);
      return kDone;
    }
    if (context.json) {
      all["targets"].push_back(Json::parse(ToJson(*response)));
      continue;
    }
    if (i > 0) context.out() << "\n\n";
    WriteExplanation(*response, context.out());
  }
  if (context.json) {
    context.out() << all.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  }
  return kDone;
}

}  // namespace policytrack::cli
