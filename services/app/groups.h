// Groups: which series of its sources feed which group of a calculation, and
// their columns, aggregated, scaled and aligned as a plugin takes them.
//
// Thread rule: free functions, any thread that owns the Figures.
#ifndef POLICYTRACK_SERVICES_APP_GROUPS_H_
#define POLICYTRACK_SERVICES_APP_GROUPS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"
#include "core/digest.h"
#include "services/app/calculation.h"
#include "services/app/figures.h"

namespace policytrack::app {

// One group and the series that feed it.
struct Group {
  std::string key;                               // core/dimension_key.h, by group_by
  std::vector<std::string> values;               // of group_by
  std::vector<std::vector<std::string>> series;  // for each input the keys, in byte order
};

// The columns of one group. Those of aligned inputs have exactly the periods of
// the axis.
struct GroupInputs {
  std::string key;
  std::vector<int64_t> axis;     // empty: the group does not exist in this range
  std::vector<Columns> columns;  // one for each input

  // Adds all that a plugin sees of it.
  void AddTo(Digest* digest, const Calculation& calculation) const;
};

// The values of group_by of the group that a series feeds through an input;
// nullopt when the input does not take it.
std::optional<std::vector<std::string>> GroupOfSeries(const Calculation& calculation,
                                                      const ResolvedInput& input,
                                                      absl::string_view series_key);

// Whether the series of a group can only be found by listing those of a source.
bool NeedsListing(const Calculation& calculation);

// All groups that may have a value, by key.
absl::StatusOr<std::vector<Group>> FindGroups(const Calculation& calculation, Figures& figures);

// One group, by the values of group_by.
absl::StatusOr<Group> FindGroup(const Calculation& calculation, Figures& figures,
                                const std::vector<std::string>& values);

// Reads a group. Aligned inputs are read in `range`, others whole.
absl::StatusOr<GroupInputs> ReadGroup(const Calculation& calculation, Figures& figures,
                                      const Group& group, PeriodRange range);

// One input of a group before alignment, in the unit that the plugin sees.
absl::StatusOr<Columns> ReadInput(const Calculation& calculation, Figures& figures,
                                  const Group& group, size_t input, PeriodRange range);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_GROUPS_H_
