// What the plugins are at one moment: immutable, so that readers need no lock.
//
// Thread rule: const methods from any thread.
#ifndef POLICYTRACK_PLUGINS_VERSIONS_SNAPSHOT_H_
#define POLICYTRACK_PLUGINS_VERSIONS_SNAPSHOT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/engine.h"
#include "plugins/versions/merge.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

class Snapshot {
 public:
  using Records = std::map<std::string, v1::PluginRecord>;  // by name

  // `records` is what is held against builds.
  Snapshot(const std::vector<Slot>& slots, const Records& records);

  std::vector<v1::Plugin> List() const;
  // Errors as for Engine::GetPlugin.
  absl::StatusOr<v1::Plugin> Get(absl::string_view name) const;
  // Errors as for Engine::Find.
  absl::StatusOr<std::shared_ptr<const Build>> Find(absl::string_view reference) const;

 private:
  struct Versioned;
  struct Entry {
    v1::Plugin plugin;
    std::string selected;
    // The oldest first; those without a version that can be read before them.
    std::vector<std::shared_ptr<const Versioned>> builds;
  };

  static std::shared_ptr<const Versioned> Choose(const Entry& entry, absl::string_view asked);
  static v1::Plugin Describe(const std::string& name, const Entry& entry);

  std::map<std::string, Entry> entries_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_VERSIONS_SNAPSHOT_H_
