// policytrack-plugin-check: holds a plugin to what it promises.
//
// Exit codes: 0 all is well, 1 a check failed, 2 it was not called rightly.
#include <chrono>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plugins/conformance/check.h"
#include "plugins/conformance/process.h"
#include "plugins/conformance/report.h"

namespace policytrack::plugins {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kReportFd = 3;

struct Options {
  std::string plugin;
  uint64_t seed = 0;
  std::vector<std::string> only;
  int timeout_seconds = 60;
  std::string output = "text";
  std::string junit;
  std::string run;  // of the other side
  bool list = false;
};

bool IsWanted(const Options& options, const std::string& name) {
  if (options.only.empty()) return true;
  for (const std::string& one : options.only) {
    if (name == one || absl::StartsWith(name, one + ".")) return true;
  }
  return false;
}

// A word of --only that names nothing, or "".
std::string Unknown(const Options& options) {
  for (const std::string& one : options.only) {
    bool known = false;
    for (const Check& check : AllChecks()) {
      known = known || one == check.name || absl::StartsWith(check.name, one + ".");
    }
    if (!known) return one;
  }
  return "";
}

Report RunAll(const Options& options, const PluginBytes& files) {
  Report report{options.plugin, files.id, options.seed, {}};
  // Before all else, so that the same can be tried again whatever happens.
  if (options.output == "text") {
    std::cout << "plugin-check " << files.id << ", seed " << options.seed << std::endl;
  }
  std::vector<const Check*> failed;
  for (const Check& check : AllChecks()) {
    const Check* gate = nullptr;
    for (const Check* before : failed) {
      if (IsGate(*before, check.stage)) gate = before;
    }
    // What leads to a wanted check is made with it.
    const bool leads = IsGate(check, Stage::kCreated);
    if (!leads && !IsWanted(options, check.name)) continue;
    const auto begun = std::chrono::steady_clock::now();
    Finding result{&check, Verdict::Skipped(""), 0};
    if (gate != nullptr) {
      result.verdict = Verdict::Skipped(absl::StrCat("not tried, since ", gate->name, " failed"));
    } else {
      result.verdict = RunInProcess(check, options.plugin, options.seed,
                                    std::chrono::seconds(options.timeout_seconds));
    }
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (result.verdict.kind == Verdict::kFailed) failed.push_back(&check);
    if (options.output == "text") std::cout << FindingLine(result) << std::flush;
    report.results.push_back(std::move(result));
  }
  return report;
}

int Run(const Options& options) {
  if (options.list) {
    for (const Check& check : AllChecks()) {
      std::cout << check.name << std::string(28 - std::string(check.name).size(), ' ')
                << check.promise << "\n";
    }
    return kOk;
  }
  if (!options.run.empty()) RunHere(options.run, options.plugin, options.seed, kReportFd);
  const auto files = ReadPlugin(options.plugin);
  if (!files.ok()) {
    std::cerr << "error: " << files.status().message() << "\n";
    return kUsage;
  }
  if (const std::string unknown = Unknown(options); !unknown.empty()) {
    std::cerr << "error: there is no check or group `" << unknown << "`; --list has them\n";
    return kUsage;
  }
  const Report report = RunAll(options, *files);
  std::cout << (options.output == "json" ? JsonReport(report) : TextSummary(report));
  if (!options.junit.empty()) {
    std::ofstream out(options.junit, std::ios::trunc);
    out << JunitReport(report) << std::flush;
    if (!out.good()) {
      std::cerr << "error: " << options.junit << " cannot be written\n";
      return kUsage;
    }
  }
  return report.Count(Verdict::kFailed) == 0 ? kOk : kFailed;
}

int Main(int argc, char** argv) {
  Options options;
  options.seed = std::random_device()();
  CLI::App app(
      "Holds a plugin of PolicyTrack to what it promises. Its descriptor and golden vectors lie "
      "beside its shared object. Every check runs in a process of its own.");
  auto* plugin = app.add_option("plugin", options.plugin, "The shared object, NAME.so");
  app.add_option("--seed", options.seed,
                 "What figures are drawn from; printed, for the same again");
  app.add_option("--only", options.only, "Only this check or group; may be given more than once")
      ->allow_extra_args(false);
  app.add_option("--timeout", options.timeout_seconds, "Seconds that one check may take")
      ->check(CLI::Range(1, 3600));
  app.add_option("--output", options.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--junit", options.junit, "Also writes a JUnit report to this file");
  app.add_flag("--list", options.list, "Lists the checks");
  app.add_option("--run", options.run)->group("");
  app.footer("Exit codes: 0 all is well, 1 a check failed, 2 it was not called rightly.");
  try {
    app.parse(argc, argv);
    if (!options.list && plugin->count() == 0) throw CLI::RequiredError("plugin");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return Run(options);
}

}  // namespace
}  // namespace policytrack::plugins

int main(int argc, char** argv) { return policytrack::plugins::Main(argc, argv); }
