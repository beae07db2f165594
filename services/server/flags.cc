#include "services/server/flags.h"

#include <cstdint>
#include <string>

#include "CLI/CLI.hpp"
#include "services/server/version.h"

namespace policytrack::server {
namespace {

// Which plugins there are and how they run.
void AddPluginSettings(CLI::App& app, Config& config) {
  app.add_option(
      "--plugin-dir", config.plugin_dir,
      "Directory of the plugins [default: ../lib/policytrack/plugins beside the program]");
  app.add_option("--plugin-allow-list", config.plugin_allow_list,
                 "File with the SHA-256 digests of trusted plugins, as sha256sum writes it "
                 "[default: plugins.sha256 beside the plugin directory]");
  app.add_option("--plugin-deadline-seconds", config.plugin_deadline_seconds,
                 "How long one call of a plugin may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--plugin-workers", config.plugin_workers,
                 "on: plugins that no list pins run in sandboxed processes; off: they do not run")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  app.add_option("--worker-sandbox", config.worker_sandbox,
                 "required: refuse to load into a worker where the kernel lacks a part of the "
                 "sandbox; best_effort: say so and load")
      ->check(CLI::IsMember({"required", "best_effort"}))
      ->capture_default_str();
  app.add_option("--plugin-worker-mib", config.plugin_worker_mib,
                 "Address space of one worker, in MiB")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
  app.add_option("--plugin-audit-interval", config.plugin_audit_interval,
                 "Of so many incremental evaluations one is computed in full as well and "
                 "compared; 0 means none")
      ->check(CLI::Range(0, 1000000000))
      ->capture_default_str();
}

// What is kept how long, and what is done to the store as a whole.
void AddStoreSettings(CLI::App& app, Config& config) {
  app.add_option("--request-id-hours", config.request_id_hours,
                 "How long a repeated request_id gets the first answer, in hours")
      ->check(CLI::Range(1, 8760))
      ->capture_default_str();
  app.add_option("--deleted-measure-days", config.deleted_measure_days,
                 "How long a deleted measure can be undeleted, in days")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  app.add_option("--backup-dir", config.backup_dir,
                 "Directory of the backups that clients ask the server to keep; must exist "
                 "[default: none, clients may only fetch them]")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--read-only-salvage", config.read_only_salvage,
               "Serve what can be read of a damaged store, and write nothing");
  app.add_flag(
      "--verify", config.verify,
      "Check everything in the data directory, say what was found "
      "and end: 0 when all is well, 1 when there is damage, 2 when the settings are wrong, "
      "3 when it could not be checked");
  app.add_option("--restore-from", config.restore_from,
                 "Check a backup, make the data directory, missing or empty, from it and end");
  app.add_option("--expect-chain", config.expect_chain,
                 "Of --restore-from: how the chain digest of the backup begins, as "
                 "`policytrack backup` said it")
      ->check([](const std::string& text) {
        const bool hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
        return hex && text.size() >= 8 && text.size() <= 64
                   ? std::string()
                   : "must be 8 to 64 hexadecimal digits in lower case";
      });
}

// Who hears of every change.
void AddWatchSettings(CLI::App& app, Config& config) {
  app.add_option("--max-watchers", config.max_watchers,
                 "Clients that may watch at a time; more are told to come again")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  app.add_option("--max-watch-mib", config.max_watch_mib,
                 "What messages on their way to watchers may hold together, in MiB; who takes "
                 "nothing then is cut off after 2 s")
      ->check(CLI::Range(1, 16384))
      ->capture_default_str();
  app.add_option("--watch-stall-seconds", config.watch_stall_seconds,
                 "How long a watcher may take nothing of a message before it is cut off")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--watch-history", config.watch_history,
                 "How many commits a watcher may lie behind the present; 0 is any number")
      ->check(CLI::Range(int64_t{0}, int64_t{1000000000000}))
      ->capture_default_str();
}

// What is seen of it.
void AddLogSettings(CLI::App& app, Config& config) {
  app.add_option("--log-level", config.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--metrics-listen", config.metrics_listen,
                 "Address and port of /metrics, /healthz and /readyz, such as 127.0.0.1:9464 "
                 "[default: none]");
  app.add_flag("--allow-metrics-from-any-network", config.allow_metrics_from_any_network,
               "Let --metrics-listen go beyond the loopback");
  app.add_option("--log-format", config.log_format, "text, or json for one object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("--slow-call-ms", config.slow_call_ms,
                 "Calls that take as long are logged as slow; 0 means none")
      ->check(CLI::Range(0, 3600000))
      ->capture_default_str();
}

// What connections may take.
void AddConnectionSettings(CLI::App& app, Config& config) {
  app.add_option("--max-connections", config.max_connections,
                 "Connections at a time; more are refused")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--handshake-timeout-seconds", config.handshake_timeout_seconds,
                 "How long a new connection may take until it speaks HTTP/2")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  app.add_option("--keepalive-seconds", config.keepalive_seconds,
                 "A connection that was silent for so long is asked whether it lives")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--keepalive-timeout-seconds", config.keepalive_timeout_seconds,
                 "How long its answer may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--min-ping-interval-seconds", config.min_ping_interval_seconds,
                 "Clients without a call that ping more often are cut off")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--max-connection-idle-seconds", config.max_connection_idle_seconds,
                 "A connection without a call for so long is closed")
      ->check(CLI::Range(1, 2000000))
      ->capture_default_str();
  app.add_option("--max-connection-age-seconds", config.max_connection_age_seconds,
                 "A connection this old is told to make a new one")
      ->check(CLI::Range(1, 2000000))
      ->capture_default_str();
  app.add_option("--max-connection-age-grace-seconds", config.max_connection_age_grace_seconds,
                 "How long its calls may then go on, streams included")
      ->check(CLI::Range(1, 2000000))
      ->capture_default_str();
  app.add_option("--rpc-memory-mib", config.rpc_memory_mib,
                 "Memory for messages that come in, in MiB; when it is used up, clients wait")
      ->check(CLI::Range(16, 65536))
      ->capture_default_str();
}

}  // namespace

void AddSettings(CLI::App& app, Config& config) {
  app.name("policytrackd");
  app.description(
      "PolicyTrack server: keeps policy measures and computes how far each has come.\n"
      "Example: policytrackd --data-dir /var/lib/policytrack");
  app.set_version_flag("--version", std::string("policytrackd ") + kVersion);
  app.add_option("--config", config.config_file,
                 "A YAML file of name: value lines, named as these flags; SIGHUP reads it again");
  app.add_flag("--check-config", config.check_only,
               "Say what is wrong with the settings and what they name, and end");
  app.add_option("--listen", config.listen, "Address and port; port 0 chooses a free one")
      ->capture_default_str();
  app.add_option("--data-dir", config.data_dir, "Directory of the data; made when missing")
      ->required();
  app.add_option("--readers", config.readers,
                 "Read connections to the database; --workers + 4 where that is more")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--workers", config.workers, "Threads for calls that compute or wait")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--max-push-mib", config.max_push_mib,
                 "What one push may hold in memory, in MiB; an observation takes up to 39 bytes")
      ->check(CLI::Range(1, 16384))
      ->capture_default_str();
  app.add_option("--max-push-total-mib", config.max_push_total_mib,
                 "What all pushes on their way may hold together, in MiB; more are told to retry")
      ->check(CLI::Range(1, 131072))
      ->capture_default_str();
  app.add_option("--push-silence-seconds", config.push_silence_seconds,
                 "How long the client of an open push may send nothing before it is ended")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--drain-seconds", config.drain_seconds,
                 "How long a stop waits for calls in flight")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  app.add_flag("--allow-unauthenticated-clients-from-any-network",
               config.allow_unauthenticated_clients_from_any_network,
               "Listen beyond the loopback although there is neither TLS nor authentication");
  AddWatchSettings(app, config);
  AddPluginSettings(app, config);
  AddStoreSettings(app, config);
  AddLogSettings(app, config);
  AddConnectionSettings(app, config);
}

}  // namespace policytrack::server
