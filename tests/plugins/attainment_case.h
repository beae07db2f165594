// Targets for the tests of `attainment`.
#ifndef POLICYTRACK_TESTS_PLUGINS_ATTAINMENT_CASE_H_
#define POLICYTRACK_TESTS_PLUGINS_ATTAINMENT_CASE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {

inline constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
inline constexpr int kDeteriorating = 1, kLimited = 2, kModerate = 3, kOnTrack = 4, kAchieved = 5;

// A target, as the service states it.
struct Case {
  v1::TargetRelation relation = v1::TARGET_RELATION_AT_LEAST;
  std::optional<int64_t> baseline_period;
  std::optional<int64_t> target_period;
  std::optional<double> tolerance;
  std::vector<Point> path;
  std::vector<Point> upper;
  std::string parameters = "{}";
  v1::Frequency frequency = kYear;
  v1::Accumulation accumulation = v1::ACCUMULATION_STOCK;
  int year_start_month = 1;
};

inline absl::StatusOr<Run> Judge(const Case& c, const std::vector<Point>& values,
                                 PeriodRange window = {}) {
  AssessmentContext context;
  context.relation = c.relation;
  context.has_baseline_period = c.baseline_period.has_value();
  context.baseline_period = c.baseline_period.value_or(0);
  context.has_target_period = c.target_period.has_value();
  context.target_period = c.target_period.value_or(0);
  context.has_tolerance_percent = c.tolerance.has_value();
  context.tolerance_percent = c.tolerance.value_or(0);
  std::vector<Feed> feeds = {{"value", values, "vehicles", c.accumulation},
                             {"path", c.path, "vehicles", c.accumulation, false}};
  if (!c.upper.empty()) feeds.push_back({"path_upper", c.upper, "vehicles", c.accumulation, false});
  for (Feed& feed : feeds) feed.year_start_month = c.year_start_month;
  return RunPlugin("attainment", c.frequency, c.parameters, feeds, &context, window);
}

// A baseline from the series in 2015 and a final point.
inline Case ToTarget(v1::TargetRelation relation, int64_t period, double target) {
  Case c;
  c.relation = relation;
  c.baseline_period = 2015;
  c.target_period = period;
  c.path = {{2015, {}}, {period, target}};
  return c;
}

inline Case By(const std::string& method, Case c) {
  c.parameters = "{\"method\": \"" + method + "\"}";
  return c;
}

inline Case Linear(Case c) { return By("linear_pace", std::move(c)); }

// All but pro rata: Open SDG, linear pace, Eurostat now and as of 2017, UN, ESCAP now and
// anticipated, weather.
inline const std::vector<std::string>& Methods() {
  static const auto& methods = *new std::vector<std::string>{
      "open_sdg",          "linear_pace",   "eurostat",          "eurostat_2017",
      "un_progress_chart", "escap_current", "escap_anticipated", "weather"};
  return methods;
}

// Methods that compare growth in percent, and so judge a direction without a target too.
inline bool IsGrowth(const std::string& method) {
  return method == "open_sdg" || method == "eurostat" || method == "eurostat_2017" ||
         method == "un_progress_chart";
}

// A baseline from the series in 2015, and no final point.
inline Case Direction() {
  Case c;
  c.baseline_period = 2015;
  c.path = {{2015, {}}};
  return c;
}

inline Case AtLeast(double target) { return ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, target); }
inline Case AtMost(double target) { return ToTarget(v1::TARGET_RELATION_AT_MOST, 2025, target); }

// Six yearly values from 2015 on.
inline std::vector<Point> From2015(const std::vector<double>& values) {
  std::vector<Point> points;
  for (size_t i = 0; i < values.size(); ++i) {
    points.push_back({2015 + static_cast<int64_t>(i), values[i]});
  }
  return points;
}

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_ATTAINMENT_CASE_H_
