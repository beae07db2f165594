#include "plugins/versions/snapshot.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "plugins/checks/use.h"
#include "plugins/version.h"

namespace policytrack::plugins {

struct Snapshot::Versioned final : public Build {
  const v1::Plugin& plugin() const override { return state; }
  const std::string& digest() const override { return active_digest; }
  const std::string& audit_message() const override { return state.audit_message(); }

  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      const google::protobuf::Struct& parameters, const std::vector<InputMeta>& inputs,
      const AssessmentContext* assessment) const override {
    PT_RETURN_IF_ERROR(CheckActive(state));
    return engine->MakeInstance(state.name(), parameters, inputs, assessment);
  }
  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      const google::protobuf::Struct& parameters) const override {
    PT_RETURN_IF_ERROR(CheckActive(state));
    return engine->EffectiveParameters(state.name(), parameters);
  }
  bool active() const { return state.state() == v1::PLUGIN_STATE_ACTIVE; }

  v1::Plugin state;           // of this version, without the list of versions
  std::string active_digest;  // empty unless it is active
  std::shared_ptr<Engine> engine;
  std::optional<Version> version;
  v1::PluginVersion summary;
};

namespace {

const v1::PluginBuildRecord* FindRecord(const Snapshot::Records& records, const std::string& name,
                                        const std::string& digest) {
  const auto record = records.find(name);
  if (record == records.end() || digest.empty()) return nullptr;
  for (const v1::PluginBuildRecord& build : record->second.builds()) {
    if (build.build_digest() == digest) return &build;
  }
  return nullptr;
}

void ApplyRecord(const v1::PluginBuildRecord& record, const std::string& version,
                 v1::Plugin* state) {
  state->set_audit_message(record.audit_message());
  if (!record.has_quarantine()) return;
  state->set_state(v1::PLUGIN_STATE_QUARANTINED);
  state->set_state_message(
      absl::StrCat("version ", version, " is quarantined: ", record.quarantine().reason(),
                   "; when it may run again, release it with `policytrack plugins release`"));
  state->clear_hosting();
}

v1::PluginVersion Summary(const Slot& slot, const v1::PluginBuildRecord* record,
                          const v1::Plugin& state) {
  v1::PluginVersion summary;
  summary.set_version(slot.build.version);
  summary.set_state(state.state());
  summary.set_state_message(state.state_message());
  summary.set_digest(state.digest());
  summary.set_descriptor_digest(state.descriptor_digest());
  summary.set_hosting(state.hosting());
  summary.set_file(slot.build.file);
  if (record != nullptr && record->has_quarantine()) {
    *summary.mutable_quarantine() = record->quarantine();
  }
  summary.set_audit_message(state.audit_message());
  summary.set_update_message(slot.update_message);
  summary.set_build_digest(slot.build.digest);
  return summary;
}

}  // namespace

Snapshot::Snapshot(const std::vector<Slot>& slots, const Records& records) {
  for (const Slot& slot : slots) {
    const std::string& name = slot.build.plugin.name();
    const v1::PluginBuildRecord* record = FindRecord(records, name, slot.build.digest);
    auto build = std::make_shared<Versioned>();
    build->state = slot.build.plugin;
    if (record != nullptr) ApplyRecord(*record, slot.build.version, &build->state);
    if (build->active()) build->active_digest = slot.build.digest;
    build->engine = slot.build.engine;
    build->version = ParseVersion(slot.build.version);
    build->summary = Summary(slot, record, build->state);
    entries_[name].builds.push_back(std::move(build));
  }
  for (auto& [name, entry] : entries_) {
    const auto record = records.find(name);
    if (record != records.end()) entry.selected = record->second.selected_version();
    std::stable_sort(entry.builds.begin(), entry.builds.end(), [](const auto& a, const auto& b) {
      if (!a->version.has_value() || !b->version.has_value()) return b->version.has_value();
      return CompareVersions(*a->version, *b->version) < 0;
    });
    entry.plugin = Describe(name, entry);
  }
}

// Among those that fit: the selected one, else the newest release that is active,
// else the newest that is, else the newest.
std::shared_ptr<const Snapshot::Versioned> Snapshot::Choose(const Entry& entry,
                                                            absl::string_view asked) {
  const auto request = VersionRequest::Parse(asked);
  if (!request.ok()) return nullptr;
  std::shared_ptr<const Versioned> best;
  int best_rank = -1;
  for (const auto& build : entry.builds) {
    if (!build->version.has_value() ? !asked.empty() : !request->Fits(*build->version)) continue;
    const bool selected = build->active() && !entry.selected.empty() && !request->pins() &&
                          build->summary.version() == entry.selected;
    const bool released = build->version.has_value() && build->version->released();
    const int rank = selected ? 3 : !build->active() ? 0 : released ? 2 : 1;
    if (rank < best_rank) continue;
    best = build;
    best_rank = rank;
  }
  return best;
}

v1::Plugin Snapshot::Describe(const std::string& name, const Entry& entry) {
  const std::shared_ptr<const Versioned> in_use = Choose(entry, "");
  v1::Plugin plugin = in_use->state;
  plugin.set_name(name);
  plugin.set_selected_version(entry.selected);
  for (const auto& build : entry.builds) {
    v1::PluginVersion& version = *plugin.add_versions();
    version = build->summary;
    version.set_in_use(build == in_use);
  }
  return plugin;
}

std::vector<v1::Plugin> Snapshot::List() const {
  std::vector<v1::Plugin> result;
  for (const auto& entry : entries_) result.push_back(entry.second.plugin);
  return result;
}

absl::StatusOr<v1::Plugin> Snapshot::Get(absl::string_view name) const {
  const auto at = entries_.find(std::string(name));
  if (at == entries_.end()) return PluginNotFound(name);
  return at->second.plugin;
}

absl::StatusOr<std::shared_ptr<const Build>> Snapshot::Find(absl::string_view reference) const {
  const SplitReference split = SplitPluginReference(reference);
  PT_RETURN_IF_ERROR(VersionRequest::Parse(split.version).status());
  const auto at = entries_.find(std::string(split.name));
  if (at == entries_.end()) return PluginNotFound(split.name);
  std::shared_ptr<const Versioned> build = Choose(at->second, split.version);
  if (build != nullptr) return std::shared_ptr<const Build>(std::move(build));
  std::vector<std::string> versions;
  for (const auto& other : at->second.builds) {
    if (other->version.has_value()) versions.push_back(other->summary.version());
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
      absl::StrCat(split.name, " has no version ", split.version, "; it has ",
                   versions.empty() ? "none that can be read" : absl::StrJoin(versions, ", ")),
      {{"resource", std::string(split.name)}});
}

}  // namespace policytrack::plugins
