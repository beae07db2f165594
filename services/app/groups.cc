#include "services/app/groups.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "core/dimension_key.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

// More combinations of selected values than this are found by listing instead.
constexpr size_t kMaxEnumerated = 4096;

bool Takes(const DimensionRule& rule, absl::string_view value) {
  if (!rule.allowed.empty()) {
    return std::binary_search(rule.allowed.begin(), rule.allowed.end(), value);
  }
  return !rule.parts_only ||
         (value != kTotal && !std::binary_search(rule.totals.begin(), rule.totals.end(), value));
}

// Most series of a large source are not those of a target: nothing is copied before
// one is taken.
using Values = absl::InlinedVector<absl::string_view, 8>;

// The values of a key of `dimension_count` dimensions; nullopt for one from
// before the source lost some of them.
std::optional<Values> ValuesOfKey(absl::string_view key, size_t dimension_count) {
  Values values = SplitDimensionKey<Values>(key);
  if (values.size() > dimension_count) return std::nullopt;
  values.resize(dimension_count, kTotal);
  return values;
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

}  // namespace

std::optional<std::vector<std::string>> GroupOfSeries(const Calculation& calculation,
                                                      const ResolvedInput& input,
                                                      absl::string_view series_key) {
  const auto values = ValuesOfKey(series_key, input.rules.size());
  if (!values.has_value()) return std::nullopt;
  for (size_t i = 0; i < input.rules.size(); ++i) {
    const DimensionRule& rule = input.rules[i];
    if (!Takes(rule, (*values)[i])) return std::nullopt;
    if (rule.group_position < 0) continue;
    const auto& left = calculation.group_values[rule.group_position];
    if (left.has_value() && !std::binary_search(left->begin(), left->end(), (*values)[i])) {
      return std::nullopt;
    }
  }
  std::vector<std::string> group(calculation.group_by.size());
  for (size_t i = 0; i < input.rules.size(); ++i) {
    const int position = input.rules[i].group_position;
    if (position >= 0) group[position] = std::string((*values)[i]);
  }
  return group;
}

std::optional<std::vector<std::string>> FixedKeys(const ResolvedInput& input) {
  const bool grouped = std::any_of(input.rules.begin(), input.rules.end(),
                                   [](const auto& rule) { return rule.group_position >= 0; });
  return grouped ? std::nullopt : EnumerateKeys(input, {});
}

std::vector<std::string> SeenBy(const ResolvedInput& input,
                                const std::vector<std::string>& group_values) {
  std::vector<std::string> seen(group_values.size());
  for (const DimensionRule& rule : input.rules) {
    if (rule.group_position < 0) continue;
    seen[rule.group_position] = group_values[rule.group_position];
  }
  return seen;
}

bool Matches(const std::vector<std::string>& seen, const std::vector<std::string>& values) {
  return std::equal(seen.begin(), seen.end(), values.begin(), values.end(),
                    [](const std::string& known, const std::string& value) {
                      return known.empty() || known == value;
                    });
}

std::string WeightKeyOf(const ResolvedInput& input, absl::string_view series_key) {
  const std::vector<std::string> values = DecodeDimensionKey(series_key, input.rules.size());
  std::vector<std::string> of_weight;
  for (const size_t position : input.weights->positions) of_weight.push_back(values[position]);
  return EncodeDimensionKey(of_weight);
}

std::optional<std::string> SeriesKeyOfWeight(const ResolvedInput& input,
                                             absl::string_view weight_key) {
  const auto of_weight = ValuesOfKey(weight_key, input.weights->positions.size());
  if (!of_weight.has_value()) return std::nullopt;
  std::vector<std::string> values(input.rules.size());
  for (size_t i = 0; i < of_weight->size(); ++i) {
    values[input.weights->positions[i]] = std::string((*of_weight)[i]);
  }
  return EncodeDimensionKey(values);
}

std::vector<FeedingSeries> SeriesFeeding(const ResolvedInput& input,
                                         const std::vector<std::string>& keys) {
  std::vector<FeedingSeries> series;
  for (const std::string& key : keys) {
    series.push_back({input.source, input.output, key, false});
    if (!input.weights.has_value()) continue;
    series.push_back({input.weights->source, input.weights->output, WeightKeyOf(input, key), true});
  }
  return series;
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
  // For each input the keys by the values of the groups that see them.
  std::vector<std::map<std::vector<std::string>, std::vector<std::string>>> by_input(
      calculation.inputs.size());
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
      by_input[i][*values].push_back(key);
      if (!FormsGroups(calculation, input)) continue;
      const std::string group_key = EncodeDimensionKey(*values);
      Group& group = groups[group_key];
      group.key = group_key;
      group.values = *values;
    }
  }
  std::vector<Group> result;
  for (auto& [key, group] : groups) {
    group.series.resize(calculation.inputs.size());
    for (size_t i = 0; i < calculation.inputs.size(); ++i) {
      const auto found = by_input[i].find(SeenBy(calculation.inputs[i], group.values));
      // Copied: many groups may see the same series.
      if (found != by_input[i].end()) group.series[i] = found->second;
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
    const std::vector<std::string> seen = SeenBy(input, values);
    for (const std::string& key : keys) {
      const auto of = GroupOfSeries(calculation, input, key);
      if (of.has_value() && *of == seen) series.push_back(key);
    }
  }
  return group;
}

}  // namespace policytrack::app
