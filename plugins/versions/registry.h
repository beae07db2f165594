// The registry: the Engine whose plugins have versions side by side and change while
// it runs. Every change makes a new Snapshot that takes the place of the one before
// at once; readers keep what they have, and so do instances, so that calls in flight
// finish on the build that they began with. Start here, then merge.h and snapshot.h.
//
// Thread rule: as Engine. Changes come one after the other.
#ifndef POLICYTRACK_PLUGINS_VERSIONS_REGISTRY_H_
#define POLICYTRACK_PLUGINS_VERSIONS_REGISTRY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "plugins/engine.h"
#include "plugins/versions/build_source.h"
#include "plugins/versions/merge.h"
#include "plugins/versions/snapshot.h"

namespace policytrack::plugins {

class Registry final : public Engine {
 public:
  using Log = std::function<void(absl::string_view)>;

  // With what the source has now. `self_test` may be null: then every build that is
  // active passes. `log` gets a line for each build that cannot be used, here and in
  // every Reload.
  // Returns the error of the source.
  static absl::StatusOr<std::unique_ptr<Registry>> Open(std::unique_ptr<BuildSource> source,
                                                        SelfTest self_test, Log log);

  std::vector<v1::Plugin> ListPlugins() const override;
  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override;
  std::string PluginDigest(absl::string_view reference) const override;
  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view reference, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) override;
  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view reference, const google::protobuf::Struct& parameters) const override;
  absl::StatusOr<std::shared_ptr<const Build>> Find(absl::string_view reference) const override;

  absl::StatusOr<v1::ReloadPluginsResponse> Reload(bool dry_run) override;
  void Apply(const v1::PluginRecord& record) override;
  void Quarantine(absl::string_view digest, absl::string_view reason) override;
  void SetQuarantineListener(std::function<void(const QuarantineEvent&)> listener) override;

 private:
  Registry(std::unique_ptr<BuildSource> source, SelfTest self_test, Log log);

  absl::StatusOr<Merged> Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);
  std::shared_ptr<const Snapshot> snapshot() const;
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SelfTest self_test_;
  const Log log_;

  // Held while builds are read, loaded and tested, which may take long; nobody who
  // computes waits for it.
  absl::Mutex reload_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  const std::unique_ptr<BuildSource> source_ ABSL_PT_GUARDED_BY(reload_mutex_);

  mutable absl::Mutex mutex_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  Snapshot::Records records_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_);

  // Held while the listener runs.
  absl::Mutex listener_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::function<void(const QuarantineEvent&)> listener_ ABSL_GUARDED_BY(listener_mutex_);
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_VERSIONS_REGISTRY_H_
