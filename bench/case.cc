#include "bench/case.h"

namespace policytrack::bench {

bool CaseResult::Meets(double share) const {
  if (!target.has_value()) return true;
  return target->relation == Relation::kAtLeast ? TargetedValue() >= target->value * share
                                                : TargetedValue() <= target->value / share;
}

void Fill(const Paired& paired, CaseResult* result) {
  result->rounds = static_cast<int>(paired.subject.size());
  result->of_subject = SpreadOf(paired.subject);
  result->of_baseline = SpreadOf(paired.baseline);
  result->ratio = SpreadOf(paired.Ratios());
}

std::vector<Case> AllCases() {
  using Needs = Case::Needs;
  return {
      {"push-columns", PushColumns},
      {"push-rows", PushRows},
      {"push-periods", PushPeriods},
      {"push-single-1", PushSingleByOne},
      {"push-single-8", PushSingleByEight},
      {"push-single", PushSingle},
      {"get-measure", GetMeasure},
      {"list-measures", ListMeasures},
      {"read-series-120", ReadShortSeries},
      {"read-series", ReadSeries},
      {"read-as-of", ReadAsOf},
      {"evaluate-all", EvaluateAll},
      {"evaluate-one", EvaluateOne},
      {"new-period", NewPeriod},
      {"bytes-on-disk", BytesOnDisk},
      {"start", Start},
      {"start-evaluated", StartEvaluated},
      {"memory-rest", MemoryAtRest},
      {"memory-push", MemoryOfPush},
      {"memory-load", MemoryUnderLoad},
      {"growth-series", GrowthOfSeries},
      {"growth-history", GrowthOfHistory},
      {"growth-indicators", GrowthOfIndicators},
      {"growth-one", GrowthOfOne},
      {"growth-read", GrowthOfRead},
      {"growth-memory", GrowthOfMemory},
      {"growth-series-100", GrowthOfSeriesLarge, Needs::kLarge},
      {"growth-history-100", GrowthOfHistoryLarge, Needs::kLarge},
      {"growth-indicators-100", GrowthOfIndicatorsLarge, Needs::kLarge},
      {"growth-one-100", GrowthOfOneLarge, Needs::kLarge},
      {"growth-read-100", GrowthOfReadLarge, Needs::kLarge},
      {"growth-memory-100", GrowthOfMemoryLarge, Needs::kLarge},
      {"idle-watchers", IdleWatchers},
      {"woken-watchers", WokenWatchers},
      {"worker-1000", WorkerSmall},
      {"worker-10000", WorkerMiddle},
      {"worker-100000", WorkerLarge},
      {"worker-batch", WorkerBatch},
      {"worker-start", WorkerStart},
      {"script", Script},
      {"push-columns-postgresql", PushBesidePostgreSql, Needs::kPeers},
      {"push-columns-postgresql-upsert", PushBesideUpserts, Needs::kPeers},
      {"push-columns-influxdb", PushBesideInfluxDb, Needs::kPeers},
      {"push-columns-victoriametrics", PushBesideVictoriaMetrics, Needs::kPeers},
      {"push-single-etcd", PushSingleBesideEtcd, Needs::kPeers},
      {"read-series-postgresql", ReadBesidePostgreSql, Needs::kPeers},
      {"read-series-influxdb", ReadBesideInfluxDb, Needs::kPeers},
      {"read-series-victoriametrics", ReadBesideVictoriaMetrics, Needs::kPeers},
      {"evaluate-all-postgresql", GrowthBesidePostgreSql, Needs::kPeers},
      {"evaluate-all-postgresql-stored", GrowthBesideStored, Needs::kPeers},
      {"evaluate-all-influxdb", GrowthBesideInfluxDb, Needs::kPeers},
      {"evaluate-all-victoriametrics", GrowthBesideVictoriaMetrics, Needs::kPeers},
      {"evaluate-all-pandas", GrowthBesideAnalyst, Needs::kPeers},
  };
}

}  // namespace policytrack::bench
