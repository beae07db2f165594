#include "clients/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/admin.h"
#include "clients/cli/apply.h"
#include "clients/cli/explain.h"
#include "clients/cli/more_arguments.h"
#include "clients/cli/number_text.h"
#include "clients/cli/plugin_change.h"
#include "clients/cli/push.h"
#include "clients/cli/report.h"
#include "clients/cli/resources.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/text_input.h"
#include "clients/cli/watch.h"

namespace policytrack::cli {
namespace {

constexpr char kServerVariable[] = "POLICYTRACK_SERVER";
constexpr char kAsOfHelp[] = "A revision (12) or a time (2024-11-12T08:00:00Z)";

using Command = std::function<int(Context&)>;

// The command line with everything that it can set. Not copied: CLI11 keeps
// addresses of the fields.
class CommandLine {
 public:
  explicit CommandLine(const Environment& environment)
      : environment_(environment),
        app_("Loads plans, pushes figures and reads progress of a PolicyTrack server.",
             "policytrack") {
    connection_.server = environment.variable(kServerVariable).value_or(connection_.server);
    connection_.user_agent = absl::StrCat("policytrack-cli/", POLICYTRACK_VERSION);
    app_.set_version_flag("--version", absl::StrCat("policytrack ", POLICYTRACK_VERSION));
    app_.add_option("--server", connection_.server,
                    absl::StrCat("Where the server is, host:port (default: $", kServerVariable,
                                 ", or 127.0.0.1:7443)"));
    app_.add_option("-o,--output", output_, "text or json; of list observations also csv, sdmx-csv")
        ->check(CLI::IsMember({"text", "json", kCsvFormat, kSdmxCsvFormat}));
    app_.add_option("--timeout", timeout_,
                    "Seconds that one call may take (default: 30; 600 for push, 3600 for backup "
                    "and verify)")
        ->check(CLI::Range(0.001, 86400.0));
    app_.add_option("--retries", connection_.retries,
                    "How often to try again while the service is unavailable (default: 4)")
        ->check(CLI::Range(0, 100));
    app_.footer(
        "Exit codes: 0 done, 1 rows or documents refused, 2 wrong usage or unreadable file,\n"
        "3 service unavailable after retries, 4 not allowed.\n\n"
        "Example:\n  policytrack report plans/henan-auto-2024 --server 127.0.0.1:7443");
    app_.require_subcommand(1);
    // Global options may stand after the command, too.
    app_.fallthrough();
    AddApply();
    AddPush();
    AddReport();
    AddGet();
    AddList();
    AddDelete();
    AddExplain();
    AddWatch();
    AddCatalogs();
    AddAdmin();
  }

  int Run(std::vector<std::string> arguments) {
    // CLI11 takes them from the end.
    std::reverse(arguments.begin(), arguments.end());
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& e) {
      // CLI11's border: it reports by exception, --help and --version too.
      if (const std::string unknown = UnknownCommand(); !unknown.empty()) {
        *environment_.err << "error: there is no command `" << OneLine(unknown) << "`; there are "
                          << Commands() << "\nRun with --help for more information.\n";
        return kUsage;
      }
      return app_.exit(e, *environment_.out, *environment_.err) == 0 ? kDone : kUsage;
    }
    if (timeout_ > 0) {
      connection_.timeout = absl::Seconds(timeout_);
      push_.timeout = connection_.timeout;
      admin_.timeout = connection_.timeout;
    }
    if (connection_.server.empty() || absl::StrContains(connection_.server, "://")) {
      *environment_.err << "error: --server takes host:port, as in 127.0.0.1:7443, not `"
                        << connection_.server << "`\n";
      return kUsage;
    }
    if (output_ == kCsvFormat || output_ == kSdmxCsvFormat) {
      if (list_.collection != "observations") {
        *environment_.err << "error: --output " << output_ << " is for list observations\n";
        return kUsage;
      }
      list_.export_format = output_;
    }
    const bool json = output_ == "json";
    Connection connection(connection_, environment_.sleep, [&](const std::string& text) {
      *environment_.err << "warning: " << OneLine(text) << "\n" << std::flush;
    });
    Context context{environment_, connection, json};
    return command_(context);
  }

 private:
  CLI::App* Add(const std::string& name, const std::string& description, const std::string& example,
                Command command) {
    CLI::App* sub = app_.add_subcommand(name, description);
    sub->footer("Example:\n  " + example);
    sub->callback([this, command = std::move(command)] { command_ = command; });
    return sub;
  }

  // What stands where a command should, when no command was given.
  std::string UnknownCommand() const {
    if (!app_.get_subcommands().empty()) return "";
    for (const std::string& word : app_.remaining()) {
      if (!word.empty() && word[0] != '-') return word;
    }
    return "";
  }

  std::string Commands() const {
    std::vector<std::string> names;
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
    }
    return absl::StrJoin(names, ", ");
  }

  void AddApply() {
    CLI::App* sub = Add("apply", "Makes the server's documents equal to YAML files.",
                        "policytrack apply catalog/henan-auto-2024 --dry-run",
                        [this](Context& context) { return RunApply(context, apply_); });
    sub->add_option("paths", apply_.paths,
                    "Files, or directories whose .yaml and .yml files are read")
        ->required();
    sub->add_flag("--dry-run", apply_.dry_run, "Check everything, write nothing");
    sub->add_flag("--prune", apply_.prune,
                  "Delete measures of the plans in the set that are not in the set");
  }

  void AddPush() {
    CLI::App* sub =
        Add("push", "Sends figures from CSV or JSON lines, all or none, as one commit.",
            "policytrack push figures.csv --dataset datasets/nev-output --period-column month "
            "--value-column value --dimension region=area --dimension scope:=all",
            [this](Context& context) { return RunPush(context, push_); });
    sub->add_option("files", push_.files, "CSV or .jsonl files; - is standard input")->required();
    sub->add_option("--format", push_.format,
                    "csv, sdmx-csv or jsonl (default: by the mapping and the file's name)")
        ->check(CLI::IsMember({"csv", "sdmx-csv", "jsonl"}));
    sub->add_option("--encoding", push_.encoding,
                    absl::StrCat("Of the files: ", Encodings(), " (default: utf-8)"))
        ->check(CLI::Validator(
            [](std::string& text) {
              return IsEncoding(text) ? "" : absl::StrCat("`", text, "` is none of ", Encodings());
            },
            "NAME"));
    sub->add_option("--mapping", push_.mapping,
                    "A mapping file (default: <file>.mapping.yaml or push.yaml beside the file)");
    sub->add_option("--dataset", push_.dataset, "The dataset of all rows");
    sub->add_option("--period-column", push_.period_column,
                    "The column of the period, or a template such as {year}-{month:02}");
    sub->add_option("--value-column", push_.value_column, "The column of the value");
    sub->add_option("--status-column", push_.status_column,
                    "The column of the status: a letter or name of SDMX CL_OBS_STATUS");
    sub->add_option("--dimension", push_.dimensions,
                    "id=column, or id:=value for the same value in every row; may be repeated")
        ->allow_extra_args(false);
    sub->add_option("--request-id", push_.request_id,
                    "A UUID; a second push with it and the same rows does nothing");
    sub->add_flag("--allow-empty", push_.allow_empty, "That there is no row to push is no error");
    sub->add_flag("--partial", push_.partial, "Write the good rows although others are refused");
    sub->add_flag("--dry-run", push_.dry_run, "Check all rows, write nothing");
    sub->add_option_function<std::string>(
           "--report", [this](const std::string&) { push_.report_rows = true; },
           "rows: what became of every row")
        ->check(CLI::IsMember({"rows"}));
  }

  void AddReport() {
    CLI::App* sub = Add("report", "Shows how far a plan has come.",
                        "policytrack report plans/henan-auto-2024 --format markdown --language zh",
                        [this](Context& context) { return RunReport(context, report_); });
    sub->add_option("plan", report_.plan, "The plan, plans/x")->required();
    sub->add_option("--format", report_.format, "table, markdown, json or csv (default: table)")
        ->check(CLI::IsMember({"table", "markdown", "json", "csv"}));
    CLI::Option* as_of = sub->add_option("--as-of", report_.as_of, kAsOfHelp);
    sub->add_option("--wait", report_.at_least_revision,
                    "Wait until evaluation has passed this revision; 0 does not wait")
        ->check(CLI::NonNegativeNumber)
        ->excludes(as_of);
    sub->add_option("--language", report_.language, "Names in this language, where there are any");
    AddUnit(sub, &report_.unit);
  }

  void AddGet() {
    CLI::App* sub = Add("get", "Shows one resource; as text, in the YAML that apply reads.",
                        "policytrack get measures/charging-network --as-of 12",
                        [this](Context& context) { return RunGet(context, get_); });
    sub->add_option(
           "name", get_.name,
           "plans/x, measures/x, datasets/x, indicators/x, scripts/x, plugins/x or commits/12")
        ->required();
    sub->add_option("--as-of", get_.as_of, kAsOfHelp);
  }

  void AddList() {
    CLI::App* sub =
        Add("list", "Lists a collection.",
            "policytrack list measures --filter 'category = \"production\"'\n"
            "  policytrack list observations datasets/nev-output --from 2024-01 --to 2024-09\n"
            "  policytrack list observations datasets/nev-output --output sdmx-csv",
            [this](Context& context) { return RunList(context, list_); });
    sub->add_option(
           "collection", list_.collection,
           "plans, measures, datasets, indicators, scripts, plugins, commits or observations")
        ->required();
    sub->add_option("parent", list_.parent,
                    "Of observations: datasets/x, indicators/x or measures/x/targets/y");
    AddPaging(sub);
    sub->add_option("--order-by", list_.order_by, "Fields, as in \"display_name desc\"");
    CLI::Option* as_of = sub->add_option("--as-of", list_.as_of, kAsOfHelp);
    sub->add_option("--from", list_.from, "First period of observations");
    sub->add_option("--to", list_.to, "Last period of observations");
    AddUnit(sub, &list_.unit);
    sub->add_option("--wait", list_.at_least_revision,
                    "Of observations: wait until evaluation has passed this revision")
        ->check(CLI::NonNegativeNumber)
        ->excludes(as_of);
    sub->add_flag("--show-deleted", list_.show_deleted, "Deleted measures, too");
  }

  void AddPaging(CLI::App* sub) {
    sub->add_option("--filter", list_.filter, "An AIP-160 filter");
    sub->add_option("--page-size", list_.page_size, "How many at a time; 0 leaves it to the server")
        ->check(CLI::Validator(
            [](std::string& text) -> std::string {
              const auto size = ParseInteger<int32_t>(text);
              if (size.has_value() && *size >= 0) return "";
              return absl::StrCat("`", text, "` is not a whole number from 0 to 2147483647");
            },
            "COUNT"));
    sub->add_option("--page-token", list_.page_token, "The page to begin with");
    sub->add_flag("--all", list_.all, "All pages");
  }

  static void AddUnit(CLI::App* sub, UnitOption* unit) {
    sub->add_option("--unit", unit->text,
                    "Values in this unit: a code (vehicles), or a word with its multiplier (万辆)");
    sub->add_option("--multiplier", unit->multiplier,
                    "The power of ten of a code: 4 for ten thousands");
  }

  void AddDelete() {
    CLI::App* del = Add("delete", "Deletes a document.", "policytrack delete measures/old-subsidy",
                        [this](Context& context) { return RunDelete(context, delete_); });
    CLI::App* undelete = Add("undelete", "Brings back a deleted measure.",
                             "policytrack undelete measures/old-subsidy",
                             [this](Context& context) { return RunUndelete(context, delete_); });
    for (CLI::App* sub : {del, undelete}) {
      sub->add_option("name", delete_.name, "The name of the document")->required();
      sub->add_option("--etag", delete_.etag, "Only this state of it");
      sub->add_flag("--dry-run", delete_.dry_run, "Check everything, write nothing");
    }
  }

  void AddExplain() {
    CLI::App* sub = Add("explain", "Shows from which figures a judgement comes, step by step.",
                        "policytrack explain measures/charging-network/targets/public-piles",
                        [this](Context& context) { return RunExplain(context, explain_); });
    sub->add_option("name", explain_.name,
                    "measures/x/targets/y, or measures/x for all its targets")
        ->required();
    CLI::Option* as_of = sub->add_option("--as-of", explain_.as_of, kAsOfHelp);
    sub->add_option("--period", explain_.period, "The period to judge at (default: the latest)");
    sub->add_option("--wait", explain_.at_least_revision,
                    "Wait until evaluation has passed this revision; 0 does not wait")
        ->check(CLI::NonNegativeNumber)
        ->excludes(as_of);
  }

  void AddWatch() {
    CLI::App* sub = Add("watch", "Tells what changes as it happens, one line an event.",
                        "policytrack watch --kind status-changed --token-file seen.token\n"
                        "  policytrack watch measures/charging-network --from 0 --stop-at-present",
                        [this](Context& context) { return RunWatch(context, watch_); });
    AddWatchOptions(sub, &watch_);
  }

  // Collections with a command of their own.
  void AddCatalogs() {
    CLI::App* plugins =
        Add("plugins",
            "Lists the plugins of the server, those that cannot be used included; with a name,\n"
            "shows one with its versions, slots, parameters and outputs. With a command below,\n"
            "changes what runs.",
            "policytrack plugins\n  policytrack plugins growth", [this](Context& context) {
              if (!plugin_change_.verb.empty()) return RunPluginChange(context, plugin_change_);
              if (!get_.name.empty()) {
                get_.name = WithCollection("plugins", get_.name);
                return RunGet(context, get_);
              }
              list_.collection = "plugins";
              list_.all = true;
              return RunList(context, list_);
            });
    plugins->add_option("name", get_.name, "One plugin, plugins/x or x");
    AddPluginChanges(plugins, &plugin_change_);
    CLI::App* commits = Add("commits", "Lists what was written, newest first.",
                            "policytrack commits --page-size 20", [this](Context& context) {
                              list_.collection = "commits";
                              return RunList(context, list_);
                            });
    AddPaging(commits);
  }

  void AddAdmin() {
    CLI::App* backup =
        Add("backup", "Fetches a copy of the whole store as it is now, or has the server keep one.",
            "policytrack backup policytrack-2024-11-12.db\n"
            "  policytrack backup --on-server before-upgrade",
            [this](Context& context) { return RunBackup(context, admin_); });
    backup->add_option("file", admin_.file, "The file to write; it must not be there yet");
    backup->add_option("--on-server", admin_.on_server,
                       "The id of a backup that the server writes into its --backup-dir");
    Add("verify",
        "Checks the whole store: its file, the chain of its commits, and what each wrote.",
        "policytrack verify", [this](Context& context) { return RunVerify(context, admin_); });
  }

  const Environment& environment_;
  CLI::App app_;
  ConnectionOptions connection_;
  std::string output_ = "text";
  double timeout_ = 0;
  ApplyOptions apply_;
  PushCommandOptions push_;
  ReportOptions report_;
  GetOptions get_;
  ListOptions list_;
  DeleteOptions delete_;
  ExplainOptions explain_;
  PluginChangeOptions plugin_change_;
  WatchOptions watch_;
  AdminOptions admin_;
  Command command_;
};

}  // namespace

int Run(std::vector<std::string> arguments, const Environment& environment) {
  try {
    return CommandLine(environment).Run(std::move(arguments));
  } catch (const std::exception& e) {
    // Libraries that report by exception are caught where they are used; what
    // comes here is a fault of ours and must not look like success.
    *environment.err << "error: " << e.what() << " [INTERNAL]\n";
    return kUnavailable;
  }
}

}  // namespace policytrack::cli
