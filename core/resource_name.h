// Resource names: `plans/{plan}`, `measures/{measure}/targets/{target}` and the
// like. One place knows their form.
#ifndef POLICYTRACK_CORE_RESOURCE_NAME_H_
#define POLICYTRACK_CORE_RESOURCE_NAME_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack {

// Collections of documents, by the first part of the name.
inline constexpr char kPlans[] = "plans";
inline constexpr char kMeasures[] = "measures";
inline constexpr char kDatasets[] = "datasets";
inline constexpr char kIndicators[] = "indicators";
inline constexpr char kScripts[] = "scripts";
inline constexpr char kPlugins[] = "plugins";
inline constexpr char kCommits[] = "commits";
inline constexpr char kTargets[] = "targets";

// True for `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`.
bool IsResourceId(absl::string_view id);

// Ok when `id` is a resource id.
// Returns INVALID_ARGUMENT / NAME_INVALID, naming `field`, when it is not.
absl::Status CheckResourceId(absl::string_view field, absl::string_view id);

// "plans" and "x" give "plans/x".
std::string ResourceName(absl::string_view collection, absl::string_view id);

// The id of a name `{collection}/{id}`.
// Returns INVALID_ARGUMENT / FIELD_REQUIRED when `name` is empty and
// INVALID_ARGUMENT / NAME_INVALID when it is not of that form; both name `field`.
absl::StatusOr<std::string> ParseResourceName(absl::string_view field, absl::string_view collection,
                                              absl::string_view name);

// `measures/{measure}/targets/{target}` apart.
struct TargetName {
  std::string measure;  // `measures/{measure}`
  std::string target;   // the id alone
};
std::string MakeTargetName(absl::string_view measure_name, absl::string_view target_id);
// Errors as for ParseResourceName.
absl::StatusOr<TargetName> ParseTargetName(absl::string_view field, absl::string_view name);

// The revision of `commits/{revision}`. Errors as for ParseResourceName.
absl::StatusOr<int64_t> ParseCommitName(absl::string_view field, absl::string_view name);

// The collection of a name: all before the first slash, or "".
absl::string_view CollectionOf(absl::string_view name);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_RESOURCE_NAME_H_
