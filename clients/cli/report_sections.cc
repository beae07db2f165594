#include "clients/cli/report_sections.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "clients/cli/words.h"
#include "core/unit.h"

namespace policytrack::cli {
namespace {

using Parameters = google::protobuf::RepeatedPtrField<std::string>;

// What an assessment is called: its method where it has one, else its plugin.
std::string ShortName(const std::string& plugin, const Parameters& parameters) {
  for (const std::string& parameter : parameters) {
    if (absl::StartsWith(parameter, "method = ")) {
      return std::string(absl::StripPrefix(parameter, "method = "));
    }
  }
  return std::string(absl::StripPrefix(plugin, "plugins/"));
}

struct Method {
  std::string plugin;
  const Parameters* parameters;
};

// The name of one of several of the same short name: with the parameters that not all
// of them have, and with the plugin where that is not the same either.
std::string LongName(const Method& method, const std::vector<Method>& alike) {
  bool one_plugin = true;
  for (const Method& other : alike) one_plugin = one_plugin && other.plugin == method.plugin;
  std::vector<std::string> differing;
  for (const std::string& parameter : *method.parameters) {
    const bool common = std::all_of(alike.begin(), alike.end(), [&](const Method& other) {
      return std::count(other.parameters->begin(), other.parameters->end(), parameter) > 0;
    });
    if (!common) differing.push_back(parameter);
  }
  std::string name = ShortName(method.plugin, *method.parameters);
  const absl::string_view plugin = absl::StripPrefix(method.plugin, "plugins/");
  if (!one_plugin && name != plugin) name = absl::StrCat(plugin, " ", name);
  return differing.empty() ? name : absl::StrCat(name, " (", absl::StrJoin(differing, ", "), ")");
}

// The names of a target's assessments, its own first.
std::vector<std::string> NamesOf(const v1::TargetProgress& target) {
  std::vector<Method> methods = {{target.evaluation().plugin(), &target.assessment_parameters()}};
  for (const v1::FurtherJudgement& further : target.further_judgements()) {
    methods.push_back({further.plugin(), &further.parameters()});
  }
  std::map<std::string, std::vector<Method>> by_name;
  for (const Method& method : methods) {
    by_name[ShortName(method.plugin, *method.parameters)].push_back(method);
  }
  std::vector<std::string> names;
  for (const Method& method : methods) {
    const std::vector<Method>& alike = by_name[ShortName(method.plugin, *method.parameters)];
    names.push_back(LongName(method, alike));
  }
  return names;
}

std::string Short(bool has, double value) { return has ? ShortNumber(value) : ""; }

// With its sign.
std::string Change(double value) { return absl::StrCat(value > 0 ? "+" : "", ShortNumber(value)); }

// A change of a percentage is in percentage points.
std::string ChangeUnit(const v1::TargetProgress& target) {
  const bool percent = target.unit() == "percent";
  return UnitLabel(percent ? "percentage_points" : target.unit(), target.unit_multiplier());
}

std::string ReachWord(const v1::TargetProgress& target) {
  if (target.out_of_reach_period().empty()) return "";
  return target.out_of_reach_period() == target.period() ? "already" : target.out_of_reach_period();
}

std::string QualityWord(const v1::TargetProgress& target) {
  if (!target.rests_on_provisional()) return "";
  return EnumWord(v1::ObservationStatus_Name(target.worst_input_status()), "OBSERVATION_STATUS_");
}

}  // namespace

Table MethodsTable(const v1::PlanProgress& progress) {
  Table table;
  table.header = {"TARGET", "METHOD", "STATUS", "SCORE", "RATIO", "PROJECTED", "NOTE"};
  table.right = {3, 4, 5};
  for (const v1::MeasureProgress& measure : progress.measures()) {
    for (const v1::TargetProgress& target : measure.targets()) {
      if (target.further_judgements().empty()) continue;
      const std::vector<std::string> names = NamesOf(target);
      table.rows.push_back({target.display_name(), names[0], StatusWord(target.status()),
                            Short(target.has_score(), target.score()),
                            Short(target.has_ratio(), target.ratio()),
                            Short(target.has_projected_value(), target.projected_value()),
                            target.methods_disagree() ? "counts; the methods disagree" : "counts"});
      for (int i = 0; i < target.further_judgements_size(); ++i) {
        const v1::FurtherJudgement& further = target.further_judgements(i);
        // What is said of the target already is not said again of each method.
        const bool said = absl::StartsWith(target.reason(), further.reason());
        const std::string note = said ? "" : further.reason();
        table.rows.push_back({"", names[static_cast<size_t>(i) + 1], StatusWord(further.status()),
                              Short(further.has_score(), further.score()),
                              Short(further.has_ratio(), further.ratio()),
                              Short(further.has_projected_value(), further.projected_value()),
                              note});
      }
    }
  }
  return table;
}

Table SteeringTable(const v1::PlanProgress& progress) {
  Table table;
  table.header = {"TARGET",   "PACE NEEDED", "BEST PACE", "OUT OF REACH FROM",
                  "FLIPS BY", "TO",          "UNIT",      "RESTS ON"};
  table.right = {1, 2, 4};
  for (const v1::MeasureProgress& measure : progress.measures()) {
    for (const v1::TargetProgress& target : measure.targets()) {
      if (!target.has_flip_change() && !target.has_best_pace() && !target.rests_on_provisional()) {
        continue;
      }
      table.rows.push_back(
          {target.display_name(), target.has_required_pace() ? Change(target.required_pace()) : "",
           target.has_best_pace() ? Change(target.best_pace()) : "", ReachWord(target),
           target.has_flip_change() ? Change(target.flip_change()) : "",
           target.has_flip_change() ? StatusWord(target.flip_status()) : "", ChangeUnit(target),
           QualityWord(target)});
    }
  }
  return table;
}

std::string MethodsInWords(const v1::TargetProgress& target) {
  if (target.further_judgements().empty()) return "";
  const std::vector<std::string> names = NamesOf(target);
  std::vector<std::string> words = {absl::StrCat(StatusWord(target.status()), " by ", names[0])};
  for (int i = 0; i < target.further_judgements_size(); ++i) {
    words.push_back(absl::StrCat(StatusWord(target.further_judgements(i).status()), " by ",
                                 names[static_cast<size_t>(i) + 1]));
  }
  return absl::StrJoin(words, ", ");
}

std::vector<std::string> SteeringColumns() {
  return {"required_pace", "best_pace",          "out_of_reach_period", "flip_change",
          "flip_status",   "worst_input_status", "methods_disagree",    "methods"};
}

std::vector<std::string> SteeringCells(const v1::TargetProgress& target) {
  const auto number = [](bool has, double value) { return has ? ExactNumber(value) : ""; };
  const bool several = !target.further_judgements().empty();
  return {number(target.has_required_pace(), target.required_pace()),
          number(target.has_best_pace(), target.best_pace()),
          target.out_of_reach_period(),
          number(target.has_flip_change(), target.flip_change()),
          target.has_flip_change() ? v1::ProgressStatus_Name(target.flip_status()) : "",
          target.has_rests_on_provisional()
              ? v1::ObservationStatus_Name(target.worst_input_status())
              : "",
          several ? (target.methods_disagree() ? "true" : "false") : "",
          MethodsInWords(target)};
}

}  // namespace policytrack::cli
