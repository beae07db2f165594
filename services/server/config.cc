#include "services/server/config.h"

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/server/flags.h"
#include "services/server/listen_address.h"
#include "services/server/settings.h"

namespace policytrack::server {
namespace {

namespace fs = std::filesystem;

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
    const bool of_flags_only = name == "config" || name == "check-config" || name == "verify" ||
                               name == "restore-from" || name == "expect-chain";
    return of_flags_only ? SettingKind::kNone : of_flag(name);
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
  if (config.verify && !config.restore_from.empty()) {
    problem("verify", "either --verify or --restore-from, which verifies the backup itself");
  }
  if (!config.expect_chain.empty() && config.restore_from.empty()) {
    problem("expect-chain", "is of --restore-from, which is not given");
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
  if (config.plugin_workers == "on") {
    config.plugin_worker_program = (ProgramDir() / "policytrack-worker").string();
  }
  config.require_worker_sandbox = config.worker_sandbox == "required";
  result.run = result.problems.empty();
  result.exit_code = result.run ? 0 : 2;
  return result;
}

}  // namespace policytrack::server
