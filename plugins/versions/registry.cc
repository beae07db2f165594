#include "plugins/versions/registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::plugins {

Registry::Registry(std::unique_ptr<BuildSource> source, SelfTest self_test, Log log)
    : self_test_(std::move(self_test)),
      log_(log ? std::move(log) : [](absl::string_view) {}),
      source_(std::move(source)) {}

absl::StatusOr<std::unique_ptr<Registry>> Registry::Open(std::unique_ptr<BuildSource> source,
                                                         SelfTest self_test, Log log) {
  std::unique_ptr<Registry> registry(
      new Registry(std::move(source), std::move(self_test), std::move(log)));
  absl::MutexLock reload(&registry->reload_mutex_);
  PT_ASSIGN_OR_RETURN(Merged merged, registry->Read());
  {
    absl::MutexLock lock(&registry->mutex_);
    registry->slots_ = std::move(merged.slots);
    registry->Publish();
  }
  return registry;
}

absl::StatusOr<Merged> Registry::Read() {
  PT_ASSIGN_OR_RETURN(std::vector<FoundBuild> found, source_->Find());
  std::vector<Slot> running;
  {
    absl::MutexLock lock(&mutex_);
    running = slots_;
  }
  RefuseTwins(running, &found);
  for (FoundBuild& build : found) {
    const bool runs = std::any_of(running.begin(), running.end(), [&](const Slot& slot) {
      return slot.build.file == build.file && slot.build.digest == build.digest;
    });
    if (build.active() && !runs && self_test_) {
      const absl::Status tested = self_test_(build);
      if (!tested.ok()) {
        build.engine.reset();
        build.digest.clear();
        build.plugin.clear_hosting();
        build.plugin.set_state(v1::PLUGIN_STATE_BROKEN);
        build.plugin.set_state_message(
            absl::StrCat(build.file, ".so: its self-test failed: ", std::string(tested.message())));
      }
    }
    if (build.active()) continue;
    log_(absl::StrCat(build.plugin.name(), " cannot be used (",
                      v1::PluginState_Name(build.plugin.state()),
                      "): ", build.plugin.state_message()));
  }
  return Merge(running, std::move(found));
}

absl::StatusOr<v1::ReloadPluginsResponse> Registry::Reload(bool dry_run) {
  // What is retired here may be the last holder of code that takes long to end.
  std::vector<Slot> retired;
  absl::MutexLock reload(&reload_mutex_);
  absl::StatusOr<Merged> merged = Read();
  if (!merged.ok()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginsUnreadable,
                 absl::StrCat(std::string(merged.status().message()),
                              "; nothing was reloaded, correct it and reload again"));
  }
  if (dry_run) return std::move(merged->report);
  absl::MutexLock lock(&mutex_);
  retired = std::move(slots_);
  slots_ = std::move(merged->slots);
  Publish();
  return std::move(merged->report);
}

void Registry::Publish() { snapshot_ = std::make_shared<const Snapshot>(slots_, records_); }

std::shared_ptr<const Snapshot> Registry::snapshot() const {
  absl::MutexLock lock(&mutex_);
  return snapshot_;
}

void Registry::Apply(const v1::PluginRecord& record) {
  std::vector<std::shared_ptr<Engine>> engines;
  {
    absl::MutexLock lock(&mutex_);
    v1::PluginRecord& known = records_[record.name()];
    if (known.revision() > record.revision()) return;
    known = record;
    Publish();
    for (const Slot& slot : slots_) {
      if (slot.build.active() && slot.build.plugin.name() == record.name()) {
        engines.push_back(slot.build.engine);
      }
    }
  }
  // A host that counts crashes forgets those of what was released.
  for (const std::shared_ptr<Engine>& engine : engines) engine->Apply(record);
}

void Registry::Quarantine(absl::string_view digest, absl::string_view reason) {
  std::vector<QuarantineEvent> events;
  absl::MutexLock listening(&listener_mutex_);
  {
    absl::MutexLock lock(&mutex_);
    for (const Slot& slot : slots_) {
      if (!slot.build.active() || (absl::string_view(slot.build.digest) != digest &&
                                   absl::string_view(slot.build.plugin.digest()) != digest)) {
        continue;
      }
      const std::string& name = slot.build.plugin.name();
      events.push_back({name, slot.build.version, slot.build.digest, std::string(reason)});
      v1::PluginRecord& record = records_[name];
      record.set_name(name);
      const auto known = std::find_if(record.builds().begin(), record.builds().end(),
                                      [&](const v1::PluginBuildRecord& build) {
                                        return build.build_digest() == slot.build.digest;
                                      });
      v1::PluginBuildRecord& build =
          known == record.builds().end()
              ? *record.add_builds()
              : *record.mutable_builds(static_cast<int>(known - record.builds().begin()));
      build.set_build_digest(slot.build.digest);
      build.set_version(slot.build.version);
      build.mutable_quarantine()->set_reason(std::string(reason));
    }
    if (!events.empty()) Publish();
  }
  if (!listener_) return;
  for (const QuarantineEvent& event : events) listener_(event);
}

void Registry::SetQuarantineListener(std::function<void(const QuarantineEvent&)> listener) {
  absl::MutexLock lock(&listener_mutex_);
  listener_ = std::move(listener);
}

std::vector<v1::Plugin> Registry::ListPlugins() const { return snapshot()->List(); }

absl::StatusOr<v1::Plugin> Registry::GetPlugin(absl::string_view name) const {
  return snapshot()->Get(name);
}

absl::StatusOr<std::shared_ptr<const Build>> Registry::Find(absl::string_view reference) const {
  return snapshot()->Find(reference);
}

std::string Registry::PluginDigest(absl::string_view reference) const {
  const auto build = Find(reference);
  return build.ok() ? (*build)->digest() : "";
}

absl::StatusOr<std::unique_ptr<Instance>> Registry::MakeInstance(
    absl::string_view reference, const google::protobuf::Struct& parameters,
    const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) {
  PT_ASSIGN_OR_RETURN(const std::shared_ptr<const Build> build, Find(reference));
  return build->MakeInstance(parameters, inputs, assessment);
}

absl::StatusOr<std::vector<std::string>> Registry::EffectiveParameters(
    absl::string_view reference, const google::protobuf::Struct& parameters) const {
  PT_ASSIGN_OR_RETURN(const std::shared_ptr<const Build> build, Find(reference));
  return build->EffectiveParameters(parameters);
}

}  // namespace policytrack::plugins
