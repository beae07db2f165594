#include "services/app/resolve.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "core/unit.h"

namespace policytrack::app {
namespace {

std::string AccumulationWord(v1::Accumulation accumulation) {
  switch (accumulation) {
    case v1::ACCUMULATION_FLOW:
      return "FLOW";
    case v1::ACCUMULATION_YEAR_TO_DATE:
      return "YEAR_TO_DATE";
    case v1::ACCUMULATION_STOCK:
      return "STOCK";
    case v1::ACCUMULATION_LEVEL:
      return "LEVEL";
    default:
      return "no accumulation";
  }
}

const v1::PluginInput* FindSlot(const v1::PluginDescriptor& descriptor, absl::string_view slot) {
  for (const v1::PluginInput& input : descriptor.inputs()) {
    if (absl::string_view(input.slot()) == slot) return &input;
  }
  return nullptr;
}

std::string SlotList(const v1::PluginDescriptor& descriptor) {
  return absl::StrJoin(descriptor.inputs(), ", ", [](std::string* out, const v1::PluginInput& in) {
    absl::StrAppend(out, in.slot());
  });
}

template <typename Items>
std::string IdList(const Items& items) {
  if (items.empty()) return "none";
  return absl::StrJoin(items, ", ",
                       [](std::string* out, const auto& item) { absl::StrAppend(out, item.id); });
}

ResolvedInput* FindFed(std::vector<ResolvedInput>* inputs, absl::string_view slot) {
  for (ResolvedInput& input : *inputs) {
    if (absl::string_view(input.meta.slot) == slot) return &input;
  }
  return nullptr;
}

// The slot at the end of the chain of same_unit_as that starts at `slot`, as far
// as it is fed.
const ResolvedInput* UnitLeader(const v1::PluginDescriptor& descriptor,
                                std::vector<ResolvedInput>* inputs, absl::string_view slot) {
  const ResolvedInput* leader = FindFed(inputs, slot);
  for (int step = 0; step < descriptor.inputs_size(); ++step) {
    const v1::PluginInput* declared = FindSlot(descriptor, leader->meta.slot);
    if (declared == nullptr || declared->same_unit_as().empty()) break;
    const ResolvedInput* next = FindFed(inputs, declared->same_unit_as());
    if (next == nullptr) break;
    leader = next;
  }
  return leader;
}

absl::Status CheckInputsAgree(const Calculation& calculation, absl::string_view prefix,
                              const std::vector<std::string>& fields,
                              const std::vector<int>& year_start_months) {
  const ResolvedInput& first = calculation.inputs.front();
  for (size_t i = 1; i < calculation.inputs.size(); ++i) {
    const ResolvedInput& input = calculation.inputs[i];
    if (input.meta.frequency != first.meta.frequency) {
      return FieldInvalid(
          fields[i],
          absl::StrCat(input.source, " is by ", FrequencyWord(input.meta.frequency), " and ",
                       first.source, " by ", FrequencyWord(first.meta.frequency),
                       "; the inputs of an indicator must have one frequency"));
    }
    if (year_start_months[i] != year_start_months[0]) {
      return FieldInvalid(
          fields[i],
          absl::StrCat("the year of ", input.source, " starts in month ", year_start_months[i],
                       " and that of ", first.source, " in month ", year_start_months[0],
                       "; the inputs of an indicator must have one kind of year"));
    }
    for (size_t j = 0; j < i; ++j) {
      const v1::Accumulation a = calculation.inputs[j].meta.accumulation;
      const v1::Accumulation b = input.meta.accumulation;
      if ((a == v1::ACCUMULATION_FLOW && b == v1::ACCUMULATION_YEAR_TO_DATE) ||
          (b == v1::ACCUMULATION_FLOW && a == v1::ACCUMULATION_YEAR_TO_DATE)) {
        return FieldInvalid(
            fields[i], absl::StrCat(input.source, " is ", AccumulationWord(b), " and ",
                                    calculation.inputs[j].source, " is ", AccumulationWord(a),
                                    "; totals of a period and totals since the start of the year "
                                    "do not go together"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool SameKind(absl::string_view unit, absl::string_view other) {
  if (unit == other) return true;
  const Unit* a = FindUnit(unit);
  const Unit* b = FindUnit(other);
  return a != nullptr && b != nullptr && a->kind == b->kind;
}

UnitConversion ConversionBetween(absl::string_view from, absl::string_view to) {
  if (from == to) return {};
  return {FindUnit(from)->factor, FindUnit(to)->factor};
}

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
                                                  "indicators; ListPlugins gives the "
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
    return FieldInvalid(field, absl::StrCat("\"", name,
                                            "\" is not the name of a dataset or an indicator; "
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
    return FieldInvalid(path, absl::StrCat(input.source(), " has no output \"", input.output(),
                                           "\"; it has ", absl::StrJoin(names, ", ")));
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
    return FieldInvalid(absl::StrCat(field, ".source"),
                        absl::StrCat(input.source(), " is ", AccumulationWord(output->accumulation),
                                     ", which slot ", slot.slot(), " does not take"));
  }

  for (const auto& [dimension, values] : input.selection()) {
    if (std::none_of(shape->dimensions.begin(), shape->dimensions.end(),
                     [&id = dimension](const auto& known) { return known.id == id; })) {
      return FieldInvalid(absl::StrCat(field, ".selection.", dimension),
                          absl::StrCat(input.source(), " has no dimension \"", dimension,
                                       "\"; it has ", IdList(shape->dimensions)));
    }
  }
  for (size_t g = 0; g < group_by.size(); ++g) {
    if (std::none_of(shape->dimensions.begin(), shape->dimensions.end(),
                     [&](const auto& known) { return known.id == group_by[g]; })) {
      return FieldInvalid(
          absl::StrCat(field.substr(0, field.rfind(".inputs[")), ".group_by[", g, "]"),
          absl::StrCat("\"", group_by[g], "\" is not a dimension of ", input.source(),
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

absl::StatusOr<Calculation> Resolver::Indicator(const v1::Indicator& definition,
                                                absl::string_view prefix) {
  const std::string path(prefix);
  PT_ASSIGN_OR_RETURN(
      const v1::Plugin plugin,
      Descriptor(definition.plugin(), v1::PLUGIN_KIND_CALCULATOR, absl::StrCat(path, ".plugin")));
  const v1::PluginDescriptor& descriptor = plugin.plugin_descriptor();

  Calculation calculation;
  calculation.parent = definition.name();
  calculation.display_name = definition.display_name();
  calculation.definition_revision = definition.revision();
  calculation.plugin = definition.plugin();
  calculation.plugin_version = descriptor.version();
  calculation.plugin_digest = engine_->PluginDigest(definition.plugin());
  calculation.parameters = definition.parameters();
  calculation.group_by.assign(definition.group_by().begin(), definition.group_by().end());
  for (size_t g = 0; g < calculation.group_by.size(); ++g) {
    if (std::find(calculation.group_by.begin(), calculation.group_by.begin() + g,
                  calculation.group_by[g]) != calculation.group_by.begin() + g) {
      return FieldInvalid(absl::StrCat(path, ".group_by[", g, "]"),
                          absl::StrCat("\"", calculation.group_by[g], "\" is named twice"));
    }
  }

  for (int i = 0; i < definition.inputs_size(); ++i) {
    const std::string field = absl::StrCat(path, ".inputs[", i, "].slot");
    const std::string& slot = definition.inputs(i).slot();
    if (FindSlot(descriptor, slot) == nullptr) {
      return FieldInvalid(field, absl::StrCat(definition.plugin(), " has no slot \"", slot,
                                              "\"; it has ", SlotList(descriptor)));
    }
    for (int j = 0; j < i; ++j) {
      if (definition.inputs(j).slot() == slot) {
        return FieldInvalid(field, absl::StrCat("slot \"", slot, "\" is fed twice"));
      }
    }
  }

  std::vector<std::string> fields;
  std::vector<int> year_start_months;
  for (const v1::PluginInput& slot : descriptor.inputs()) {
    int index = -1;
    for (int i = 0; i < definition.inputs_size(); ++i) {
      if (definition.inputs(i).slot() == slot.slot()) index = i;
    }
    if (index < 0) {
      if (slot.optional()) continue;
      return FieldInvalid(
          absl::StrCat(path, ".inputs"),
          absl::StrCat("slot \"", slot.slot(), "\" of ", definition.plugin(), " must be fed"));
    }
    const std::string field = absl::StrCat(path, ".inputs[", index, "]");
    PT_ASSIGN_OR_RETURN(ResolvedInput input,
                        Input(definition.inputs(index), slot, calculation.group_by, field));
    PT_ASSIGN_OR_RETURN(const SourceShape* shape, Shape(input.source, field));
    fields.push_back(absl::StrCat(field, ".source"));
    year_start_months.push_back(shape->year_start_month);
    calculation.inputs.push_back(std::move(input));
  }
  if (calculation.inputs.empty()) {
    return FieldInvalid(absl::StrCat(path, ".inputs"), "feeds no slot; at least one must be fed");
  }
  PT_RETURN_IF_ERROR(CheckInputsAgree(calculation, path, fields, year_start_months));
  calculation.frequency = calculation.inputs.front().meta.frequency;
  calculation.year_start_month = year_start_months.front();
  if (definition.frequency() != v1::FREQUENCY_UNSPECIFIED &&
      definition.frequency() != calculation.frequency) {
    return FieldInvalid(
        absl::StrCat(path, ".frequency"),
        absl::StrCat("is by ", FrequencyWord(definition.frequency()), " but the inputs are by ",
                     FrequencyWord(calculation.frequency)));
  }

  std::vector<std::string> units;
  for (size_t i = 0; i < calculation.inputs.size(); ++i) {
    const ResolvedInput& input = calculation.inputs[i];
    const ResolvedInput* leader = UnitLeader(descriptor, &calculation.inputs, input.meta.slot);
    if (!SameKind(input.source_unit, leader->source_unit)) {
      return FieldInvalid(
          fields[i],
          absl::StrCat(input.source, " is in ", input.source_unit, " and ", leader->source, " in ",
                       leader->source_unit, "; slots ", input.meta.slot, " and ", leader->meta.slot,
                       " need units of one kind"));
    }
    units.push_back(leader->source_unit);
  }
  for (size_t i = 0; i < calculation.inputs.size(); ++i) {
    ResolvedInput& input = calculation.inputs[i];
    input.meta.unit = units[i];
    input.conversion = ConversionBetween(input.source_unit, input.meta.unit);
  }

  for (size_t g = 0; g < calculation.group_by.size(); ++g) {
    std::optional<std::vector<std::string>> values;
    for (const ResolvedInput& input : calculation.inputs) {
      if (!FormsGroups(calculation, input)) continue;
      for (const DimensionRule& rule : input.rules) {
        if (rule.group_position != static_cast<int>(g) || rule.allowed.empty()) continue;
        if (!values.has_value()) {
          values = rule.allowed;
          continue;
        }
        std::vector<std::string> both;
        std::set_intersection(values->begin(), values->end(), rule.allowed.begin(),
                              rule.allowed.end(), std::back_inserter(both));
        values = std::move(both);
      }
    }
    calculation.group_values.push_back(std::move(values));
  }

  for (const v1::PluginOutput& output : descriptor.outputs()) {
    ResolvedOutput& to = calculation.outputs.emplace_back();
    to.name = output.name();
    to.unit = output.unit();
    to.accumulation = output.accumulation() != v1::ACCUMULATION_UNSPECIFIED
                          ? output.accumulation()
                          : calculation.inputs.front().meta.accumulation;
    if (!to.unit.empty() && to.unit[0] == '@') {
      const ResolvedInput* input = FindFed(&calculation.inputs, to.unit.substr(1));
      if (input == nullptr) {
        return FieldInvalid(absl::StrCat(path, ".inputs"),
                            absl::StrCat("output ", to.name, " has the unit of slot ",
                                         to.unit.substr(1), ", which must be fed"));
      }
      to.unit = input->meta.unit;
    }
  }
  return calculation;
}

absl::Status BindPlugin(plugins::Engine& engine, absl::string_view prefix,
                        Calculation* calculation) {
  std::vector<plugins::InputMeta> metas;
  for (const ResolvedInput& input : calculation->inputs) metas.push_back(input.meta);
  auto instance = engine.MakeInstance(
      calculation->plugin, calculation->parameters, metas,
      calculation->assessment.has_value() ? &*calculation->assessment : nullptr);
  if (!instance.ok()) {
    return prefix.empty() ? instance.status() : WithFieldPrefix(instance.status(), prefix);
  }
  calculation->instance = *std::move(instance);
  return absl::OkStatus();
}

absl::StatusOr<Calculation> ResolveIndicator(storage::ReadTransaction& tx, int64_t as_of,
                                             plugins::Engine& engine,
                                             const v1::Indicator& definition,
                                             absl::string_view prefix) {
  Resolver resolver(&tx, as_of, &engine);
  PT_ASSIGN_OR_RETURN(Calculation calculation, resolver.Indicator(definition, prefix));
  PT_RETURN_IF_ERROR(BindPlugin(engine, prefix, &calculation));
  return calculation;
}

absl::Status CheckNoCycle(storage::ReadTransaction& tx, const v1::Indicator& definition) {
  const std::string& name = definition.name();
  // Depth first, with the way that led to each indicator.
  struct Step {
    std::string indicator;
    std::vector<std::string> way;
  };
  std::vector<Step> open;
  std::set<std::string> seen;
  const auto push = [&](const v1::Indicator& of, const std::vector<std::string>& way) {
    for (const v1::IndicatorInput& input : of.inputs()) {
      if (CollectionOf(input.source()) != kIndicators) continue;
      Step step{input.source(), way};
      step.way.push_back(input.source());
      open.push_back(std::move(step));
    }
  };
  push(definition, {name});
  while (!open.empty()) {
    const Step step = std::move(open.back());
    open.pop_back();
    if (step.indicator == name) {
      return Error(absl::StatusCode::kFailedPrecondition, reason::kIndicatorCycle,
                   absl::StrCat(name, " would feed itself: ", absl::StrJoin(step.way, " <- "),
                                "; take one of these inputs away"),
                   {{"resource", name}});
    }
    if (!seen.insert(step.indicator).second) continue;
    PT_ASSIGN_OR_RETURN(const auto next, LoadIndicator(tx, step.indicator, storage::kPresent));
    if (next.has_value()) push(*next, step.way);
  }
  return absl::OkStatus();
}

}  // namespace policytrack::app
