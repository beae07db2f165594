// policytrack_bench: runs the cases and reports them. bench/run.sh starts it.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/case.h"
#include "bench/fail.h"
#include "bench/peer_process.h"
#include "bench/report.h"

namespace policytrack::bench {
namespace {

// Of the long form as the targets say; the short form shows that all works.
constexpr int kSeries = 1000;
constexpr int kPeriods = 1000;
constexpr int kShortSeries = 30;
constexpr int kShortPeriods = 200;

int Run(int argc, char** argv) {
  Setting setting;
  std::string json;
  std::vector<std::string> wanted;
  CLI::App app{"Measures PolicyTrack against named baselines in the same run."};
  app.name("policytrack_bench");
  app.add_option("--server", setting.server, "policytrackd, as built for release")->required();
  app.add_option("--bare-server", setting.bare_server, "policytrack_bare")->required();
  app.add_option("--scratch", setting.scratch, "A directory on the disk to measure")->required();
  app.add_option("--json", json, "The file to write the results to")->required();
  app.add_option("--case", wanted, "Only these cases");
  app.add_option("--peers", setting.peers, "The scripts of other systems to measure beside");
  app.add_flag("--large", setting.is_large, "Also at a hundred times the size");
  app.add_flag("--short", setting.is_short, "That all works, not how fast");
  CLI11_PARSE(app, argc, argv);

  const Figures figures =
      setting.is_short ? Figures(kShortSeries, kShortPeriods) : Figures(kSeries, kPeriods);
  setting.figures = &figures;
  if (!setting.peers.empty()) {
    setting.figures_file = setting.scratch + "/figures.csv";
    WriteFigures(figures, setting.figures_file);
  }
  Circumstances here = Here(setting.is_short);
  std::vector<CaseResult> results;
  for (const Case& one : AllCases()) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), one.name) == wanted.end()) {
      continue;
    }
    if (one.needs == Case::Needs::kPeers && setting.peers.empty()) {
      Must(wanted.empty(), std::string(one.name) + " needs other systems: --peers");
      continue;
    }
    // In the short form they are small.
    if (one.needs == Case::Needs::kLarge && !setting.is_large && !setting.is_short) {
      Must(wanted.empty(), std::string(one.name) + " takes minutes: --large");
      continue;
    }
    std::cerr << one.name << " ..." << std::endl;
    results.push_back(one.run(setting));
  }
  Must(!results.empty(), "there is no such case");
  here.load_after = Load();
  std::cout << Table(results, setting.is_short);
  std::ofstream file(json);
  file << Json(here, results);
  file.close();
  Must(file.good(), "cannot write " + json);
  if (setting.is_short) return 0;
  return std::all_of(results.begin(), results.end(),
                     [](const CaseResult& result) { return result.Meets(0.5); })
             ? 0
             : 1;
}

}  // namespace
}  // namespace policytrack::bench

int main(int argc, char** argv) { return policytrack::bench::Run(argc, argv); }
