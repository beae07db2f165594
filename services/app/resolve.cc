#include "services/app/resolve.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "core/utf8.h"

namespace policytrack::app {
namespace {

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
                       "; state the frequency of the indicator to bring them to one"));
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
            fields[i], absl::StrCat(input.source, " is ", v1::Accumulation_Name(b), " and ",
                                    calculation.inputs[j].source, " is ", v1::Accumulation_Name(a),
                                    "; totals of a period and totals since the start of the year "
                                    "do not go together"));
      }
    }
  }
  return absl::OkStatus();
}

// The values of a dimension of group_by that the selections of what forms groups
// leave, sorted; nullopt means any.
std::optional<std::vector<std::string>> GroupValues(const Calculation& calculation, int position) {
  std::optional<std::vector<std::string>> values;
  for (const ResolvedInput& input : calculation.inputs) {
    if (!FormsGroups(calculation, input)) continue;
    for (const DimensionRule& rule : input.rules) {
      if (rule.group_position != position || rule.allowed.empty()) continue;
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
  return values;
}

// What any source declares to be a total over a dimension, sorted: whoever reads
// the outputs must not count it twice either.
std::vector<std::string> GroupTotals(const Calculation& calculation, const std::string& dimension) {
  std::set<std::string> totals;
  for (const ResolvedInput& input : calculation.inputs) {
    for (const DimensionRule& rule : input.rules) {
      if (rule.dimension == dimension) totals.insert(rule.totals.begin(), rule.totals.end());
    }
  }
  return {totals.begin(), totals.end()};
}

// Where groups are held against all values of their dimension, a total is none of
// them: it would be scored as if it were a part.
void LeaveOutTotals(Calculation* calculation) {
  for (size_t g = 0; g < calculation->group_by.size(); ++g) {
    const std::string& dimension = calculation->group_by[g];
    const bool spread = std::any_of(
        calculation->inputs.begin(), calculation->inputs.end(), [&](const ResolvedInput& input) {
          return std::any_of(input.rules.begin(), input.rules.end(),
                             [&](const DimensionRule& rule) {
                               return rule.spread && rule.dimension == dimension;
                             });
        });
    if (!spread) continue;
    for (ResolvedInput& input : calculation->inputs) {
      for (DimensionRule& rule : input.rules) {
        if (rule.group_position != static_cast<int>(g) || !rule.allowed.empty()) continue;
        rule.parts_only = true;
        rule.totals = calculation->group_totals[g];
      }
    }
  }
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

absl::StatusOr<Calculation> Resolver::Indicator(const v1::Indicator& definition,
                                                absl::string_view prefix) {
  const std::string path(prefix);
  PT_ASSIGN_OR_RETURN(const Method method, MethodOf(definition, path));
  const v1::PluginDescriptor& descriptor = method.descriptor;

  Calculation calculation;
  calculation.build = method.build;
  calculation.parent = definition.name();
  calculation.display_name = definition.display_name();
  calculation.definition_revision = definition.revision();
  calculation.plugin = definition.plugin();
  calculation.plugin_version = descriptor.version();
  calculation.plugin_digest = method.digest;
  calculation.parameters = method.parameters;
  calculation.group_by.assign(definition.group_by().begin(), definition.group_by().end());
  std::set<std::string> grouped;
  for (size_t g = 0; g < calculation.group_by.size(); ++g) {
    if (!grouped.insert(calculation.group_by[g]).second) {
      return FieldInvalid(absl::StrCat(path, ".group_by[", g, "]"),
                          absl::StrCat(Quoted(calculation.group_by[g]), " is named twice"));
    }
  }

  for (int i = 0; i < definition.inputs_size(); ++i) {
    const std::string field = absl::StrCat(path, ".inputs[", i, "].slot");
    const std::string& slot = definition.inputs(i).slot();
    if (FindSlot(descriptor, slot) == nullptr) {
      return FieldInvalid(field, absl::StrCat(definition.plugin(), " has no slot ", Quoted(slot),
                                              "; it has ", SlotList(descriptor)));
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
    PT_ASSIGN_OR_RETURN(
        ResolvedInput input,
        Input(definition.inputs(index), slot, calculation.group_by, definition.frequency(), field));
    PT_ASSIGN_OR_RETURN(const SourceShape* shape, Shape(input.source, field));
    fields.push_back(absl::StrCat(field, ".source"));
    year_start_months.push_back(shape->year_start_month);
    calculation.inputs.push_back(std::move(input));
  }
  if (calculation.inputs.empty()) {
    return FieldInvalid(absl::StrCat(path, ".inputs"), "feeds no slot; at least one must be fed");
  }
  if (std::none_of(calculation.inputs.begin(), calculation.inputs.end(),
                   [&](const ResolvedInput& in) { return FormsGroups(calculation, in); })) {
    return FieldInvalid(absl::StrCat(path, ".inputs"),
                        "feeds only slots with periods of their own, so that there is no period "
                        "to compute for; feed another slot too");
  }
  PT_RETURN_IF_ERROR(CheckInputsAgree(calculation, path, fields, year_start_months));
  calculation.frequency = calculation.inputs.front().meta.frequency;
  calculation.year_start_month = year_start_months.front();
  for (ResolvedInput& input : calculation.inputs) {
    input.meta.year_start_month = calculation.year_start_month;
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
    calculation.group_values.push_back(GroupValues(calculation, static_cast<int>(g)));
    calculation.group_totals.push_back(GroupTotals(calculation, calculation.group_by[g]));
  }
  LeaveOutTotals(&calculation);

  for (const v1::PluginOutput& output : descriptor.outputs()) {
    ResolvedOutput& to = calculation.outputs.emplace_back();
    to.name = output.name();
    to.unit = output.unit();
    to.accumulation = output.accumulation() != v1::ACCUMULATION_UNSPECIFIED
                          ? output.accumulation()
                          : calculation.inputs.front().meta.accumulation;
    if (const auto of = ParseUnitOfSlot(output.unit()); of.has_value()) {
      const ResolvedInput* input = FindFed(&calculation.inputs, of->slot);
      if (input == nullptr) {
        return FieldInvalid(absl::StrCat(path, ".inputs"),
                            absl::StrCat("output ", to.name, " has the unit of slot ", of->slot,
                                         ", which must be fed"));
      }
      to.unit = of->Of(input->meta.unit);
    }
  }
  return calculation;
}

absl::Status BindPlugin(absl::string_view prefix, Calculation* calculation) {
  std::vector<plugins::InputMeta> metas;
  for (const ResolvedInput& input : calculation->inputs) metas.push_back(input.meta);
  auto instance = calculation->build->MakeInstance(
      calculation->parameters, metas,
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
  PT_RETURN_IF_ERROR(BindPlugin(prefix, &calculation));
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
    for (const std::string& source : ReferencesOf(of)) {
      if (CollectionOf(source) != kIndicators) continue;
      Step step{source, way};
      step.way.push_back(source);
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
