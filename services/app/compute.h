// The pure function: the columns of one group and a plugin give the outputs of
// the group for a window. Same inputs, same bytes; no store, no clock.
//
// Thread rule: any thread; one call at a time for a calculation.
#ifndef POLICYTRACK_SERVICES_APP_COMPUTE_H_
#define POLICYTRACK_SERVICES_APP_COMPUTE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/columns.h"
#include "plugins/engine.h"
#include "services/app/calculation.h"
#include "services/app/figures.h"
#include "services/app/group_inputs.h"

namespace policytrack::app {

// The outputs, in the order of calculation.outputs, for periods of the axis in
// `window`. The quality of each is at least the worst of the inputs, and of their
// parts, at its period. Returns the errors of Instance::Compute, and INTERNAL / RESULT_REFUSED
// when the outputs do not fit the calculation.
// REQUIRES: the calculation is bound to its plugin.
absl::StatusOr<std::vector<Columns>> ComputeGroup(const Calculation& calculation,
                                                  const GroupInputs& inputs, PeriodRange window);

// The same for several groups at once, an answer for each: where a call of a plugin
// has a price of its own it is paid once.
struct GroupWindow {
  const GroupInputs* inputs;
  PeriodRange window;
};
std::vector<absl::StatusOr<std::vector<Columns>>> ComputeGroups(
    const Calculation& calculation, const std::vector<GroupWindow>& groups);

// Points and groups that are read before their plugin runs.
inline constexpr size_t kBatchPoints = 200000;
inline constexpr size_t kBatchGroups = 256;

// The outputs that depend on changed inputs.
PeriodRange OutputRange(PeriodRange changed, const plugins::Window& window);
// The inputs that these outputs depend on.
PeriodRange InputRange(PeriodRange outputs, const plugins::Window& window);

// Smallest range that holds both.
PeriodRange Union(PeriodRange a, PeriodRange b);
bool IsWhole(PeriodRange range);

// All groups of a calculation computed whole, with the digest of their inputs.
// Series without points are left out.
struct ComputedOutputs {
  std::map<std::pair<std::string, std::string>, Columns> series;  // by (output, key)
  std::string input_digest;                                       // in hexadecimal
};
absl::StatusOr<ComputedOutputs> ComputeAll(const Calculation& calculation, Figures& figures);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_COMPUTE_H_
