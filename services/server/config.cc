#include "services/server/config.h"

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/server/listen_address.h"
#include "services/server/settings.h"
#include "services/server/version.h"

namespace policytrack::server {
namespace {

namespace fs = std::filesystem;

// The plugin directory of a build or an installation: lib/ beside bin/.
std::string DefaultPluginDir() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return "";
  return (self.parent_path().parent_path() / "lib" / "policytrack" / "plugins").string();
}

// Every setting there is.
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
  app.add_option(
      "--plugin-dir", config.plugin_dir,
      "Directory of the plugins [default: ../lib/policytrack/plugins beside the program]");
  app.add_option("--plugin-allow-list", config.plugin_allow_list,
                 "File with the SHA-256 digests of trusted plugins, as sha256sum writes it "
                 "[default: plugins.sha256 beside the plugin directory]");
  app.add_option("--log-level", config.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--readers", config.readers,
                 "Read connections to the database; at least --workers + 2")
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
  app.add_option("--drain-seconds", config.drain_seconds,
                 "How long a stop waits for calls in flight")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  app.add_option("--plugin-deadline-seconds", config.plugin_deadline_seconds,
                 "How long one call of a plugin may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_flag("--allow-unauthenticated-clients-from-any-network",
               config.allow_unauthenticated_clients_from_any_network,
               "Listen beyond the loopback although there is neither TLS nor authentication");
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

SettingKind KindOfSetting(const CLI::App& app, const std::string& name) {
  if (name == "help" || name == "version") return SettingKind::kNone;
  const CLI::Option* option = app.get_option_no_throw("--" + name);
  if (option == nullptr) return SettingKind::kNone;
  return option->get_expected_min() == 0 ? SettingKind::kFlag : SettingKind::kValue;
}

// Has CLI11 understand these and no others.
void Understand(const std::vector<Setting>& settings, CLI::App* app) {
  // It takes them from the last to the first.
  std::vector<std::string> arguments;
  for (const Setting& setting : settings) {
    arguments.insert(arguments.begin(), absl::StrCat("--", setting.name, "=", setting.value));
  }
  app->parse(arguments);
}

// What is wrong with one setting by itself; "" if nothing.
std::string ProblemOf(const Setting& setting) {
  Config unused;
  CLI::App app;
  AddSettings(app, unused);
  app.get_option("--data-dir")->required(false);
  try {
    Understand({setting}, &app);
  } catch (const CLI::Error& error) {
    std::string what = error.what();
    return std::string(absl::StripPrefix(what, absl::StrCat("--", setting.name, ": ")));
  }
  return "";
}

// The settings in force, and where each stands: those of the file that no flag
// replaces, then the flags.
std::vector<Setting> ReadAll(const std::vector<std::string>& arguments, const CLI::App& app,
                             std::vector<std::string>* problems) {
  const auto of_flag = [&](const std::string& name) { return KindOfSetting(app, name); };
  // A file names no other, and does not say what the program is to do.
  const auto of_file = [&](const std::string& name) {
    return name == "config" || name == "check-config" ? SettingKind::kNone : of_flag(name);
  };
  const std::vector<Setting> flags = ReadSettingsOf(arguments, of_flag, problems);
  std::map<std::string, const Setting*> by_name;
  for (const Setting& flag : flags) by_name[flag.name] = &flag;
  std::vector<Setting> all;
  if (const auto file = by_name.find("config"); file != by_name.end()) {
    for (Setting& setting : ReadSettingsFile(file->second->value, of_file, problems)) {
      const std::string problem = ProblemOf(setting);
      if (!problem.empty()) {
        problems->push_back(absl::StrCat(setting.place, ": ", setting.name, ": ", problem));
      } else if (by_name.count(setting.name) == 0) {
        all.push_back(std::move(setting));
      }
    }
  }
  for (const Setting& flag : flags) {
    const std::string problem = ProblemOf(flag);
    if (problem.empty()) {
      all.push_back(flag);
    } else {
      problems->push_back(absl::StrCat(flag.place, ": ", problem));
    }
  }
  return all;
}

// What is wrong with settings that are each good by themselves.
void CheckTogether(const Config& config, const std::map<std::string, std::string>& places,
                   std::vector<std::string>* problems) {
  const auto problem = [&](const std::string& name, absl::string_view what) {
    const auto place = places.find(name);
    problems->push_back(
        absl::StrCat(place == places.end() ? "--" + name : place->second, ": ", what));
  };
  if (config.max_push_total_mib < config.max_push_mib) {
    problem("max-push-total-mib", absl::StrCat("max-push-total-mib ", config.max_push_total_mib,
                                               " is less than max-push-mib ", config.max_push_mib,
                                               ": one push alone must fit into what all may hold"));
  }
  if (const absl::Status listen = CheckListen(config); !listen.ok()) {
    problem("listen", listen.message());
  }
  if (const absl::Status listen = CheckMetricsListen(config); !listen.ok()) {
    problem("metrics-listen", listen.message());
  }
}

// The setting's value in force, as text.
std::string ValueOf(const CLI::Option& option) {
  return option.count() > 0 ? absl::StrJoin(option.results(), " ") : option.get_default_str();
}

}  // namespace

ParsedConfig ParseConfig(int argc, char** argv) {
  ParsedConfig result;
  Config& config = result.config;
  CLI::App app;
  AddSettings(app, config);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& argument : arguments) {
    if (argument != "--help" && argument != "-h" && argument != "--version") continue;
    try {
      std::vector<std::string> only = {argument};
      app.parse(only);
    } catch (const CLI::Success& done) {
      app.exit(done);
      return result;
    }
  }
  const std::vector<Setting> settings = ReadAll(arguments, app, &result.problems);
  for (const Setting& setting : settings) result.places[setting.name] = setting.place;
  try {
    Understand(settings, &app);
  } catch (const CLI::Error& error) {
    result.problems.emplace_back(error.what());
  }
  CheckTogether(config, result.places, &result.problems);
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) {
      result.values[option->get_lnames().front()] = ValueOf(*option);
    }
  }
  if (config.plugin_dir.empty()) config.plugin_dir = DefaultPluginDir();
  if (config.plugin_allow_list.empty()) {
    config.plugin_allow_list =
        (fs::path(config.plugin_dir).lexically_normal().parent_path() / "plugins.sha256").string();
  }
  result.run = result.problems.empty();
  result.exit_code = result.run ? 0 : 2;
  return result;
}

}  // namespace policytrack::server
