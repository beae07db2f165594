// Inputs: the part of resolve.h that finds which series of its source an input
// takes, and how several of them become one or stay parts.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "core/utf8.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

// All that is known of an input before its rules are.
struct InputContext {
  const v1::IndicatorInput& input;
  const v1::PluginInput& slot;
  const SourceShape& shape;
  const std::vector<std::string>& group_by;
  const std::string field;

  bool aggregated() const { return input.aggregation() != v1::AGGREGATION_UNSPECIFIED; }
  bool weighted() const { return input.aggregation() == v1::AGGREGATION_WEIGHTED_MEAN; }
};

bool Has(const std::vector<std::string>& sorted, const std::string& value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

absl::Status CheckAccumulation(const InputContext& context, v1::Accumulation accumulation) {
  const auto& taken = context.slot.accumulations();
  if (taken.empty() ||
      std::find(taken.begin(), taken.end(), static_cast<int>(accumulation)) != taken.end()) {
    return absl::OkStatus();
  }
  return FieldInvalid(absl::StrCat(context.field, ".source"),
                      absl::StrCat(context.shape.name, " is ", v1::Accumulation_Name(accumulation),
                                   ", which slot ", context.slot.slot(), " does not take"));
}

// What does not add up has a weighted mean and no other aggregate.
absl::Status CheckAggregation(const InputContext& context, const std::string& unit_code) {
  const v1::IndicatorInput& input = context.input;
  if (context.weighted() && input.weight_source().empty()) {
    return FieldRequired(absl::StrCat(context.field, ".weight_source"),
                         "must name where the weights of AGGREGATION_WEIGHTED_MEAN come from");
  }
  for (const auto& [name, value] : {std::make_pair("weight_source", &input.weight_source()),
                                    std::make_pair("weight_output", &input.weight_output())}) {
    if (context.weighted() || value->empty()) continue;
    return FieldInvalid(absl::StrCat(context.field, ".", name),
                        "is only for AGGREGATION_WEIGHTED_MEAN");
  }
  const Unit* unit = FindUnit(unit_code);
  if (!context.aggregated() || unit == nullptr || unit->additive) return absl::OkStatus();
  const std::string field = absl::StrCat(context.field, ".aggregation");
  if (unit->code == "code") {
    return FieldInvalid(
        field, absl::StrCat(context.shape.name, " has code numbers, which are not aggregated"));
  }
  if (context.weighted()) return absl::OkStatus();
  return FieldInvalid(
      field, absl::StrCat(context.shape.name, " is in ", unit_code,
                          ", which is not aggregated save by AGGREGATION_WEIGHTED_MEAN: name the "
                          "weights, or aggregate its numerator and denominator and compute it "
                          "from them"));
}

// What several periods become where the input says so, if the figures are such.
absl::Status ApplyPeriodRule(const InputContext& context, PeriodConversion* periods) {
  const v1::PeriodRule rule = context.input.period_rule();
  if (rule == v1::PERIOD_RULE_UNSPECIFIED) return absl::OkStatus();
  const std::string path = absl::StrCat(context.field, ".period_rule");
  if (periods->from == periods->to) {
    return FieldInvalid(
        path,
        absl::StrCat("says what several periods become, but ", context.shape.name, " stays by ",
                     FrequencyWord(periods->from), "; state a lower frequency, or leave it out"));
  }
  const v1::Accumulation given = periods->from_accumulation;
  const bool is_flow = given == v1::ACCUMULATION_FLOW;
  const bool is_level = given == v1::ACCUMULATION_LEVEL || given == v1::ACCUMULATION_STOCK;
  const bool suits = rule == v1::PERIOD_RULE_SUM    ? is_flow
                     : rule == v1::PERIOD_RULE_MEAN ? is_level
                                                    : !is_flow;
  if (!suits) {
    return FieldInvalid(
        path, absl::StrCat(context.shape.name, " is ", v1::Accumulation_Name(given), ", of which ",
                           v1::PeriodRule_Name(rule),
                           " makes no figure for a longer period; leave it out to take the rule "
                           "of its accumulation"));
  }
  // On average over the year a stock is a level.
  if (rule == v1::PERIOD_RULE_MEAN) periods->from_accumulation = v1::ACCUMULATION_LEVEL;
  periods->take_last = rule == v1::PERIOD_RULE_LAST;
  return absl::OkStatus();
}

// How the periods of a source become those of the indicator.
absl::StatusOr<PeriodConversion> ConversionOf(const InputContext& context,
                                              const ResolvedOutput& output,
                                              v1::Frequency frequency) {
  const SourceShape& shape = context.shape;
  PeriodConversion periods;
  periods.from = shape.frequency;
  periods.to = frequency == v1::FREQUENCY_UNSPECIFIED ? shape.frequency : frequency;
  periods.from_accumulation = output.accumulation;
  PT_RETURN_IF_ERROR(ApplyPeriodRule(context, &periods));
  periods.to_accumulation = context.input.accumulation() == v1::ACCUMULATION_UNSPECIFIED
                                ? periods.from_accumulation
                                : context.input.accumulation();
  periods.year_start_month = shape.year_start_month;
  periods.january_february_joint = shape.january_february_joint;
  const bool accumulates = periods.to_accumulation != periods.from_accumulation;
  const std::string path = absl::StrCat(context.field, accumulates ? ".accumulation" : ".source");
  PT_RETURN_IF_ERROR(CheckConversion(periods, path));
  const Unit* unit = FindUnit(output.unit);
  if (periods.from != periods.to && !periods.take_last &&
      periods.from_accumulation == v1::ACCUMULATION_LEVEL && unit != nullptr &&
      !HasMeanOverTime(*unit)) {
    return FieldInvalid(path, absl::StrCat(shape.name, " is in ", output.unit,
                                           ", of which there is no mean over periods: bring its "
                                           "numerator and denominator to the frequency and "
                                           "compute it from them, or take the last of each with "
                                           "period_rule"));
  }
  return periods;
}

// A slot takes parts exactly when it declares so.
absl::Status CheckSpread(const InputContext& context) {
  const std::string& spread_by = context.input.spread_by();
  const std::string field = absl::StrCat(context.field, ".spread_by");
  if (!context.slot.spread()) {
    if (spread_by.empty()) return absl::OkStatus();
    return FieldInvalid(field, absl::StrCat("slot ", context.slot.slot(),
                                            " does not take parts; leave it out, and aggregate "
                                            "or select"));
  }
  if (spread_by.empty()) {
    return FieldRequired(field,
                         absl::StrCat("must name the dimension of ", context.shape.name,
                                      " whose values are the parts that slot ", context.slot.slot(),
                                      " takes; it has ", context.shape.DimensionIds()));
  }
  const auto& dimensions = context.shape.dimensions;
  if (std::none_of(dimensions.begin(), dimensions.end(),
                   [&](const auto& known) { return known.id == spread_by; })) {
    return FieldInvalid(
        field, absl::StrCat(Quoted(spread_by), " is not a dimension of ", context.shape.name,
                            ", which has ", context.shape.DimensionIds()));
  }
  const auto& group_by = context.group_by;
  // Parts with periods of their own are a reference for all groups; others would
  // be one part for each group.
  if (!context.slot.unaligned() &&
      std::find(group_by.begin(), group_by.end(), spread_by) != group_by.end()) {
    return FieldInvalid(field, absl::StrCat(Quoted(spread_by),
                                            " is one of group_by, so that each group would "
                                            "have one part; take it out of group_by"));
  }
  return absl::OkStatus();
}

absl::Status CheckDimensions(const InputContext& context) {
  const auto& dimensions = context.shape.dimensions;
  const auto unknown = [&](const std::string& id) {
    return std::none_of(dimensions.begin(), dimensions.end(),
                        [&](const auto& known) { return known.id == id; });
  };
  // Of several the first by id: a map has no order that stays.
  const std::string* first = nullptr;
  for (const auto& [dimension, values] : context.input.selection()) {
    if (unknown(dimension) && (first == nullptr || dimension < *first)) first = &dimension;
  }
  if (first != nullptr) {
    return FieldInvalid(absl::StrCat(context.field, ".selection.", *first),
                        absl::StrCat(context.shape.name, " has no dimension ", Quoted(*first),
                                     "; it has ", context.shape.DimensionIds()));
  }
  const std::string& field = context.field;
  for (size_t g = 0; g < context.group_by.size(); ++g) {
    if (!unknown(context.group_by[g])) continue;
    return FieldInvalid(
        absl::StrCat(field.substr(0, field.rfind(".inputs[")), ".group_by[", g, "]"),
        absl::StrCat(Quoted(context.group_by[g]), " is not a dimension of ", context.shape.name,
                     ", which has ", context.shape.DimensionIds(),
                     "; groups are formed by dimensions that every input has"));
  }
  return absl::OkStatus();
}

// The selected values in NFC, sorted, without repetition, each an allowed one.
absl::StatusOr<std::vector<std::string>> ReadSelection(const SourceShape& shape,
                                                       const SourceShape::Dimension& dimension,
                                                       const v1::DimensionValues& selected,
                                                       const std::string& path) {
  std::vector<std::string> values;
  for (const std::string& text : selected.values()) {
    PT_ASSIGN_OR_RETURN(std::string value, NormalizeDimensionValue(path, text));
    if (value != kTotal && !dimension.values.empty() && !Has(dimension.values, value)) {
      return FieldInvalid(path, absl::StrCat(Quoted(value), " is not a value of ", dimension.id,
                                             " in ", shape.name));
    }
    values.push_back(std::move(value));
  }
  std::sort(values.begin(), values.end());
  if (values.empty()) {
    return FieldInvalid(path, "selects no value; leave it out to take the default");
  }
  if (std::adjacent_find(values.begin(), values.end()) != values.end()) {
    return FieldInvalid(path, "names a value twice");
  }
  return values;
}

// That a selection counts nothing twice, and gives one series unless several
// become one or are parts.
absl::Status CheckSelection(const DimensionRule& rule, bool aggregated, const std::string& path) {
  const std::vector<std::string>& values = rule.allowed;
  if (rule.spread && Has(values, kTotal)) {
    return FieldInvalid(path,
                        "selects `_T`, which is the total and not a part; select parts, or "
                        "leave it out to take all");
  }
  if (values.size() == 1) return absl::OkStatus();
  if (Has(values, kTotal)) {
    return FieldInvalid(path, "selects both parts and `_T`, which is their total; select either");
  }
  if (rule.group_position >= 0) return absl::OkStatus();
  if (!aggregated && !rule.spread) {
    return FieldInvalid(path, absl::StrCat("selects ", values.size(),
                                           " values, which need an aggregation to become one"));
  }
  for (const std::string& value : values) {
    if (!Has(rule.totals, value)) continue;
    return FieldInvalid(path, absl::StrCat("selects ", Quoted(value),
                                           ", which is declared a total "
                                           "over ",
                                           rule.dimension,
                                           ", together with other values, which would count "
                                           "twice what is in both; select either"));
  }
  return absl::OkStatus();
}

absl::StatusOr<DimensionRule> RuleOf(const InputContext& context,
                                     const SourceShape::Dimension& dimension) {
  DimensionRule rule;
  rule.dimension = dimension.id;
  rule.totals = dimension.totals;
  rule.spread = dimension.id == context.input.spread_by();
  const auto& group_by = context.group_by;
  const auto group = std::find(group_by.begin(), group_by.end(), dimension.id);
  if (group != group_by.end() && !rule.spread) {
    rule.group_position = static_cast<int>(group - group_by.begin());
  }
  const auto selected = context.input.selection().find(dimension.id);
  if (selected != context.input.selection().end()) {
    const std::string path = absl::StrCat(context.field, ".selection.", dimension.id);
    PT_ASSIGN_OR_RETURN(rule.allowed,
                        ReadSelection(context.shape, dimension, selected->second, path));
    PT_RETURN_IF_ERROR(CheckSelection(rule, context.aggregated(), path));
  } else if (rule.spread || (rule.group_position < 0 && context.aggregated())) {
    rule.parts_only = true;
  } else if (rule.group_position < 0) {
    rule.allowed = {kTotal};
  }
  return rule;
}

}  // namespace

absl::StatusOr<ResolvedInput> Resolver::Input(const v1::IndicatorInput& input,
                                              const v1::PluginInput& slot,
                                              const std::vector<std::string>& group_by,
                                              v1::Frequency frequency, absl::string_view field) {
  PT_ASSIGN_OR_RETURN(const SourceShape* shape,
                      Shape(input.source(), absl::StrCat(field, ".source")));
  PT_ASSIGN_OR_RETURN(const ResolvedOutput* output,
                      shape->RequireOutput(input.output(), absl::StrCat(field, ".output")));
  const InputContext context{input, slot, *shape, group_by, std::string(field)};
  PT_RETURN_IF_ERROR(CheckAggregation(context, output->unit));
  PT_ASSIGN_OR_RETURN(const PeriodConversion periods, ConversionOf(context, *output, frequency));
  PT_RETURN_IF_ERROR(CheckAccumulation(context, periods.to_accumulation));
  PT_RETURN_IF_ERROR(CheckSpread(context));
  PT_RETURN_IF_ERROR(CheckDimensions(context));

  ResolvedInput resolved;
  resolved.meta.slot = slot.slot();
  resolved.meta.frequency = periods.to;
  resolved.meta.accumulation = periods.to_accumulation;
  resolved.meta.unit = output->unit;
  resolved.meta.spread = slot.spread();
  resolved.optional = slot.optional();
  resolved.unaligned = slot.unaligned();
  resolved.source = input.source();
  resolved.output = input.output();
  resolved.source_unit = output->unit;
  resolved.source_multiplier = shape->unit_multiplier;
  resolved.aggregation = input.aggregation();
  resolved.periods = periods;
  resolved.joint = slot.joint();
  const Unit* unit = FindUnit(output->unit);
  resolved.additive = unit != nullptr && unit->additive;
  for (const SourceShape::Dimension& dimension : shape->dimensions) {
    PT_ASSIGN_OR_RETURN(DimensionRule rule, RuleOf(context, dimension));
    resolved.rules.push_back(std::move(rule));
  }
  if (context.weighted()) {
    PT_ASSIGN_OR_RETURN(resolved.weights, Weights(input, *shape, *output, field));
  }
  return resolved;
}

}  // namespace policytrack::app
