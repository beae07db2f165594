// Weights: the part of resolve.h that finds what weighs the series of an input.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/period.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

// For each dimension of the weights the position of the same one of the source.
absl::StatusOr<std::vector<size_t>> MatchDimensions(const SourceShape& source,
                                                    const SourceShape& weights,
                                                    const std::string& field) {
  std::vector<size_t> positions;
  for (const SourceShape::Dimension& dimension : weights.dimensions) {
    const auto same = std::find_if(source.dimensions.begin(), source.dimensions.end(),
                                   [&](const auto& known) { return known.id == dimension.id; });
    if (same == source.dimensions.end()) break;
    positions.push_back(static_cast<size_t>(same - source.dimensions.begin()));
  }
  if (positions.size() == weights.dimensions.size() &&
      positions.size() == source.dimensions.size()) {
    return positions;
  }
  return FieldInvalid(field, absl::StrCat("weights have the dimensions of what they weigh: ",
                                          weights.name, " has ", weights.DimensionIds(), ", but ",
                                          source.name, " has ", source.DimensionIds()));
}

absl::Status CheckWeightsAgree(const SourceShape& source, const ResolvedOutput& value,
                               const SourceShape& weights, const ResolvedOutput& weight,
                               const std::string& field) {
  if (weights.frequency != source.frequency) {
    return FieldInvalid(
        field, absl::StrCat(weights.name, " is by ", FrequencyWord(weights.frequency), " and ",
                            source.name, " by ", FrequencyWord(source.frequency),
                            "; weights have the frequency of what they weigh"));
  }
  if (weights.year_start_month != source.year_start_month) {
    return FieldInvalid(
        field, absl::StrCat("the year of ", weights.name, " starts in month ",
                            weights.year_start_month, " and that of ", source.name, " in month ",
                            source.year_start_month, "; weights have the year of what they weigh"));
  }
  const auto are = [&](v1::Accumulation a, v1::Accumulation b) {
    return weight.accumulation == a && value.accumulation == b;
  };
  if (are(v1::ACCUMULATION_FLOW, v1::ACCUMULATION_YEAR_TO_DATE) ||
      are(v1::ACCUMULATION_YEAR_TO_DATE, v1::ACCUMULATION_FLOW)) {
    return FieldInvalid(field,
                        "totals of a period and totals since the start of the year do not "
                        "weigh one another");
  }
  if (weight.unit == "code") {
    return FieldInvalid(field, absl::StrCat(weights.name, " has code numbers, which do not weigh"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WeightSource> Resolver::Weights(const v1::IndicatorInput& input,
                                               const SourceShape& source,
                                               const ResolvedOutput& value,
                                               absl::string_view field) {
  const std::string path = absl::StrCat(field, ".weight_source");
  PT_ASSIGN_OR_RETURN(const SourceShape* shape, Shape(input.weight_source(), path));
  PT_ASSIGN_OR_RETURN(
      const ResolvedOutput* weight,
      shape->RequireOutput(input.weight_output(), absl::StrCat(field, ".weight_output")));
  WeightSource weights;
  weights.source = input.weight_source();
  weights.output = input.weight_output();
  PT_ASSIGN_OR_RETURN(weights.positions, MatchDimensions(source, *shape, path));
  PT_RETURN_IF_ERROR(CheckWeightsAgree(source, value, *shape, *weight, path));
  return weights;
}

}  // namespace policytrack::app
