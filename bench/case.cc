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
  return {
      {"push-columns", PushColumns},
      {"push-rows", PushRows},
      {"push-single", PushSingle},
      {"get-measure", GetMeasure},
      {"read-series", ReadSeries},
      {"read-as-of", ReadAsOf},
      {"evaluate-all", EvaluateAll},
      {"new-period", NewPeriod},
      {"bytes-on-disk", BytesOnDisk},
      {"idle-watchers", IdleWatchers},
      {"woken-watchers", WokenWatchers},
      {"worker-1000", WorkerSmall},
      {"worker-10000", WorkerMiddle},
      {"worker-100000", WorkerLarge},
      {"worker-batch", WorkerBatch},
      {"worker-start", WorkerStart},
      {"script", Script},
      {"push-columns-postgresql", PushBesidePostgreSql, true},
      {"push-columns-postgresql-upsert", PushBesideUpserts, true},
      {"push-columns-influxdb", PushBesideInfluxDb, true},
      {"push-columns-victoriametrics", PushBesideVictoriaMetrics, true},
      {"push-single-etcd", PushSingleBesideEtcd, true},
      {"read-series-postgresql", ReadBesidePostgreSql, true},
      {"read-series-influxdb", ReadBesideInfluxDb, true},
      {"read-series-victoriametrics", ReadBesideVictoriaMetrics, true},
      {"evaluate-all-postgresql", GrowthBesidePostgreSql, true},
      {"evaluate-all-postgresql-stored", GrowthBesideStored, true},
      {"evaluate-all-influxdb", GrowthBesideInfluxDb, true},
      {"evaluate-all-victoriametrics", GrowthBesideVictoriaMetrics, true},
      {"evaluate-all-pandas", GrowthBesideAnalyst, true},
  };
}

}  // namespace policytrack::bench
