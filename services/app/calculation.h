// A calculation: a definition made executable. An indicator and a target become
// the same thing, a plugin with inputs that know which series feed them. Start
// here, then resolve.h that makes it, groups.h that feeds it and compute.h that
// runs it.
//
// Thread rule: plain data; the instance takes one call at a time.
#ifndef POLICYTRACK_SERVICES_APP_CALCULATION_H_
#define POLICYTRACK_SERVICES_APP_CALCULATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/columns.h"
#include "core/period_conversion.h"
#include "google/protobuf/struct.pb.h"
#include "plugins/engine.h"
#include "policytrack/v1/indicator.pb.h"

namespace policytrack::app {

// From one unit to another of its kind. Factors of units are whole numbers, so
// that one of the two steps is exact wherever one unit is the base of the kind.
struct UnitConversion {
  double numerator = 1;
  double denominator = 1;
  double Apply(double value) const { return value * numerator / denominator; }
};

// Which values of one dimension of a source an input takes.
struct DimensionRule {
  std::string dimension;
  // Position in group_by, or -1: then the dimension is outside the group.
  int group_position = -1;
  // The values taken, sorted; empty means any, or any part for parts_only.
  std::vector<std::string> allowed;
  // Any value but `_T` and `totals`.
  bool parts_only = false;
  std::vector<std::string> totals;  // sorted
  // That each value is a part of its own.
  bool spread = false;
};

// Where the weights of a weighted mean come from.
struct WeightSource {
  std::string source;  // `datasets/x` or `indicators/x`
  std::string output;  // of an indicator
  // For each dimension of it the position of the same one in rules.
  std::vector<size_t> positions;
};

// One fed slot.
struct ResolvedInput {
  plugins::InputMeta meta;  // unit and values as the plugin sees them
  bool optional = false;
  bool unaligned = false;
  std::string source;  // `datasets/x` or `indicators/x`; empty for a constant
  std::string output;  // of an indicator
  std::string source_unit;
  int source_multiplier = 0;
  UnitConversion conversion;         // from source_unit to meta.unit
  std::vector<DimensionRule> rules;  // one for each dimension of the source
  v1::Aggregation aggregation = v1::AGGREGATION_UNSPECIFIED;
  PeriodConversion periods;  // from those of the source to those that the plugin sees
  bool joint = false;        // whether the plugin knows values of two periods
  std::optional<WeightSource> weights;
  // Whether the parts of a spread input, its unit that is, may be summed.
  bool additive = true;

  // A constant: the points that the definition states, in meta.unit.
  Columns constant;
  // The period at which the constant takes its value from the first input.
  std::optional<int64_t> filled_period;

  bool aggregated() const { return aggregation != v1::AGGREGATION_UNSPECIFIED; }
  // The position in rules of the dimension that is spread, or -1.
  int SpreadRule() const;
};

struct ResolvedOutput {
  std::string name;
  std::string unit;  // without multiplier
  v1::Accumulation accumulation = v1::ACCUMULATION_UNSPECIFIED;
};

struct Calculation {
  std::string parent;  // `indicators/x`, `measures/x/targets/y`; empty in a preview
  std::string display_name;
  int64_t definition_revision = 0;

  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  int year_start_month = 1;
  std::vector<std::string> group_by;
  // For each of group_by the values that the selections of required inputs
  // leave, sorted; nullopt means any.
  std::vector<std::optional<std::vector<std::string>>> group_values;
  // For each of group_by the values that a source declares to be totals, sorted.
  std::vector<std::vector<std::string>> group_totals;
  std::vector<ResolvedInput> inputs;  // in the order of the descriptor
  std::vector<ResolvedOutput> outputs;

  std::string plugin;  // or the script, as the definition names it
  std::string plugin_version;
  std::string plugin_digest;
  // What the three are of, and what makes the instance: one and the same, even when
  // another takes its place meanwhile.
  std::shared_ptr<const plugins::Build> build;
  google::protobuf::Struct parameters;
  std::optional<plugins::AssessmentContext> assessment;

  // Null until BindPlugin (resolve.h).
  std::unique_ptr<plugins::Instance> instance;

  // The provenance that does not depend on figures.
  v1::Evaluation Provenance() const;
};

// Whether the points of an input make groups: a period of a group is one of
// these inputs, or of any aligned one where all are optional.
bool FormsGroups(const Calculation& calculation, const ResolvedInput& input);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_CALCULATION_H_
