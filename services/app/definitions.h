// Reading documents that evaluation needs, parsed, as of a revision.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_DEFINITIONS_H_
#define POLICYTRACK_SERVICES_APP_DEFINITIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"
#include "policytrack/v1/script.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// nullopt when the document did not exist then or was deleted. The fields name
// and revision are those of the store. Returns INTERNAL / STORE_DAMAGED when a
// stored body cannot be parsed, and what the store returns.
absl::StatusOr<std::optional<v1::Dataset>> LoadDataset(storage::ReadTransaction& tx,
                                                       absl::string_view name, int64_t as_of);
absl::StatusOr<std::optional<v1::Indicator>> LoadIndicator(storage::ReadTransaction& tx,
                                                           absl::string_view name, int64_t as_of);
absl::StatusOr<std::optional<v1::Measure>> LoadMeasure(storage::ReadTransaction& tx,
                                                       absl::string_view name, int64_t as_of);
absl::StatusOr<std::optional<v1::Plan>> LoadPlan(storage::ReadTransaction& tx,
                                                 absl::string_view name, int64_t as_of);
absl::StatusOr<std::optional<v1::Script>> LoadScript(storage::ReadTransaction& tx,
                                                     absl::string_view name, int64_t as_of);

// INTERNAL / STORE_DAMAGED: what is stored of a document cannot be parsed.
absl::Status DamagedState(const storage::Document& document);

// The same for a document in hand.
absl::StatusOr<v1::Indicator> ParseIndicator(const storage::Document& document);
absl::StatusOr<v1::Measure> ParseMeasure(const storage::Document& document);

// Calls `visit` for every document of a collection that existed then, by name.
absl::Status ForEachDocument(storage::ReadTransaction& tx, absl::string_view collection,
                             int64_t as_of,
                             const std::function<absl::Status(const storage::Document&)>& visit);

// The target of this id, or null.
const v1::Target* FindTarget(const v1::Measure& measure, absl::string_view id);

// The names that an indicator's inputs and its script, and a measure's plan and
// targets refer to, sorted, without repetition and without plugins.
std::vector<std::string> ReferencesOf(const v1::Indicator& indicator);
std::vector<std::string> ReferencesOf(const v1::Measure& measure);

// The frequency of a dataset, an indicator or a target as of a revision, found
// without its plugin. FREQUENCY_UNSPECIFIED when it does not exist.
absl::StatusOr<v1::Frequency> FrequencyOf(storage::ReadTransaction& tx, absl::string_view name,
                                          int64_t as_of);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_DEFINITIONS_H_
