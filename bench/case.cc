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
      {"push-columns", PushColumns},     {"push-rows", PushRows},
      {"push-single", PushSingle},       {"get-measure", GetMeasure},
      {"read-series", ReadSeries},       {"read-as-of", ReadAsOf},
      {"evaluate-all", EvaluateAll},     {"new-period", NewPeriod},
      {"bytes-on-disk", BytesOnDisk},    {"idle-watchers", IdleWatchers},
      {"woken-watchers", WokenWatchers},
  };
}

}  // namespace policytrack::bench
