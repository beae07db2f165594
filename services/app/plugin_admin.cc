#include "services/app/plugin_admin.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/utf8.h"
#include "services/app/plugin_records.h"
#include "services/app/times.h"

namespace policytrack::app {
namespace {

// Who quarantines what crashed too often.
constexpr char kHostPrincipal[] = "plugin-host";
constexpr int64_t kLongestReason = 1000;

absl::Status CheckReason(const std::string& reason) {
  if (absl::StripAsciiWhitespace(reason).empty()) {
    return FieldInvalid("reason", "says nothing; say why, for those who meet a stale result");
  }
  const auto length = std::count_if(reason.begin(), reason.end(), [](unsigned char c) {
    return (c & 0xC0) != 0x80;  // all bytes of UTF-8 but those that go on
  });
  if (length > kLongestReason) {
    return FieldInvalid("reason",
                        absl::StrCat("has ", length, " characters; at most ", kLongestReason));
  }
  return absl::OkStatus();
}

// The versions of a plugin that a request means: the one it names, or all.
absl::StatusOr<std::vector<v1::PluginVersion>> VersionsOf(const v1::Plugin& plugin,
                                                          const std::string& version) {
  std::vector<v1::PluginVersion> versions;
  for (const v1::PluginVersion& candidate : plugin.versions()) {
    if (version.empty() || candidate.version() == version) versions.push_back(candidate);
  }
  if (versions.empty() && !version.empty()) {
    return NotFound(plugin.name(), absl::StrCat(plugin.name(), " has no version ", Quoted(version),
                                                "; `policytrack "
                                                "plugins` lists those that it has"));
  }
  return versions;
}

// A version as such, and not one to follow.
absl::Status CheckVersion(const std::string& version) {
  constexpr size_t kLongest = 200;
  const bool whole = std::count(version.begin(), version.end(), '.') >= 2;
  if (version.empty() || (whole && version.size() <= kLongest)) return absl::OkStatus();
  return FieldInvalid("version", absl::StrCat(Quoted(version),
                                              " is not a version such as 1.2.0; leave it empty for "
                                              "all"));
}

bool IsHeldAgainst(const v1::PluginVersion& version) {
  return version.has_quarantine() || !version.audit_message().empty();
}

}  // namespace

PluginAdmin::PluginAdmin(storage::Store* store, plugins::Engine* engine, Evaluator* evaluator,
                         Log log)
    : store_(store), engine_(engine), evaluator_(evaluator), log_(std::move(log)) {
  engine_->SetQuarantineListener(
      [this](const plugins::QuarantineEvent& event) { StoreQuarantine(event); });
}

PluginAdmin::~PluginAdmin() { engine_->SetQuarantineListener(nullptr); }

absl::Status PluginAdmin::Restore() { return RestorePluginRecords(*store_, engine_); }

absl::StatusOr<v1::ReloadPluginsResponse> PluginAdmin::Reload(bool validate_only) {
  PT_ASSIGN_OR_RETURN(v1::ReloadPluginsResponse response, engine_->Reload(validate_only));
  if (validate_only) return response;
  for (const v1::PluginReload& change : response.changes()) {
    log_(absl::StrCat("plugins reloaded: ", change.file(), ": ",
                      v1::PluginReloadOutcome_Name(change.outcome()), " ", change.from_version(),
                      " -> ", change.to_version(), change.message().empty() ? "" : ": ",
                      change.message()));
  }
  Changed();
  return response;
}

absl::StatusOr<v1::Plugin> PluginAdmin::Write(const std::string& name, const std::string& principal,
                                              bool validate_only, const Change& change) {
  v1::PluginRecord record;
  storage::WriteOptions options;
  options.principal = principal;
  options.dry_run = validate_only;
  PT_RETURN_IF_ERROR(store_
                         ->Write(options,
                                 [&](storage::WriteTransaction& tx) -> absl::Status {
                                   PT_ASSIGN_OR_RETURN(
                                       record, LoadPluginRecord(tx, name, storage::kPresent));
                                   PT_RETURN_IF_ERROR(change(tx, &record));
                                   return PutPluginRecord(tx, &record);
                                 })
                         .status());
  if (!validate_only) {
    engine_->Apply(record);
    Changed();
  }
  return engine_->GetPlugin(name);
}

absl::StatusOr<v1::Plugin> PluginAdmin::Quarantine(const v1::QuarantinePluginRequest& request,
                                                   const std::string& principal) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kPlugins, request.name()).status());
  PT_RETURN_IF_ERROR(CheckVersion(request.version()));
  PT_RETURN_IF_ERROR(CheckReason(request.reason()));
  PT_ASSIGN_OR_RETURN(const v1::Plugin plugin, engine_->GetPlugin(request.name()));
  PT_ASSIGN_OR_RETURN(std::vector<v1::PluginVersion> versions,
                      VersionsOf(plugin, request.version()));
  // What was never loaded does not run anyway, and has no digest to hold it by.
  versions.erase(std::remove_if(versions.begin(), versions.end(),
                                [](const auto& version) { return version.build_digest().empty(); }),
                 versions.end());
  if (versions.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
                 absl::StrCat(request.name(), " does not run: ", plugin.state_message(),
                              "; there is nothing to quarantine"),
                 {{"resource", request.name()}});
  }
  return Write(request.name(), principal, request.validate_only(),
               [&](storage::WriteTransaction& tx, v1::PluginRecord* record) -> absl::Status {
                 for (const v1::PluginVersion& version : versions) {
                   v1::PluginQuarantine& quarantine =
                       *RecordOfBuild(version.build_digest(), version.version(), record)
                            ->mutable_quarantine();
                   // Said again it is no news.
                   if (quarantine.reason() == request.reason()) continue;
                   quarantine.set_reason(request.reason());
                   quarantine.set_principal(principal);
                   *quarantine.mutable_time() = ToTimestamp(tx.time());
                 }
                 return absl::OkStatus();
               });
}

absl::StatusOr<v1::Plugin> PluginAdmin::Release(const v1::ReleasePluginRequest& request,
                                                const std::string& principal) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kPlugins, request.name()).status());
  PT_RETURN_IF_ERROR(CheckVersion(request.version()));
  PT_ASSIGN_OR_RETURN(const v1::Plugin plugin, engine_->GetPlugin(request.name()));
  PT_RETURN_IF_ERROR(VersionsOf(plugin, request.version()).status());
  return Write(request.name(), principal, request.validate_only(),
               [&](storage::WriteTransaction&, v1::PluginRecord* record) -> absl::Status {
                 for (v1::PluginBuildRecord& build : *record->mutable_builds()) {
                   if (!request.version().empty() && build.version() != request.version()) continue;
                   build.clear_quarantine();
                   build.clear_audit_message();
                 }
                 return absl::OkStatus();
               });
}

absl::StatusOr<v1::Plugin> PluginAdmin::Select(const v1::SelectPluginVersionRequest& request,
                                               const std::string& principal) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kPlugins, request.name()).status());
  PT_RETURN_IF_ERROR(CheckVersion(request.version()));
  PT_ASSIGN_OR_RETURN(const v1::Plugin plugin, engine_->GetPlugin(request.name()));
  if (!request.version().empty()) {
    PT_ASSIGN_OR_RETURN(const std::vector<v1::PluginVersion> versions,
                        VersionsOf(plugin, request.version()));
    const bool active = std::any_of(versions.begin(), versions.end(), [](const auto& version) {
      return version.state() == v1::PLUGIN_STATE_ACTIVE;
    });
    if (!active) {
      return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
                   absl::StrCat(request.name(), " ", request.version(),
                                " cannot be selected: ", versions.front().state_message()),
                   {{"resource", request.name()}});
    }
  }
  return Write(request.name(), principal, request.validate_only(),
               [&](storage::WriteTransaction&, v1::PluginRecord* record) -> absl::Status {
                 record->set_selected_version(request.version());
                 return absl::OkStatus();
               });
}

void PluginAdmin::StoreQuarantine(const plugins::QuarantineEvent& event) {
  log_.Error(absl::StrCat(event.plugin, " ", event.version, " is quarantined: ", event.reason));
  storage::WriteOptions options;
  options.principal = kHostPrincipal;
  // It may come from the thread that writes, which must not wait for itself.
  const auto record = std::make_shared<v1::PluginRecord>();
  store_->WriteAsync(
      options,
      [event, record](storage::WriteTransaction& tx) -> absl::Status {
        PT_ASSIGN_OR_RETURN(*record, LoadPluginRecord(tx, event.plugin, storage::kPresent));
        v1::PluginQuarantine& quarantine =
            *RecordOfBuild(event.build_digest, event.version, record.get())->mutable_quarantine();
        quarantine.set_reason(event.reason);
        quarantine.set_principal(kHostPrincipal);
        *quarantine.mutable_time() = ToTimestamp(tx.time());
        return PutPluginRecord(tx, record.get());
      },
      [event, record, engine = engine_, log = log_](const absl::StatusOr<int64_t>& revision) {
        if (revision.ok()) {
          // Somebody may have applied a record that did not know of it.
          engine->Apply(*record);
          return;
        }
        log.Error(absl::StrCat(
            "the quarantine of ", event.plugin, " ", event.version,
            " could not be stored and ends with the server: ", revision.status().ToString()));
      });
  Changed();
}

void PluginAdmin::Changed() {
  evaluator_->RecheckAll();
  TellHealth();
}

bool PluginAdmin::Healthy() const {
  for (const v1::Plugin& plugin : engine_->ListPlugins()) {
    if (std::any_of(plugin.versions().begin(), plugin.versions().end(), IsHeldAgainst)) {
      return false;
    }
  }
  return true;
}

void PluginAdmin::TellHealth() {
  absl::MutexLock lock(&health_mutex_);
  if (on_health_) on_health_(Healthy());
}

void PluginAdmin::OnHealth(std::function<void(bool)> told) {
  {
    absl::MutexLock lock(&health_mutex_);
    on_health_ = std::move(told);
  }
  TellHealth();
}

}  // namespace policytrack::app
