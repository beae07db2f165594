// Groups: which series of its sources feed which group of a calculation.
//
// Thread rule: free functions, any thread that owns the Figures.
#ifndef POLICYTRACK_SERVICES_APP_GROUPS_H_
#define POLICYTRACK_SERVICES_APP_GROUPS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/app/calculation.h"
#include "services/app/figures.h"

namespace policytrack::app {

// One group and the series that feed it.
struct Group {
  std::string key;                               // core/dimension_key.h, by group_by
  std::vector<std::string> values;               // of group_by
  std::vector<std::vector<std::string>> series;  // for each input the keys, in byte order
};

// The values of group_by of the group that a series feeds through an input;
// nullopt when the input does not take it. A value is "" where the input spreads
// that dimension: then every group with the other values sees the series.
std::optional<std::vector<std::string>> GroupOfSeries(const Calculation& calculation,
                                                      const ResolvedInput& input,
                                                      absl::string_view series_key);

// The keys of all series that an input can take, sorted, where its rules name every
// value and none is that of a group, as of most targets; else nullopt.
std::optional<std::vector<std::string>> FixedKeys(const ResolvedInput& input);

// The values of a group as far as an input knows them, as GroupOfSeries gives them.
std::vector<std::string> SeenBy(const ResolvedInput& input,
                                const std::vector<std::string>& group_values);

// Whether the group of these values sees a series of `seen`, which GroupOfSeries
// gave.
bool Matches(const std::vector<std::string>& seen, const std::vector<std::string>& values);

// The key of the weights of a series, and the other way round; nullopt when it
// can be the weight of none. REQUIRES: the input has weights.
std::string WeightKeyOf(const ResolvedInput& input, absl::string_view series_key);
std::optional<std::string> SeriesKeyOfWeight(const ResolvedInput& input,
                                             absl::string_view weight_key);

// A series that feeds an input: one of its source, or the weights of one.
struct FeedingSeries {
  std::string source;
  std::string output;
  std::string key;
  bool is_weight = false;
};
// The series that belong to these keys of the source, each followed by its weights.
std::vector<FeedingSeries> SeriesFeeding(const ResolvedInput& input,
                                         const std::vector<std::string>& keys);

// Whether the series of a group can only be found by listing those of a source.
bool NeedsListing(const Calculation& calculation);

// All groups that may have a value, by key.
absl::StatusOr<std::vector<Group>> FindGroups(const Calculation& calculation, Figures& figures);

// One group, by the values of group_by.
absl::StatusOr<Group> FindGroup(const Calculation& calculation, Figures& figures,
                                const std::vector<std::string>& values);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_GROUPS_H_
