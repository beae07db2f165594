#include "services/app/groups.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/unit.h"
#include "services/app/aggregate.h"

namespace policytrack::app {
namespace {

// More combinations of selected values than this are found by listing instead.
constexpr size_t kMaxEnumerated = 4096;

bool Takes(const DimensionRule& rule, const std::string& value) {
  if (!rule.allowed.empty()) {
    return std::binary_search(rule.allowed.begin(), rule.allowed.end(), value);
  }
  return !rule.parts_only || value != kTotal;
}

// The keys that an input takes in a group when its rules name all values;
// nullopt when some dimension is open.
std::optional<std::vector<std::string>> EnumerateKeys(const ResolvedInput& input,
                                                      const std::vector<std::string>& values) {
  std::vector<std::vector<std::string>> combinations = {{}};
  for (const DimensionRule& rule : input.rules) {
    std::vector<std::string> choices;
    if (rule.group_position >= 0) {
      const std::string& value = values[rule.group_position];
      if (!Takes(rule, value)) return std::vector<std::string>();
      choices = {value};
    } else if (!rule.allowed.empty()) {
      choices = rule.allowed;
    } else {
      return std::nullopt;
    }
    if (combinations.size() * choices.size() > kMaxEnumerated) return std::nullopt;
    std::vector<std::vector<std::string>> longer;
    for (const auto& combination : combinations) {
      for (const std::string& choice : choices) {
        longer.push_back(combination);
        longer.back().push_back(choice);
      }
    }
    combinations = std::move(longer);
  }
  std::vector<std::string> keys;
  for (const auto& combination : combinations) keys.push_back(EncodeDimensionKey(combination));
  std::sort(keys.begin(), keys.end());
  return keys;
}

void Scale(const ResolvedInput& input, Columns* columns) {
  if (input.source_multiplier == 0 && input.source_unit == input.meta.unit) return;
  for (size_t i = 0; i < columns->size(); ++i) {
    if (IsMissing(columns->flags[i])) continue;
    const double value =
        input.conversion.Apply(ScaleToBase(columns->values[i], input.source_multiplier)) + 0.0;
    if (std::isfinite(value)) {
      columns->values[i] = value;
    } else {
      columns->values[i] = 0;
      columns->flags[i] = MissingFlags(v1::MISSING_REASON_UNDEFINED);
    }
  }
}

// The flags as a plugin sees them: one of five qualities, and no value of two
// periods unless it knows them.
void SimplifyFlags(bool knows_joint, Columns* columns) {
  for (size_t i = 0; i < columns->size(); ++i) {
    Flags& flags = columns->flags[i];
    if (IsMissing(flags)) continue;
    if ((flags & kJoint) != 0 && !knows_joint) {
      columns->values[i] = 0;
      flags = static_cast<Flags>(MissingFlags(v1::MISSING_REASON_JOINT_PERIOD) | (flags & kBreak));
      continue;
    }
    flags = static_cast<Flags>((flags & ~kQualityMask) | PropagatedQuality(flags));
  }
}

Columns Align(const Columns& columns, const std::vector<int64_t>& axis) {
  if (columns.periods == axis) return columns;
  Columns aligned;
  aligned.reserve(axis.size());
  size_t c = 0;
  for (const int64_t period : axis) {
    while (c < columns.size() && columns.periods[c] < period) ++c;
    if (c < columns.size() && columns.periods[c] == period) {
      aligned.Append(period, columns.values[c], columns.flags[c],
                     columns.revisions.empty() ? 0 : columns.revisions[c]);
    } else {
      aligned.Append(period, 0, MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    }
  }
  return aligned;
}

void AddColumns(Digest* digest, const Columns& columns) {
  digest->AddInt(static_cast<int64_t>(columns.size()));
  digest->AddRaw(columns.periods.data(), columns.size() * sizeof(int64_t));
  digest->AddRaw(columns.values.data(), columns.size() * sizeof(double));
  digest->AddRaw(columns.flags.data(), columns.size() * sizeof(Flags));
}

}  // namespace

void GroupInputs::AddTo(Digest* digest, const Calculation& calculation) const {
  digest->Add(key);
  for (size_t i = 0; i < columns.size(); ++i) {
    digest->Add(calculation.inputs[i].meta.slot);
    digest->Add(calculation.inputs[i].meta.unit);
    AddColumns(digest, columns[i]);
  }
}

std::optional<std::vector<std::string>> GroupOfSeries(const Calculation& calculation,
                                                      const ResolvedInput& input,
                                                      absl::string_view series_key) {
  const std::vector<std::string> values = DecodeDimensionKey(series_key, input.rules.size());
  // A key with more dimensions is from before the source lost some of them.
  if (EncodeDimensionKey(values) != series_key) return std::nullopt;
  std::vector<std::string> group(calculation.group_by.size());
  for (size_t i = 0; i < input.rules.size(); ++i) {
    const DimensionRule& rule = input.rules[i];
    if (!Takes(rule, values[i])) return std::nullopt;
    if (rule.group_position < 0) continue;
    const auto& left = calculation.group_values[rule.group_position];
    if (left.has_value() && !std::binary_search(left->begin(), left->end(), values[i])) {
      return std::nullopt;
    }
    group[rule.group_position] = values[i];
  }
  return group;
}

bool NeedsListing(const Calculation& calculation) {
  for (const ResolvedInput& input : calculation.inputs) {
    for (const DimensionRule& rule : input.rules) {
      if (rule.group_position < 0 && rule.allowed.empty()) return true;
    }
  }
  return false;
}

absl::StatusOr<std::vector<Group>> FindGroups(const Calculation& calculation, Figures& figures) {
  std::map<std::string, Group> groups;
  std::vector<std::map<std::string, std::vector<std::string>>> by_input(calculation.inputs.size());
  for (size_t i = 0; i < calculation.inputs.size(); ++i) {
    const ResolvedInput& input = calculation.inputs[i];
    if (input.source.empty()) continue;
    std::vector<std::string> keys;
    const auto fixed = calculation.group_by.empty() ? EnumerateKeys(input, {})
                                                    : std::optional<std::vector<std::string>>();
    if (fixed.has_value()) {
      keys = *fixed;
    } else {
      PT_ASSIGN_OR_RETURN(keys, figures.Keys(input.source, input.output));
    }
    for (const std::string& key : keys) {
      const auto values = GroupOfSeries(calculation, input, key);
      if (!values.has_value()) continue;
      const std::string group_key = EncodeDimensionKey(*values);
      by_input[i][group_key].push_back(key);
      if (!FormsGroups(calculation, input)) continue;
      Group& group = groups[group_key];
      group.key = group_key;
      group.values = *values;
    }
  }
  std::vector<Group> result;
  for (auto& [key, group] : groups) {
    group.series.resize(calculation.inputs.size());
    for (size_t i = 0; i < calculation.inputs.size(); ++i) {
      const auto found = by_input[i].find(key);
      if (found != by_input[i].end()) group.series[i] = std::move(found->second);
    }
    result.push_back(std::move(group));
  }
  return result;
}

absl::StatusOr<Group> FindGroup(const Calculation& calculation, Figures& figures,
                                const std::vector<std::string>& values) {
  Group group;
  group.key = EncodeDimensionKey(values);
  group.values = values;
  for (const ResolvedInput& input : calculation.inputs) {
    std::vector<std::string>& series = group.series.emplace_back();
    if (input.source.empty()) continue;
    auto fixed = EnumerateKeys(input, values);
    if (fixed.has_value()) {
      series = *std::move(fixed);
      continue;
    }
    PT_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                        figures.Keys(input.source, input.output));
    for (const std::string& key : keys) {
      const auto of = GroupOfSeries(calculation, input, key);
      if (of.has_value() && *of == values) series.push_back(key);
    }
  }
  return group;
}

absl::StatusOr<Columns> ReadInput(const Calculation& calculation, Figures& figures,
                                  const Group& group, size_t index, PeriodRange range) {
  const ResolvedInput& input = calculation.inputs[index];
  if (input.source.empty()) {
    Columns constant = input.constant;
    if (!input.filled_period.has_value()) return constant;
    // A baseline without a value takes that of the indicator.
    const int64_t period = *input.filled_period;
    PT_ASSIGN_OR_RETURN(const Columns at,
                        ReadInput(calculation, figures, group, 0, {period, period}));
    if (at.empty() || IsMissing(at.flags[0])) return constant;
    SeriesPatch patch;
    patch.points.Append(period, at.values[0], static_cast<Flags>(at.flags[0] & kQualityMask),
                        at.revisions.empty() ? 0 : at.revisions[0]);
    return ApplyPatch(constant, patch, PeriodRange());
  }
  if (input.unaligned) range = PeriodRange();
  const PeriodRange wanted = range;
  range = SourceRange(input.periods, range);
  Columns columns;
  if (input.aggregation == v1::AGGREGATION_UNSPECIFIED) {
    if (group.series[index].size() > 1) {
      return Error(absl::StatusCode::kInternal, reason::kResultRefused,
                   "several series feed one input that has no aggregation");
    }
    if (!group.series[index].empty()) {
      PT_ASSIGN_OR_RETURN(columns,
                          figures.Read(input.source, input.output, group.series[index][0], range));
    }
  } else {
    // A part counts from its first period on, so all that came before is read.
    std::vector<Columns> parts;
    for (const std::string& key : group.series[index]) {
      PT_ASSIGN_OR_RETURN(
          Columns part, figures.Read(input.source, input.output, key, {kFirstPeriod, range.last}));
      if (!part.empty()) parts.push_back(std::move(part));
    }
    columns = Aggregate(parts, input.aggregation).Slice(range);
  }
  Scale(input, &columns);
  if (!input.periods.identity()) {
    columns = ConvertPeriods(columns, input.periods).Slice(wanted);
  }
  SimplifyFlags(input.joint, &columns);
  return columns;
}

absl::StatusOr<GroupInputs> ReadGroup(const Calculation& calculation, Figures& figures,
                                      const Group& group, PeriodRange range) {
  GroupInputs inputs;
  inputs.key = group.key;
  bool exists = false;
  for (size_t i = 0; i < calculation.inputs.size(); ++i) {
    const ResolvedInput& input = calculation.inputs[i];
    PT_ASSIGN_OR_RETURN(Columns columns, ReadInput(calculation, figures, group, i, range));
    if (!input.unaligned) {
      inputs.axis.insert(inputs.axis.end(), columns.periods.begin(), columns.periods.end());
    }
    exists = exists || (FormsGroups(calculation, input) && !columns.empty());
    inputs.columns.push_back(std::move(columns));
  }
  if (!exists) inputs.axis.clear();
  std::sort(inputs.axis.begin(), inputs.axis.end());
  inputs.axis.erase(std::unique(inputs.axis.begin(), inputs.axis.end()), inputs.axis.end());
  for (size_t i = 0; i < calculation.inputs.size(); ++i) {
    if (!calculation.inputs[i].unaligned) {
      inputs.columns[i] = Align(inputs.columns[i], inputs.axis);
    }
  }
  return inputs;
}

}  // namespace policytrack::app
