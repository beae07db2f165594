// The columns of one group: read, aggregated, scaled, spread and aligned as a
// plugin takes them.
//
// Thread rule: free functions, any thread that owns the Figures.
#ifndef POLICYTRACK_SERVICES_APP_GROUP_INPUTS_H_
#define POLICYTRACK_SERVICES_APP_GROUP_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
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
  // Over the parts, so that what many groups see is hashed once.
  std::string parts_digest;
};

// The inputs that several groups see alike, since they spread a dimension of
// group_by: read once and not for each of a thousand groups. Of one calculation
// as of one revision.
class SharedInputs {
 public:
  // Null when it was not added. `seen` is what SeenBy gives.
  std::shared_ptr<const InputColumns> Find(size_t input,
                                           const std::vector<std::string>& seen) const;
  void Add(size_t input, const std::vector<std::string>& seen,
           std::shared_ptr<const InputColumns> columns);

 private:
  std::map<std::pair<size_t, std::vector<std::string>>, std::shared_ptr<const InputColumns>>
      inputs_;
  size_t points_ = 0;
};

// The columns of one group. Those of aligned inputs have exactly the periods of
// the axis.
struct GroupInputs {
  std::string key;
  std::vector<int64_t> axis;  // empty: the group does not exist in this range
  std::vector<std::shared_ptr<const InputColumns>> inputs;  // one for each input
  size_t point_count = 0;  // that it holds beside what groups share

  // Adds all that a plugin sees of it.
  void AddTo(Digest* digest, const Calculation& calculation) const;
};

// Reads a group. Aligned inputs are read in `range`, others whole. `shared` is for
// reading many groups of a calculation; one needs none.
absl::StatusOr<GroupInputs> ReadGroup(const Calculation& calculation, Figures& figures,
                                      const Group& group, PeriodRange range,
                                      SharedInputs* shared = nullptr);

// One input of a group without its parts, before alignment, in the unit that the
// plugin sees.
absl::StatusOr<Columns> ReadInput(const Calculation& calculation, Figures& figures,
                                  const Group& group, size_t input, PeriodRange range);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_GROUP_INPUTS_H_
