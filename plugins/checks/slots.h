// Input slots of plugins: what they are fed with, against what the descriptor
// allows.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_SLOTS_H_
#define POLICYTRACK_PLUGINS_CHECKS_SLOTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// A slot with what feeds it, as the plugin sees it.
struct BoundInput {
  InputMeta meta;     // unit is that which the values come in after conversion
  double factor = 1;  // what the given values are multiplied with
  bool aligned = true;
  double periods_per_year = 0;
  std::string unit_kind;
  double unit_factor = 1;
};

// One for every meta, in the same order. A slot that must have the unit of
// another is converted to it.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `inputs[i].slot` or
// `inputs[i]` for a slot that is unknown, comes twice, or is fed with an
// unknown unit, a unit of another kind than that of its companion, an
// accumulation that it does not take, or a frequency that differs from that of
// the others; with field `inputs` when a required slot is left open.
absl::StatusOr<std::vector<BoundInput>> BindInputs(const v1::PluginDescriptor& descriptor,
                                                   const std::vector<InputMeta>& inputs);

// Ok when there is one input for each binding and the aligned ones have exactly
// the periods of the axis. Returns INTERNAL without a reason when not: that is
// an error of the caller, not of the plugin.
absl::Status CheckInputs(const std::vector<BoundInput>& bound, const std::vector<int64_t>& axis,
                         const std::vector<const Columns*>& inputs);

// The points with values multiplied; what overflows becomes missing as
// undefined.
Columns Converted(const Columns& columns, double factor);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_SLOTS_H_
