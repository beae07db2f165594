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
// another is converted to it. What runs scripts has any slot.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `inputs[i].slot` or
// `inputs[i]` for a slot that is unknown, comes twice, or is fed with an
// unknown unit, a unit of another kind than that of its companion, an
// accumulation that it does not take, a frequency that differs from that of the
// others, or parts against what it declares; with field `inputs` when a required
// slot is left open.
absl::StatusOr<std::vector<BoundInput>> BindInputs(const v1::PluginDescriptor& descriptor,
                                                   const std::vector<InputMeta>& inputs);

// Ok when there is one input for each binding, the aligned ones have exactly the
// periods of the axis, and parts are of spread slots, by name, with the periods
// of their column. Returns INTERNAL without a reason when not: that is an error
// of the caller, not of the plugin.
absl::Status CheckInputs(const std::vector<BoundInput>& bound, const std::vector<int64_t>& axis,
                         const std::vector<InputView>& inputs);

// The points with values multiplied; what overflows becomes missing as
// undefined.
Columns Converted(const Columns& columns, double factor);

// Inputs in the units that the plugin sees: those that need it are copied and
// multiplied, parts too.
class ConvertedInputs {
 public:
  ConvertedInputs(const std::vector<BoundInput>& bound, const std::vector<InputView>& inputs);
  ConvertedInputs(const ConvertedInputs&) = delete;
  ConvertedInputs& operator=(const ConvertedInputs&) = delete;

  const std::vector<InputView>& views() const { return views_; }

 private:
  std::vector<Columns> columns_;
  std::vector<std::vector<Part>> parts_;
  std::vector<InputView> views_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_SLOTS_H_
