// What a case is given and what it gives. Start here, then main.cc; the cases
// are in *_cases.cc.
//
// Thread rule: a case runs by itself, on the main thread.
#ifndef POLICYTRACK_BENCH_CASE_H_
#define POLICYTRACK_BENCH_CASE_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/figures.h"
#include "bench/spread.h"

namespace policytrack::bench {

// How a run is done.
struct Setting {
  std::string server;       // policytrackd as built for release
  std::string bare_server;  // the program of bare_server.cc
  std::string scratch;      // a directory for data, on the disk that is measured
  bool is_large = false;    // also what is a hundred times as large
  bool is_short = false;    // few rounds and calls: that it works, not how fast
  const Figures* figures = nullptr;
  std::string peers;         // the directory of peers/, or "": no other systems
  std::string figures_file;  // the data set as its scripts read it

  // The one or the other, by the form of the run.
  int Pick(int of_long, int of_short) const { return is_short ? of_short : of_long; }
};

enum class Relation { kAtLeast, kAtMost };

// What one case found.
struct CaseResult {
  std::string name;
  std::string what;      // in a sentence: what is measured and how
  std::string unit;      // of subject and baseline
  std::string baseline;  // what PolicyTrack is compared with
  int rounds = 0;
  Spread of_subject;
  Spread of_baseline;
  Spread ratio;

  // A target is for the ratio, or for the subject itself where that is said.
  struct Target {
    Relation relation = Relation::kAtLeast;
    double value = 0;
    bool of_subject = false;
  };
  std::optional<Target> target;

  double TargetedValue() const { return target->of_subject ? of_subject.median : ratio.median; }
  // Whether the value is no worse than `share` of the target: 1 is the target.
  bool Meets(double share) const;
};

// Fills the numbers of a result from samples.
void Fill(const Paired& paired, CaseResult* result);

struct Case {
  const char* name;
  CaseResult (*run)(const Setting& setting);
  // What a run has to be asked for to have the case.
  enum class Needs { kNothing, kPeers, kLarge };
  Needs needs = Needs::kNothing;
};

// All cases, in the order in which they run.
std::vector<Case> AllCases();

CaseResult PushColumns(const Setting& setting);
CaseResult PushRows(const Setting& setting);
CaseResult PushPeriods(const Setting& setting);
CaseResult PushSingleByOne(const Setting& setting);
CaseResult PushSingleByEight(const Setting& setting);
CaseResult PushSingle(const Setting& setting);
CaseResult GetMeasure(const Setting& setting);
CaseResult ListMeasures(const Setting& setting);
CaseResult ReadShortSeries(const Setting& setting);
CaseResult ReadSeries(const Setting& setting);
CaseResult ReadAsOf(const Setting& setting);
CaseResult EvaluateAll(const Setting& setting);
CaseResult EvaluateOne(const Setting& setting);
CaseResult NewPeriod(const Setting& setting);
CaseResult BytesOnDisk(const Setting& setting);
CaseResult Start(const Setting& setting);
CaseResult StartEvaluated(const Setting& setting);
CaseResult MemoryAtRest(const Setting& setting);
CaseResult MemoryOfPush(const Setting& setting);
CaseResult MemoryUnderLoad(const Setting& setting);
CaseResult GrowthOfSeries(const Setting& setting);
CaseResult GrowthOfHistory(const Setting& setting);
CaseResult GrowthOfIndicators(const Setting& setting);
CaseResult GrowthOfOne(const Setting& setting);
CaseResult GrowthOfRead(const Setting& setting);
CaseResult GrowthOfMemory(const Setting& setting);
CaseResult GrowthOfSeriesLarge(const Setting& setting);
CaseResult GrowthOfHistoryLarge(const Setting& setting);
CaseResult GrowthOfIndicatorsLarge(const Setting& setting);
CaseResult GrowthOfOneLarge(const Setting& setting);
CaseResult GrowthOfReadLarge(const Setting& setting);
CaseResult GrowthOfMemoryLarge(const Setting& setting);
CaseResult IdleWatchers(const Setting& setting);
CaseResult WokenWatchers(const Setting& setting);
CaseResult WorkerSmall(const Setting& setting);
CaseResult WorkerMiddle(const Setting& setting);
CaseResult WorkerLarge(const Setting& setting);
CaseResult WorkerBatch(const Setting& setting);
CaseResult WorkerStart(const Setting& setting);
CaseResult Script(const Setting& setting);

// Beside other systems: peer_cases.cc.
CaseResult PushBesidePostgreSql(const Setting& setting);
CaseResult PushBesideUpserts(const Setting& setting);
CaseResult PushBesideInfluxDb(const Setting& setting);
CaseResult PushBesideVictoriaMetrics(const Setting& setting);
CaseResult PushSingleBesideEtcd(const Setting& setting);
CaseResult ReadBesidePostgreSql(const Setting& setting);
CaseResult ReadBesideInfluxDb(const Setting& setting);
CaseResult ReadBesideVictoriaMetrics(const Setting& setting);
CaseResult GrowthBesidePostgreSql(const Setting& setting);
CaseResult GrowthBesideStored(const Setting& setting);
CaseResult GrowthBesideInfluxDb(const Setting& setting);
CaseResult GrowthBesideVictoriaMetrics(const Setting& setting);
CaseResult GrowthBesideAnalyst(const Setting& setting);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_CASE_H_
