// An Engine whose plugins are lambdas, for tests of what stands above engines.
// Descriptors, parameters, slots and results are checked as the host does.
//
// Thread rule: as Engine; the setters too are safe from any thread.
#ifndef POLICYTRACK_PLUGINS_FAKE_FAKE_ENGINE_H_
#define POLICYTRACK_PLUGINS_FAKE_FAKE_ENGINE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "plugins/engine.h"

namespace policytrack::plugins {

class FakeEngine final : public Engine {
 public:
  // `parameters` are those in force, defaults included, and for assessments
  // the host's, such as `host.relation`.
  using ComputeFunction = std::function<absl::StatusOr<std::vector<Columns>>(
      const std::vector<int64_t>& axis, const std::vector<InputView>& inputs, PeriodRange window,
      const google::protobuf::Struct& parameters)>;

  // Adds or replaces the active plugin `plugins/{descriptor.id}`. Its digest is
  // made from the descriptor until SetDigest says otherwise.
  // Returns what CheckDescriptor returns.
  absl::Status AddPlugin(const v1::PluginDescriptor& descriptor, Window window,
                         ComputeFunction compute);
  // REQUIRES: `name`, as in `plugins/growth`, was added.
  void SetState(absl::string_view name, v1::PluginState state, absl::string_view message);
  void SetDigest(absl::string_view name, absl::string_view digest);

  // Whether the last Apply, if any, quarantines one of its builds.
  bool told_of_quarantine() const;

  std::vector<v1::Plugin> ListPlugins() const override;
  absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const override;
  std::string PluginDigest(absl::string_view name) const override;
  absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) override;
  absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const override;
  void Apply(const v1::PluginRecord& record) override;

 private:
  struct Entry {
    v1::Plugin plugin;
    std::string digest;
    Window window;
    ComputeFunction compute;
  };
  absl::StatusOr<Entry> Active(absl::string_view name) const;

  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> plugins_ ABSL_GUARDED_BY(mutex_);
  v1::PluginRecord applied_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_FAKE_FAKE_ENGINE_H_
