// Sources: the part of resolve.h that finds what an input is fed from and which
// of its series it takes.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "core/utf8.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

// How many indicators may feed one another in a row. Finding the shape of the
// last goes through all of them.
constexpr size_t kMaxChain = 32;

std::string IdList(const std::vector<SourceShape::Dimension>& dimensions) {
  if (dimensions.empty()) return "none";
  return absl::StrJoin(dimensions, ", ", [](std::string* out, const SourceShape::Dimension& d) {
    absl::StrAppend(out, d.id);
  });
}

}  // namespace

const ResolvedOutput* SourceShape::FindOutput(absl::string_view output) const {
  for (const ResolvedOutput& candidate : outputs) {
    if (absl::string_view(candidate.name) == output) return &candidate;
  }
  return nullptr;
}

absl::StatusOr<v1::Plugin> Resolver::Descriptor(const std::string& name, v1::PluginKind kind,
                                                absl::string_view field) const {
  PT_RETURN_IF_ERROR(ParseResourceName(field, kPlugins, name).status());
  absl::StatusOr<v1::Plugin> plugin = engine_->GetPlugin(name);
  if (!plugin.ok()) return plugin.status();
  if (!plugin->has_plugin_descriptor()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
                 absl::StrCat(field, ": ", name, " cannot be used: ", plugin->state_message()),
                 {{"field", std::string(field)}, {"resource", name}});
  }
  if (plugin->plugin_descriptor().kind() != kind) {
    return FieldInvalid(field, kind == v1::PLUGIN_KIND_CALCULATOR
                                   ? absl::StrCat(name,
                                                  " is not a calculator: it judges targets; "
                                                  "name it in the assessment of a target")
                                   : absl::StrCat(name,
                                                  " is not an assessment: it computes "
                                                  "indicators; list plugins to see the "
                                                  "assessments"));
  }
  return *std::move(plugin);
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
    shape.unit_multiplier = dataset->unit_multiplier();
    for (const v1::Dimension& dimension : dataset->dimensions()) {
      SourceShape::Dimension& to = shape.dimensions.emplace_back();
      to.id = dimension.id();
      for (const v1::DimensionValue& value : dimension.values()) to.values.push_back(value.code());
      std::sort(to.values.begin(), to.values.end());
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
    for (const std::string& id : calculation->group_by) shape.dimensions.push_back({id, {}});
    shape.outputs = std::move(calculation->outputs);
  } else {
    return FieldInvalid(field, absl::StrCat(Quoted(name),
                                            " is not the name of a dataset or an indicator; "
                                            "give `datasets/{dataset}` or "
                                            "`indicators/{indicator}`"));
  }
  return &shapes_.emplace(name, std::move(shape)).first->second;
}

absl::StatusOr<ResolvedInput> Resolver::Input(const v1::IndicatorInput& input,
                                              const v1::PluginInput& slot,
                                              const std::vector<std::string>& group_by,
                                              absl::string_view field) {
  PT_ASSIGN_OR_RETURN(const SourceShape* shape,
                      Shape(input.source(), absl::StrCat(field, ".source")));
  const ResolvedOutput* output = shape->FindOutput(input.output());
  if (output == nullptr) {
    const std::string path = absl::StrCat(field, ".output");
    if (CollectionOf(input.source()) == kDatasets) {
      return FieldInvalid(path, "is only for indicators; leave it empty for a dataset");
    }
    std::vector<std::string> names;
    for (const ResolvedOutput& known : shape->outputs) names.push_back(known.name);
    return FieldInvalid(
        path, absl::StrCat(input.source(), " has no output ", Quoted(input.output()), "; it has ",
                           absl::StrJoin(names, ", ")));
  }

  ResolvedInput resolved;
  resolved.meta.slot = slot.slot();
  resolved.meta.frequency = shape->frequency;
  resolved.meta.accumulation = output->accumulation;
  resolved.meta.unit = output->unit;
  resolved.optional = slot.optional();
  resolved.unaligned = slot.unaligned();
  resolved.source = input.source();
  resolved.output = input.output();
  resolved.source_unit = output->unit;
  resolved.source_multiplier = shape->unit_multiplier;
  resolved.aggregation = input.aggregation();

  const bool aggregated = input.aggregation() != v1::AGGREGATION_UNSPECIFIED;
  if (aggregated) {
    const Unit* unit = FindUnit(output->unit);
    if (unit != nullptr && !unit->additive) {
      return FieldInvalid(absl::StrCat(field, ".aggregation"),
                          absl::StrCat(input.source(), " is in ", output->unit,
                                       ", which is not aggregated: aggregate its numerator and "
                                       "denominator and compute it from them"));
    }
  }
  if (!slot.accumulations().empty() &&
      std::find(slot.accumulations().begin(), slot.accumulations().end(),
                static_cast<int>(output->accumulation)) == slot.accumulations().end()) {
    return FieldInvalid(
        absl::StrCat(field, ".source"),
        absl::StrCat(input.source(), " is ", v1::Accumulation_Name(output->accumulation),
                     ", which slot ", slot.slot(), " does not take"));
  }

  for (const auto& [dimension, values] : input.selection()) {
    if (std::none_of(shape->dimensions.begin(), shape->dimensions.end(),
                     [&id = dimension](const auto& known) { return known.id == id; })) {
      return FieldInvalid(absl::StrCat(field, ".selection.", dimension),
                          absl::StrCat(input.source(), " has no dimension ", Quoted(dimension),
                                       "; it has ", IdList(shape->dimensions)));
    }
  }
  for (size_t g = 0; g < group_by.size(); ++g) {
    if (std::none_of(shape->dimensions.begin(), shape->dimensions.end(),
                     [&](const auto& known) { return known.id == group_by[g]; })) {
      return FieldInvalid(
          absl::StrCat(field.substr(0, field.rfind(".inputs[")), ".group_by[", g, "]"),
          absl::StrCat(Quoted(group_by[g]), " is not a dimension of ", input.source(),
                       ", which has ", IdList(shape->dimensions),
                       "; groups are formed by dimensions that every input has"));
    }
  }

  for (const SourceShape::Dimension& dimension : shape->dimensions) {
    DimensionRule& rule = resolved.rules.emplace_back();
    rule.dimension = dimension.id;
    const auto group = std::find(group_by.begin(), group_by.end(), dimension.id);
    if (group != group_by.end()) rule.group_position = static_cast<int>(group - group_by.begin());
    const std::string path = absl::StrCat(field, ".selection.", dimension.id);
    const auto selected = input.selection().find(dimension.id);
    if (selected == input.selection().end()) {
      if (rule.group_position >= 0) continue;
      if (aggregated) {
        rule.parts_only = true;
      } else {
        rule.allowed = {kTotal};
      }
      continue;
    }
    for (const std::string& text : selected->second.values()) {
      PT_ASSIGN_OR_RETURN(std::string value, NormalizeDimensionValue(path, text));
      if (value != kTotal && !dimension.values.empty() &&
          !std::binary_search(dimension.values.begin(), dimension.values.end(), value)) {
        return FieldInvalid(path, absl::StrCat("\"", value, "\" is not a value of ", dimension.id,
                                               " in ", input.source()));
      }
      rule.allowed.push_back(std::move(value));
    }
    std::sort(rule.allowed.begin(), rule.allowed.end());
    if (rule.allowed.empty()) {
      return FieldInvalid(path, "selects no value; leave it out to take the default");
    }
    if (std::adjacent_find(rule.allowed.begin(), rule.allowed.end()) != rule.allowed.end()) {
      return FieldInvalid(path, "names a value twice");
    }
    const bool total = std::binary_search(rule.allowed.begin(), rule.allowed.end(), kTotal);
    if (total && rule.allowed.size() > 1) {
      return FieldInvalid(path, "selects both parts and `_T`, which is their total; select either");
    }
    if (!aggregated && rule.group_position < 0 && rule.allowed.size() > 1) {
      return FieldInvalid(path, absl::StrCat("selects ", rule.allowed.size(),
                                             " values, which need an aggregation to become one"));
    }
  }
  return resolved;
}

}  // namespace policytrack::app
