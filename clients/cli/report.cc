#include "clients/cli/report.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/documents_api.h"
#include "clients/cli/report_sections.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/table.h"
#include "clients/cli/words.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"
#include "policytrack/v1/progress_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

// Names wider than this are cut in a table for a screen.
constexpr size_t kMaxCellWidth = 44;

// The translation for a language: the tag itself, or one of the same language
// with another script or region (`zh` and `zh-Hans`).
std::string Translated(const google::protobuf::Map<std::string, v1::Translation>& translations,
                       const std::string& language, const std::string& fallback) {
  if (auto it = translations.find(language);
      it != translations.end() && !it->second.display_name().empty()) {
    return it->second.display_name();
  }
  const std::string base = language.substr(0, language.find('-'));
  // Map order is not fixed; the smallest tag makes the answer so.
  std::map<std::string, std::string> near;
  for (const auto& [tag, translation] : translations) {
    if (tag.substr(0, tag.find('-')) == base && !translation.display_name().empty()) {
      near.emplace(tag, translation.display_name());
    }
  }
  return near.empty() ? fallback : near.begin()->second;
}

// Puts the names of a language into the progress, where there are any.
absl::Status Translate(Connection& connection, const std::string& language,
                       const std::optional<v1::AsOf>& as_of, v1::PlanProgress* progress) {
  auto plan = MakeDocumentApi(connection, *FindCollection(kPlans))->Get(progress->plan(), as_of);
  if (!plan.ok()) return plan.status();
  progress->set_display_name(Translated(static_cast<const v1::Plan&>(**plan).translations(),
                                        language, progress->display_name()));
  auto measures = MakeDocumentApi(connection, *FindCollection(kMeasures));
  ListArguments arguments;
  arguments.filter = absl::StrCat("plan = \"", progress->plan(), "\"");
  arguments.as_of = as_of;
  auto page = ListAll(*measures, arguments);
  if (!page.ok()) return page.status();
  std::map<std::string, const v1::Measure*> by_name;
  for (const MessagePtr& item : page->items) {
    by_name[NameOf(*item)] = static_cast<const v1::Measure*>(item.get());
  }
  for (v1::MeasureProgress& measure : *progress->mutable_measures()) {
    const auto found = by_name.find(measure.measure());
    if (found == by_name.end()) continue;
    measure.set_display_name(
        Translated(found->second->translations(), language, measure.display_name()));
    for (v1::TargetProgress& target : *measure.mutable_targets()) {
      for (const v1::Target& definition : found->second->targets()) {
        if (MakeTargetName(measure.measure(), definition.id()) != target.target()) continue;
        target.set_display_name(
            Translated(definition.translations(), language, target.display_name()));
      }
    }
  }
  return absl::OkStatus();
}

std::string Note(const v1::TargetProgress& target) {
  std::vector<std::string> notes;
  if (!target.reason().empty()) notes.push_back(target.reason());
  if (target.stale()) notes.push_back("stale: the last evaluation failed");
  if (target.latest_status() > v1::OBSERVATION_STATUS_NORMAL) {
    notes.push_back(
        EnumWord(v1::ObservationStatus_Name(target.latest_status()), "OBSERVATION_STATUS_"));
  }
  if (target.series_break()) notes.push_back("the series breaks on the way");
  if (target.methods_disagree()) notes.push_back("methods disagree");
  return absl::StrJoin(notes, "; ");
}

// Without a final point there is a direction and no path, so nothing is expected
// at a period.
bool HasExpected(const v1::TargetProgress& target) {
  return target.has_expected_value() && target.has_final_point();
}

// Numbers for people are short, for programs exact.
using NumberFormat = std::string (*)(double);

std::string TargetValue(const v1::TargetProgress& target, NumberFormat number) {
  if (!target.has_final_point() || !target.final_point().has_value()) return "";
  const v1::TargetPoint& point = target.final_point();
  std::string text = number(point.value());
  switch (target.relation()) {
    case v1::TARGET_RELATION_AT_LEAST:
      text = absl::StrCat(">= ", text);
      break;
    case v1::TARGET_RELATION_AT_MOST:
      text = absl::StrCat("<= ", text);
      break;
    case v1::TARGET_RELATION_ABOUT:
      text = absl::StrCat("about ", text);
      break;
    case v1::TARGET_RELATION_WITHIN:
      if (point.has_upper_value()) absl::StrAppend(&text, " to ", number(point.upper_value()));
      break;
    default:
      break;
  }
  return absl::StrCat(text, " (", point.period(), ")");
}

std::string MeasureName(const v1::MeasureProgress& measure) {
  return measure.display_name().empty() ? measure.measure() : measure.display_name();
}

// One line a target; a measure without targets has a line of its own.
Table ForPeople(const v1::PlanProgress& progress) {
  Table table;
  table.header = {"MEASURE",  "TARGET",       "STATUS", "SCORE", "LATEST",
                  "EXPECTED", "TARGET VALUE", "UNIT",   "NOTE"};
  table.right = {3, 4, 5, 6};
  for (const v1::MeasureProgress& measure : progress.measures()) {
    if (measure.targets().empty()) {
      table.rows.push_back({MeasureName(measure), "", StatusWord(measure.status()), "", "", "", "",
                            "", "no targets"});
    }
    bool first = true;
    for (const v1::TargetProgress& target : measure.targets()) {
      table.rows.push_back({
          first ? MeasureName(measure) : "",
          target.display_name(),
          StatusWord(target.status()),
          target.has_score() ? ShortNumber(target.score()) : "",
          target.has_latest_value()
              ? absl::StrCat(ShortNumber(target.latest_value()), " (", target.period(), ")")
              : "",
          HasExpected(target) ? ShortNumber(target.expected_value()) : "",
          TargetValue(target, ShortNumber),
          target.unit().empty() ? "" : UnitLabel(target.unit(), target.unit_multiplier()),
          Note(target),
      });
      first = false;
    }
  }
  return table;
}

Table ForPrograms(const v1::PlanProgress& progress) {
  Table table;
  table.header = {
      "measure",         "measure_name",  "target",       "target_name",        "status",
      "score",           "period",        "latest_value", "latest_revision",    "expected_value",
      "relation",        "target_period", "target_value", "target_upper_value", "unit",
      "unit_multiplier", "note"};
  const std::vector<std::string> steering = SteeringColumns();
  table.header.insert(table.header.end(), steering.begin(), steering.end());
  const auto number = [](bool has, double value) { return has ? ExactNumber(value) : ""; };
  for (const v1::MeasureProgress& measure : progress.measures()) {
    if (measure.targets().empty()) {
      std::vector<std::string> row(table.header.size());
      row[0] = measure.measure();
      row[1] = measure.display_name();
      row[4] = v1::ProgressStatus_Name(measure.status());
      row[16] = "no targets";
      table.rows.push_back(std::move(row));
    }
    for (const v1::TargetProgress& target : measure.targets()) {
      const v1::TargetPoint& final_point = target.final_point();
      table.rows.push_back({
          measure.measure(),
          measure.display_name(),
          target.target(),
          target.display_name(),
          v1::ProgressStatus_Name(target.status()),
          number(target.has_score(), target.score()),
          target.period(),
          number(target.has_latest_value(), target.latest_value()),
          target.has_latest_value() ? absl::StrCat(target.latest_revision()) : "",
          number(HasExpected(target), target.expected_value()),
          v1::TargetRelation_Name(target.relation()),
          final_point.period(),
          number(final_point.has_value(), final_point.value()),
          number(final_point.has_upper_value(), final_point.upper_value()),
          target.unit(),
          absl::StrCat(target.unit_multiplier()),
          Note(target),
      });
      const std::vector<std::string> cells = SteeringCells(target);
      table.rows.back().insert(table.rows.back().end(), cells.begin(), cells.end());
    }
  }
  return table;
}

// A table with a heading; nothing of one without rows.
void WriteSection(const std::string& heading, const Table& table, bool markdown, size_t max_width,
                  std::ostream& out) {
  if (table.rows.empty()) return;
  out << (markdown ? "\n## " : "\n") << heading << "\n\n"
      << (markdown ? FormatMarkdown(table) : FormatText(table, max_width));
}

std::string Counts(const v1::StatusCounts& counts) {
  std::vector<std::string> parts;
  const auto add = [&](int32_t count, v1::ProgressStatus status) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", StatusWord(status)));
  };
  add(counts.achieved(), v1::PROGRESS_STATUS_ACHIEVED);
  add(counts.on_track(), v1::PROGRESS_STATUS_ON_TRACK);
  add(counts.moderate(), v1::PROGRESS_STATUS_MODERATE);
  add(counts.limited(), v1::PROGRESS_STATUS_LIMITED);
  add(counts.deteriorating(), v1::PROGRESS_STATUS_DETERIORATING);
  add(counts.no_data(), v1::PROGRESS_STATUS_NO_DATA);
  add(counts.not_assessable(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  return parts.empty() ? "no targets" : absl::StrJoin(parts, ", ");
}

// Targets that have a status that counts.
int Judged(const v1::StatusCounts& counts) {
  return counts.achieved() + counts.on_track() + counts.moderate() + counts.limited() +
         counts.deteriorating();
}

int Targets(const v1::PlanProgress& progress) {
  return Judged(progress.counts()) + progress.counts().no_data() +
         progress.counts().not_assessable();
}

// Cells are cut to `max_width`; 0 leaves them whole.
void WriteForPeople(const v1::PlanProgress& progress, bool markdown, size_t max_width,
                    std::ostream& out) {
  const std::string title =
      progress.display_name().empty() ? progress.plan() : progress.display_name();
  out << (markdown ? "# " : "") << OneLine(title) << "\n\n"
      << OneLine(progress.plan()) << ", revision " << progress.revision() << "\n\n";
  const Table table = ForPeople(progress);
  if (table.rows.empty()) {
    out << "The plan has no measures.\n";
  } else {
    out << (markdown ? FormatMarkdown(table) : FormatText(table, max_width));
  }
  WriteSection("Judged by several methods", MethodsTable(progress), markdown, max_width, out);
  // The two paces differ by nature where growth is compound.
  WriteSection(
      "What steers (paces and changes in the unit, paces a year; needed is the first year's by "
      "the method, out of reach is by the best pace every year)",
      SteeringTable(progress), markdown, max_width, out);
  out << "\n" << (markdown ? "**Plan:** " : "Plan: ") << StatusWord(progress.status());
  if (progress.has_score()) out << ", score " << ShortNumber(progress.score());
  // A status of a few targets must not read as one of all.
  out << ", judged by " << Judged(progress.counts()) << " of " << Targets(progress) << " targets ("
      << Counts(progress.counts()) << ")\n";
  if (!progress.rollup_rule().empty()) {
    out << (markdown ? "\n" : "") << "Rule: " << OneLine(progress.rollup_rule()) << "\n";
  }
  bool heading = false;
  for (const v1::MeasureProgress& measure : progress.measures()) {
    for (const std::string& missing : measure.missing()) {
      if (!heading) out << (markdown ? "\n**Still missing:**\n\n" : "Still missing:\n");
      heading = true;
      out << (markdown ? "- " : "  ") << OneLine(MeasureName(measure)) << ": " << OneLine(missing)
          << "\n";
    }
  }
}

}  // namespace

int RunReport(Context& context, const ReportOptions& options) {
  const std::string format = context.json ? "json" : options.format;
  v1::GetPlanProgressRequest request;
  request.set_name(WithCollection(kPlans, options.plan));
  std::optional<v1::AsOf> as_of;
  if (!options.as_of.empty()) {
    auto parsed = ParseAsOf(options.as_of);
    if (!parsed.ok())
      return FailUsage(context, absl::StrCat("--as-of: ", parsed.status().message()));
    as_of = *parsed;
    *request.mutable_as_of() = *parsed;
  }
  request.set_at_least_revision(options.at_least_revision);
  const auto unit = ReadUnit(options.unit);
  if (!unit.ok()) return FailUsage(context, std::string(unit.status().message()));
  request.set_unit(unit->unit);
  request.set_unit_multiplier(unit->multiplier);
  auto stub = v1::ProgressService::NewStub(context.connection.channel());
  auto progress =
      context.connection.Unary(*stub, &v1::ProgressService::Stub::GetPlanProgress, request);
  if (!progress.ok()) return Fail(context, progress.status());
  if (!options.language.empty()) {
    // Names of the state that the figures are of.
    v1::AsOf read;
    read.set_revision(progress->revision());
    const auto point = progress->revision() > 0 ? std::optional(read) : as_of;
    const absl::Status status = Translate(context.connection, options.language, point, &*progress);
    if (!status.ok()) return Fail(context, status);
  }
  if (format == "json") {
    context.out() << ToJson(*progress, true);
  } else if (format == "csv") {
    const std::string csv = FormatCsv(ForPrograms(*progress));
    // Exact for programs, harmless on a screen.
    context.out() << (context.environment.out_terminal ? Lines(csv) : csv);
  } else {
    WriteForPeople(*progress, format == "markdown",
                   context.environment.out_terminal ? kMaxCellWidth : 0, context.out());
  }
  return kDone;
}

}  // namespace policytrack::cli
