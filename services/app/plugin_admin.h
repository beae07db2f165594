// What operators do with plugins: reload, quarantine, release, select a version. What
// they decide is a document in the store, so that it is known who did it and when, and
// so that a restart finds it again; the engine is told after the commit.
//
// Thread rule: safe from any thread, but not from the writer thread of the store.
#ifndef POLICYTRACK_SERVICES_APP_PLUGIN_ADMIN_H_
#define POLICYTRACK_SERVICES_APP_PLUGIN_ADMIN_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/log.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"
#include "policytrack/v1/plugin_service.pb.h"
#include "services/app/evaluator.h"
#include "storage/store.h"

namespace policytrack::app {

class PluginAdmin {
 public:
  // Nothing is owned; all must outlive this. Listens to the engine until it goes.
  PluginAdmin(storage::Store* store, plugins::Engine* engine, Evaluator* evaluator, Log log);
  ~PluginAdmin();
  PluginAdmin(const PluginAdmin&) = delete;
  PluginAdmin& operator=(const PluginAdmin&) = delete;

  // Tells the engine what is stored. To be called before evaluation starts.
  absl::Status Restore();

  // The errors are those that PluginService documents.
  absl::StatusOr<v1::ReloadPluginsResponse> Reload(bool validate_only);
  absl::StatusOr<v1::Plugin> Quarantine(const v1::QuarantinePluginRequest& request,
                                        const std::string& principal);
  absl::StatusOr<v1::Plugin> Release(const v1::ReleasePluginRequest& request,
                                     const std::string& principal);
  absl::StatusOr<v1::Plugin> Select(const v1::SelectPluginVersionRequest& request,
                                    const std::string& principal);

  // That no version is quarantined and none was found inconsistent.
  bool Healthy() const;
  // Whom to tell, from any thread, when that may have changed; told once at once. Null
  // for nobody.
  void OnHealth(std::function<void(bool)> told);
  void TellHealth();

 private:
  using Change = std::function<absl::Status(storage::WriteTransaction&, v1::PluginRecord*)>;

  absl::StatusOr<v1::Plugin> Write(const std::string& name, const std::string& principal,
                                   bool validate_only, const Change& change);
  void StoreQuarantine(const plugins::QuarantineEvent& event);
  void Changed();

  storage::Store* const store_;
  plugins::Engine* const engine_;
  Evaluator* const evaluator_;
  const Log log_;

  absl::Mutex health_mutex_;  // held while it is told, so that the last word is the latest
  std::function<void(bool)> on_health_ ABSL_GUARDED_BY(health_mutex_);
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PLUGIN_ADMIN_H_
