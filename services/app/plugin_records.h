// What the store keeps of plugins, as documents `plugins/{plugin}`: quarantines, the
// version selected, what audits found, and which versions evaluation took up.
//
// Thread rule: free functions; those over a transaction on its thread.
#ifndef POLICYTRACK_SERVICES_APP_PLUGIN_RECORDS_H_
#define POLICYTRACK_SERVICES_APP_PLUGIN_RECORDS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// The record of `plugins/{plugin}` in this view; one that says nothing when there is
// none. Returns INTERNAL / STORE_DAMAGED when it cannot be read.
absl::StatusOr<v1::PluginRecord> LoadPluginRecord(storage::ReadTransaction& tx,
                                                  const std::string& name, int64_t as_of);

// Writes a record, if it differs from the one before, and stamps it with the revision
// of the write.
absl::Status PutPluginRecord(storage::WriteTransaction& tx, v1::PluginRecord* record);

// What is held against one build; added when there is nothing yet.
v1::PluginBuildRecord* RecordOfBuild(const std::string& build_digest, const std::string& version,
                                     v1::PluginRecord* record);
// Takes away the entries that hold nothing against their build.
void DropEmptyBuilds(v1::PluginRecord* record);

// Tells the engine all that is stored: at a start, before anything is computed.
// Returns what the store returns.
absl::Status RestorePluginRecords(storage::Store& store, plugins::Engine* engine);

// The builds that are quarantined, by digest, with the reasons: what a host must not even
// load. Returns what the store returns.
absl::StatusOr<std::map<std::string, std::string>> QuarantinedBuilds(storage::Store& store);

// The changes of version that the evaluation at this revision took up, for the commit:
// `plugins/growth 1.1.0 -> 1.2.0`. Empty when the record is of another revision.
std::vector<std::string> ChangeWords(const v1::PluginRecord& record, int64_t revision);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PLUGIN_RECORDS_H_
