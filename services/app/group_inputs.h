// The columns of one group: read, aggregated, scaled, spread and aligned as a
// plugin takes them.
//
// Thread rule: free functions, any thread that owns the Figures.
#ifndef POLICYTRACK_SERVICES_APP_GROUP_INPUTS_H_
#define POLICYTRACK_SERVICES_APP_GROUP_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/columns.h"
#include "core/digest.h"
#include "plugins/engine.h"
#include "services/app/calculation.h"
#include "services/app/figures.h"
#include "services/app/groups.h"

namespace policytrack::app {

// What one input of a group is given.
struct InputColumns {
  // Of a spread input: the sum of its parts, or missing as UNDEFINED where their
  // unit does not add up.
  Columns column;
  // Of a spread input: every part that has a point at any time, whatever range is
  // read, by name, with the periods of the column.
  std::vector<plugins::Part> parts;
};

// The columns of one group. Those of aligned inputs have exactly the periods of
// the axis.
struct GroupInputs {
  std::string key;
  std::vector<int64_t> axis;         // empty: the group does not exist in this range
  std::vector<InputColumns> inputs;  // one for each input

  // Adds all that a plugin sees of it.
  void AddTo(Digest* digest, const Calculation& calculation) const;
  // How many points it holds.
  size_t PointCount() const;
};

// Reads a group. Aligned inputs are read in `range`, others whole.
absl::StatusOr<GroupInputs> ReadGroup(const Calculation& calculation, Figures& figures,
                                      const Group& group, PeriodRange range);

// One input of a group without its parts, before alignment, in the unit that the
// plugin sees.
absl::StatusOr<Columns> ReadInput(const Calculation& calculation, Figures& figures,
                                  const Group& group, size_t input, PeriodRange range);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_GROUP_INPUTS_H_
