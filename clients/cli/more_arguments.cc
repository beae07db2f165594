#include "clients/cli/more_arguments.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace policytrack::cli {
namespace {

// The callback of `plugins` runs after that of its command.
CLI::App* AddPluginChange(CLI::App* plugins, PluginChangeOptions* options, const std::string& verb,
                          const std::string& description, const std::string& example) {
  CLI::App* sub = plugins->add_subcommand(verb, description);
  sub->footer("Example:\n  policytrack plugins " + example);
  sub->callback([options, verb] { options->verb = verb; });
  sub->add_flag("--dry-run", options->dry_run, "Check everything, change nothing");
  return sub;
}

}  // namespace

void AddPluginChanges(CLI::App* plugins, PluginChangeOptions* options) {
  AddPluginChange(plugins, options, "reload",
                  "Reads the plugin directory and the list of trusted plugins again. Ends with 1\n"
                  "when a file was refused; what ran before it goes on then.",
                  "reload --dry-run");
  CLI::App* quarantine =
      AddPluginChange(plugins, options, "quarantine",
                      "Keeps a plugin from running until it is released, over restarts too.",
                      "quarantine growth --version 1.2.0 --reason \"wrong before 2015\"");
  quarantine->add_option("--reason", options->reason, "Why: who meets a stale result reads it")
      ->required();
  CLI::App* release = AddPluginChange(
      plugins, options, "release",
      "Lets a plugin run again and forgets what audits found against it.", "release growth");
  CLI::App* use = AddPluginChange(plugins, options, "use",
                                  "Chooses the version for all that state none, or only a major\n"
                                  "one; without a version the newest again.",
                                  "use growth 1.1.0");
  for (CLI::App* sub : {quarantine, release, use}) {
    sub->add_option("name", options->name, "The plugin, plugins/x or x")->required();
  }
  for (CLI::App* sub : {quarantine, release}) {
    sub->add_option("--version", options->version, "The version (default: all)");
  }
  use->add_option("version", options->version, "The version, such as 1.1.0");
}

void AddWatchOptions(CLI::App* sub, WatchOptions* options) {
  sub->add_option("names", options->names,
                  "Only these and what is under them: measures/x, datasets, ...");
  sub->add_option("--kind", options->kinds,
                  absl::StrCat("Only events of this kind; may be repeated: ",
                               absl::StrJoin(EventKindWords(), ", ")))
      ->allow_extra_args(false)
      ->check(CLI::IsMember(EventKindWords()));
  sub->add_option("--filter", options->filter, "An AIP-160 filter over events");
  CLI::Option* token =
      sub->add_option("--resume-token", options->resume_token, "Goes on after this token")
          ->check([](const std::string& token) {
            return token.empty() ? std::string("is empty: nobody knows what was seen")
                                 : std::string();
          });
  sub->add_option("--from", options->from,
                  "Begins after this revision or time; 0 is the whole history "
                  "(default: the present)")
      ->excludes(token);
  sub->add_option("--token-file", options->token_file,
                  "Goes on after the token in this file, if it is there, and keeps there what "
                  "was told last")
      ->excludes(token);
  sub->add_flag("--stop-at-present", options->stop_at_present,
                "Ends when what is there now has been told");
  sub->add_option("--heartbeat", options->heartbeat_seconds,
                  "Seconds after which a silent server must give a sign (default: 30)")
      ->check(CLI::Range(1, 3600));
}

}  // namespace policytrack::cli
