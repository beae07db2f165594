// Sources: the part of resolve.h that finds what an input is fed from.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/utf8.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

// How many indicators may feed one another in a row. Finding the shape of the
// last goes through all of them.
constexpr size_t kMaxChain = 32;

}  // namespace

const ResolvedOutput* SourceShape::FindOutput(absl::string_view output) const {
  for (const ResolvedOutput& candidate : outputs) {
    if (absl::string_view(candidate.name) == output) return &candidate;
  }
  return nullptr;
}

absl::StatusOr<const ResolvedOutput*> SourceShape::RequireOutput(absl::string_view output,
                                                                 absl::string_view field) const {
  const ResolvedOutput* found = FindOutput(output);
  if (found != nullptr) return found;
  if (CollectionOf(name) == kDatasets) {
    return FieldInvalid(field, "is only for indicators; leave it empty for a dataset");
  }
  std::vector<std::string> names;
  for (const ResolvedOutput& known : outputs) names.push_back(known.name);
  return FieldInvalid(field, absl::StrCat(name, " has no output ", Quoted(output), "; it has ",
                                          absl::StrJoin(names, ", ")));
}

std::string SourceShape::DimensionIds() const {
  if (dimensions.empty()) return "none";
  return absl::StrJoin(dimensions, ", ", [](std::string* out, const Dimension& dimension) {
    absl::StrAppend(out, dimension.id);
  });
}

absl::StatusOr<std::shared_ptr<const plugins::Build>> Resolver::FindBuild(
    const std::string& name, const std::string& version, v1::PluginKind kind,
    absl::string_view field) const {
  PT_RETURN_IF_ERROR(ParseResourceName(field, kPlugins, name).status());
  auto build = engine_->Find(plugins::PluginReference(name, version));
  if (!build.ok()) {
    // `plugin_version` stands beside the field that names the plugin.
    const size_t dot = field.rfind('.');
    return ReasonOf(build.status()) == reason::kFieldInvalid && dot != absl::string_view::npos
               ? WithFieldPrefix(build.status(), field.substr(0, dot))
               : build.status();
  }
  const v1::Plugin& plugin = (*build)->plugin();
  if (!plugin.has_plugin_descriptor()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
                 absl::StrCat(field, ": ", name, " cannot be used: ", plugin.state_message()),
                 {{"field", std::string(field)}, {"resource", name}});
  }
  if (plugin.plugin_descriptor().kind() != kind) {
    return FieldInvalid(field, kind == v1::PLUGIN_KIND_CALCULATOR
                                   ? absl::StrCat(name,
                                                  " is not a calculator: it judges targets; "
                                                  "name it in the assessment of a target")
                                   : absl::StrCat(name,
                                                  " is not an assessment: it computes "
                                                  "indicators; list plugins to see the "
                                                  "assessments"));
  }
  return *std::move(build);
}

absl::StatusOr<Method> Resolver::MethodOf(const v1::Indicator& definition,
                                          const std::string& path) const {
  const std::string& name = definition.plugin();
  const std::string field = absl::StrCat(path, ".plugin");
  if (!IsScript(name)) {
    PT_ASSIGN_OR_RETURN(
        std::shared_ptr<const plugins::Build> build,
        FindBuild(name, definition.plugin_version(), v1::PLUGIN_KIND_CALCULATOR, field));
    const v1::PluginDescriptor& descriptor = build->plugin().plugin_descriptor();
    if (descriptor.runs_scripts()) {
      return FieldInvalid(field, absl::StrCat(name,
                                              " runs scripts and computes nothing by itself; name "
                                              "a script, as `scripts/{script}`"));
    }
    return Method{build, descriptor, build->digest(), definition.parameters()};
  }
  PT_RETURN_IF_ERROR(ParseResourceName(field, kScripts, name).status());
  PT_ASSIGN_OR_RETURN(const auto script, LoadScript(*tx_, name, as_of_));
  if (!script.has_value()) {
    return NotFound(name, absl::StrCat(field, ": there is no ", name, "; create it first"));
  }
  if (!definition.parameters().fields().empty()) {
    const std::string parameters = absl::StrCat(path, ".parameters");
    return Error(absl::StatusCode::kInvalidArgument, reason::kParametersInvalid,
                 absl::StrCat(parameters, ": ", name,
                              " has no parameters; leave them out, or write a script for each"),
                 {{"field", parameters}});
  }
  if (!definition.plugin_version().empty()) {
    return FieldInvalid(absl::StrCat(path, ".plugin_version"),
                        absl::StrCat("is for plugins; ", name, " has revisions, not versions"));
  }
  PT_ASSIGN_OR_RETURN(std::shared_ptr<const plugins::Build> runner,
                      FindBuild(kScriptRunner, "", v1::PLUGIN_KIND_CALCULATOR, field));
  return MethodOfScript(*script, std::move(runner));
}

absl::StatusOr<const SourceShape*> Resolver::Shape(const std::string& name,
                                                   absl::string_view field) {
  if (const auto found = shapes_.find(name); found != shapes_.end()) return &found->second;
  const absl::string_view collection = CollectionOf(name);
  SourceShape shape;
  shape.name = name;
  if (collection == kDatasets) {
    PT_RETURN_IF_ERROR(ParseResourceName(field, kDatasets, name).status());
    PT_ASSIGN_OR_RETURN(const auto dataset, LoadDataset(*tx_, name, as_of_));
    if (!dataset.has_value()) {
      return NotFound(name, absl::StrCat(field, ": there is no ", name, "; create it first"));
    }
    shape.display_name = dataset->display_name();
    shape.frequency = dataset->frequency();
    shape.year_start_month = std::max(1, dataset->year_start_month());
    shape.january_february_joint = dataset->january_february_joint();
    shape.unit_multiplier = dataset->unit_multiplier();
    for (const v1::Dimension& dimension : dataset->dimensions()) {
      SourceShape::Dimension& to = shape.dimensions.emplace_back();
      to.id = dimension.id();
      for (const v1::DimensionValue& value : dimension.values()) to.values.push_back(value.code());
      std::sort(to.values.begin(), to.values.end());
      to.totals.assign(dimension.total_codes().begin(), dimension.total_codes().end());
      std::sort(to.totals.begin(), to.totals.end());
    }
    shape.outputs.push_back({"", dataset->unit(), dataset->accumulation()});
  } else if (collection == kIndicators) {
    PT_RETURN_IF_ERROR(ParseResourceName(field, kIndicators, name).status());
    PT_ASSIGN_OR_RETURN(const auto indicator, LoadIndicator(*tx_, name, as_of_));
    if (!indicator.has_value()) {
      return NotFound(name, absl::StrCat(field, ": there is no ", name, "; create it first"));
    }
    if (!open_.insert(name).second) {
      return Error(absl::StatusCode::kFailedPrecondition, reason::kIndicatorCycle,
                   absl::StrCat(field, ": ", name, " feeds itself"), {{"resource", name}});
    }
    if (open_.size() > kMaxChain) {
      open_.erase(name);
      return FieldInvalid(field, absl::StrCat("more than ", kMaxChain,
                                              " indicators feed one another in a row; shorten "
                                              "the chain"));
    }
    absl::StatusOr<Calculation> calculation = Indicator(*indicator, name);
    open_.erase(name);
    if (!calculation.ok()) {
      const std::string why = ReasonOf(calculation.status());
      if (why.empty()) return calculation.status();
      return Error(
          calculation.status().code(), why,
          absl::StrCat(field, ": ", name, " cannot be used: ", calculation.status().message()),
          {{"field", std::string(field)}, {"resource", name}});
    }
    shape.display_name = indicator->display_name();
    shape.frequency = calculation->frequency;
    shape.year_start_month = calculation->year_start_month;
    for (size_t g = 0; g < calculation->group_by.size(); ++g) {
      shape.dimensions.push_back(
          {std::move(calculation->group_by[g]), {}, std::move(calculation->group_totals[g])});
    }
    shape.outputs = std::move(calculation->outputs);
  } else {
    return FieldInvalid(field, absl::StrCat(Quoted(name),
                                            " is not the name of a dataset or an indicator; "
                                            "give `datasets/{dataset}` or "
                                            "`indicators/{indicator}`"));
  }
  return &shapes_.emplace(name, std::move(shape)).first->second;
}

}  // namespace policytrack::app
