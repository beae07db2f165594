#include "services/server/config.h"

#include <filesystem>
#include <iostream>
#include <sstream>
#include <system_error>

#include "CLI/CLI.hpp"
#include "services/server/version.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::server {
namespace {

namespace fs = std::filesystem;

// Reads `name: value` pairs from YAML for CLI11. Owned by the app it reads for.
class YamlConfig final : public CLI::Config {
 public:
  explicit YamlConfig(const CLI::App* app) : app_(app) {}

  std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                        std::string prefix) const override {
    return "";
  }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::ostringstream text;
    text << input.rdbuf();
    std::vector<CLI::ConfigItem> items;
    try {
      const YAML::Node root = YAML::Load(text.str());
      if (root.IsNull()) return items;
      if (!root.IsMap())
        throw CLI::FileError("the config file must be a list of name: value lines");
      for (const auto& entry : root) {
        if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
          throw CLI::FileError("config file line " + std::to_string(entry.first.Mark().line + 1) +
                               ": must be name: value");
        }
        if (app_->get_option_no_throw("--" + entry.first.Scalar()) == nullptr ||
            entry.first.Scalar() == "config") {
          throw CLI::FileError("config file line " + std::to_string(entry.first.Mark().line + 1) +
                               ": there is no setting " + entry.first.Scalar());
        }
        CLI::ConfigItem item;
        item.name = entry.first.Scalar();
        item.inputs = {entry.second.Scalar()};
        items.push_back(std::move(item));
      }
    } catch (const YAML::Exception& error) {
      throw CLI::FileError(std::string("the config file is not YAML: ") + error.what());
    }
    return items;
  }

 private:
  const CLI::App* const app_;
};

// The directory of this program: bin/ of a build or an installation.
fs::path ProgramDir() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : self.parent_path();
}

// lib/ beside bin/.
std::string DefaultPluginDir() {
  const fs::path bin = ProgramDir();
  if (bin.empty()) return "";
  return (bin.parent_path() / "lib" / "policytrack" / "plugins").string();
}

// How plugins run that nobody has pinned.
void AddWorkerOptions(CLI::App* app, Config* config, std::string* workers, std::string* sandbox) {
  app->add_option("--plugin-workers", *workers,
                  "on: plugins that no list pins run in sandboxed processes; off: they do not run")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  app->add_option("--worker-sandbox", *sandbox,
                  "required: refuse to load into a worker where the kernel lacks a part of the "
                  "sandbox; best_effort: say so and load")
      ->check(CLI::IsMember({"required", "best_effort"}))
      ->capture_default_str();
  app->add_option("--plugin-worker-mib", config->plugin_worker_mib,
                  "Address space of one worker, in MiB")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
}

// What is kept how long, and what is done to the store as a whole.
void AddStoreOptions(CLI::App& app, Config& config) {
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
  CLI::Option* verify = app.add_flag("--verify", config.verify,
                                     "Check everything in the data directory, say what was found "
                                     "and end: 0 when all is well, 1 when there is damage")
                            ->configurable(false);
  CLI::Option* restore =
      app.add_option("--restore-from", config.restore_from,
                     "Check a backup, make the data directory, missing or empty, from it and end")
          ->configurable(false)
          ->excludes(verify);
  app.add_option("--expect-chain", config.expect_chain,
                 "Of --restore-from: how the chain digest of the backup begins, as "
                 "`policytrack backup` said it")
      ->configurable(false)
      ->needs(restore)
      ->check([](const std::string& text) {
        const bool hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
        return hex && text.size() >= 8 && text.size() <= 64
                   ? std::string()
                   : "must be 8 to 64 hexadecimal digits in lower case";
      });
}

}  // namespace

ParsedConfig ParseConfig(int argc, char** argv) {
  ParsedConfig result;
  Config& config = result.config;
  CLI::App app{
      "PolicyTrack server: keeps policy measures and computes how far each has come.\n"
      "Example: policytrackd --data-dir /var/lib/policytrack"};
  app.name("policytrackd");
  app.set_version_flag("--version", std::string("policytrackd ") + kVersion);
  app.config_formatter(std::make_shared<YamlConfig>(&app));
  app.set_config("--config", "", "A YAML file of name: value lines, named as these flags");
  app.allow_config_extras(false);
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
                 "Read connections to the database; at least --workers + 4")
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
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--drain-seconds", config.drain_seconds,
                 "How long a stop waits for calls in flight")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  app.add_option("--plugin-deadline-seconds", config.plugin_deadline_seconds,
                 "How long one call of a plugin may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  std::string workers = "on";
  std::string sandbox = "best_effort";
  AddWorkerOptions(&app, &config, &workers, &sandbox);
  app.add_option("--plugin-audit-interval", config.plugin_audit_interval,
                 "Of so many incremental evaluations one is computed in full as well and "
                 "compared; 0 means none")
      ->check(CLI::Range(0, 1000000000))
      ->capture_default_str();
  AddStoreOptions(app, config);
  app.add_flag("--allow-unauthenticated-clients-from-any-network",
               config.allow_unauthenticated_clients_from_any_network,
               "Listen beyond the loopback although there is neither TLS nor authentication");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    app.exit(done);
    return result;
  } catch (const CLI::Error& error) {
    std::cerr << "policytrackd: " << error.what()
              << "\nRun policytrackd --help for the settings.\n";
    result.exit_code = 2;
    return result;
  }
  if (config.max_push_total_mib < config.max_push_mib) {
    std::cerr << "policytrackd: --max-push-total-mib " << config.max_push_total_mib
              << " is less than --max-push-mib " << config.max_push_mib
              << ": one push alone must fit into what all may hold\n";
    result.exit_code = 2;
    return result;
  }
  if (config.plugin_dir.empty()) config.plugin_dir = DefaultPluginDir();
  if (config.plugin_allow_list.empty()) {
    config.plugin_allow_list =
        (fs::path(config.plugin_dir).lexically_normal().parent_path() / "plugins.sha256").string();
  }
  if (workers == "on")
    config.plugin_worker_program = (ProgramDir() / "policytrack-worker").string();
  config.require_worker_sandbox = sandbox == "required";
  result.run = true;
  return result;
}

}  // namespace policytrack::server
