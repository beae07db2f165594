#include "bench/report.h"

#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace policytrack::bench {
namespace {

using JsonValue = nlohmann::ordered_json;

// Three digits that count: 0.412, 3.07, 512, 1 240 000.
std::string Short(double value) {
  if (value >= 1e6) return absl::StrFormat("%.2f M", value / 1e6);
  if (value >= 1e4) return absl::StrFormat("%.1f k", value / 1e3);
  if (value >= 100) return absl::StrFormat("%.0f", value);
  return value >= 10 ? absl::StrFormat("%.1f", value) : absl::StrFormat("%.2f", value);
}

std::string TargetText(const CaseResult& result) {
  if (!result.target.has_value()) return "-";
  const char* sign = result.target->relation == Relation::kAtLeast ? ">=" : "<=";
  return absl::StrFormat("%s %g%s", sign, result.target->value,
                         result.target->of_subject ? "" : " x");
}

const char* Verdict(const CaseResult& result, bool is_short) {
  if (is_short || !result.target.has_value()) return "-";
  if (result.Meets(1)) return "met";
  return result.Meets(0.5) ? "within half" : "MISSED";
}

JsonValue ToJson(const Spread& spread) {
  return {{"median", spread.median}, {"lowerQuartile", spread.low}, {"upperQuartile", spread.high}};
}

}  // namespace

std::string Table(const std::vector<CaseResult>& results, bool is_short) {
  int width = 0;
  for (const CaseResult& result : results) {
    width = std::max(width, static_cast<int>(result.name.size()));
  }
  std::string text =
      "Ratios are PolicyTrack's figure over that of the baseline in the same round: median, and "
      "in brackets the quartiles.\n\n";
  absl::StrAppendFormat(&text, "%-*s %12s %12s  %-18s %-24s %-8s %s\n", width, "case",
                        "PolicyTrack", "baseline", "unit", "ratio", "target", "");
  for (const CaseResult& result : results) {
    absl::StrAppendFormat(&text, "%-*s %12s %12s  %-18s %-24s %-8s %s\n", width, result.name,
                          Short(result.of_subject.median), Short(result.of_baseline.median),
                          result.unit,
                          absl::StrFormat("%.2f x (%.2f - %.2f)", result.ratio.median,
                                          result.ratio.low, result.ratio.high),
                          TargetText(result), Verdict(result, is_short));
  }
  absl::StrAppend(&text, "\n");
  for (const CaseResult& result : results) {
    absl::StrAppendFormat(&text, "%-*s %s; against: %s; %d round%s\n", width, result.name,
                          result.what, result.baseline, result.rounds,
                          result.rounds == 1 ? "" : "s");
  }
  return text;
}

double Load() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

Circumstances Here(bool is_short) {
  Circumstances here;
  here.date = absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone());
  here.processors = static_cast<int>(std::thread::hardware_concurrency());
  here.form = is_short ? "short" : "long";
  std::ifstream release("/etc/os-release");
  for (std::string line; std::getline(release, line);) {
    absl::string_view name = line;
    if (!absl::ConsumePrefix(&name, "PRETTY_NAME=\"")) continue;
    absl::ConsumeSuffix(&name, "\"");
    here.system = std::string(name);
  }
  here.load_before = Load();
  return here;
}

std::string Json(const Circumstances& circumstances, const std::vector<CaseResult>& results) {
  JsonValue cases = JsonValue::array();
  JsonValue targets = JsonValue::array();
  for (const CaseResult& result : results) {
    cases.push_back({{"case", result.name},
                     {"what", result.what},
                     {"unit", result.unit},
                     {"policytrack", ToJson(result.of_subject)},
                     {"baseline", result.baseline},
                     {"baselineFigure", ToJson(result.of_baseline)},
                     {"ratio", ToJson(result.ratio)},
                     {"rounds", result.rounds}});
    if (!result.target.has_value()) continue;
    targets.push_back({{"case", result.name},
                       {"target", TargetText(result)},
                       {"value", result.TargetedValue()},
                       {"met", result.Meets(1)},
                       {"withinHalf", result.Meets(0.5)}});
  }
  const JsonValue all = {{"date", circumstances.date},
                         {"form", circumstances.form},
                         {"system", circumstances.system},
                         {"processors", circumstances.processors},
                         {"loadBefore", circumstances.load_before},
                         {"loadAfter", circumstances.load_after},
                         {"cases", cases},
                         {"targets", targets}};
  return all.dump(2) + "\n";
}

}  // namespace policytrack::bench
