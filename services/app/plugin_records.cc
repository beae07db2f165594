#include "services/app/plugin_records.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "services/app/definitions.h"

namespace policytrack::app {
namespace {

absl::StatusOr<v1::PluginRecord> Parse(const storage::Document& document) {
  v1::PluginRecord record;
  if (!record.ParseFromString(document.body)) return DamagedState(document);
  record.set_name(document.name);
  record.set_revision(document.revision);
  return record;
}

std::string BytesOf(v1::PluginRecord record) {
  record.clear_revision();
  return DeterministicBytes(record);
}

}  // namespace

absl::StatusOr<v1::PluginRecord> LoadPluginRecord(storage::ReadTransaction& tx,
                                                  const std::string& name, int64_t as_of) {
  PT_ASSIGN_OR_RETURN(const auto document, tx.GetDocument(name, as_of));
  if (document.has_value()) return Parse(*document);
  v1::PluginRecord record;
  record.set_name(name);
  return record;
}

absl::Status PutPluginRecord(storage::WriteTransaction& tx, v1::PluginRecord* record) {
  DropEmptyBuilds(record);
  if (CollectionOf(record->name()) != kPlugins) {
    return absl::InternalError(absl::StrCat(record->name(), " has no record of plugins"));
  }
  PT_ASSIGN_OR_RETURN(const v1::PluginRecord before,
                      LoadPluginRecord(tx, record->name(), storage::kPresent));
  if (BytesOf(before) == BytesOf(*record)) return absl::OkStatus();
  PT_RETURN_IF_ERROR(tx.PutDocument(record->name(), BytesOf(*record), false, {}));
  record->set_revision(tx.next_revision());
  return absl::OkStatus();
}

v1::PluginBuildRecord* RecordOfBuild(const std::string& build_digest, const std::string& version,
                                     v1::PluginRecord* record) {
  for (v1::PluginBuildRecord& build : *record->mutable_builds()) {
    if (build.build_digest() == build_digest) return &build;
  }
  v1::PluginBuildRecord* build = record->add_builds();
  build->set_build_digest(build_digest);
  build->set_version(version);
  return build;
}

void DropEmptyBuilds(v1::PluginRecord* record) {
  google::protobuf::RepeatedPtrField<v1::PluginBuildRecord> kept;
  for (v1::PluginBuildRecord& build : *record->mutable_builds()) {
    if (!build.has_quarantine() && build.audit_message().empty()) continue;
    kept.Add()->Swap(&build);
  }
  record->mutable_builds()->Swap(&kept);
}

absl::Status RestorePluginRecords(storage::Store& store, plugins::Engine* engine) {
  return store.Read([&](storage::ReadTransaction& tx) -> absl::Status {
    return ForEachDocument(tx, kPlugins, storage::kPresent,
                           [&](const storage::Document& document) -> absl::Status {
                             PT_ASSIGN_OR_RETURN(const v1::PluginRecord record, Parse(document));
                             engine->Apply(record);
                             return absl::OkStatus();
                           });
  });
}

absl::StatusOr<std::map<std::string, std::string>> QuarantinedBuilds(storage::Store& store) {
  std::map<std::string, std::string> result;
  PT_RETURN_IF_ERROR(store.Read([&](storage::ReadTransaction& tx) -> absl::Status {
    return ForEachDocument(tx, kPlugins, storage::kPresent,
                           [&](const storage::Document& document) -> absl::Status {
                             PT_ASSIGN_OR_RETURN(const v1::PluginRecord record, Parse(document));
                             for (const v1::PluginBuildRecord& build : record.builds()) {
                               if (!build.has_quarantine()) continue;
                               result[build.build_digest()] = build.quarantine().reason();
                             }
                             return absl::OkStatus();
                           });
  }));
  return result;
}

std::vector<std::string> ChangeWords(const v1::PluginRecord& record, int64_t revision) {
  std::vector<std::string> words;
  if (record.evaluated_revision() != revision) return words;
  for (const std::string& change : record.evaluated_changes()) {
    words.push_back(absl::StrCat(record.name(), " ", change));
  }
  return words;
}

}  // namespace policytrack::app
