// The shipped plugins against golden cases: figures that scripts beside them made
// another way, from the formulas as they are documented (golden/calculators.py,
// golden/judgements.py).
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using Fields = google::protobuf::Map<std::string, Value>;

Struct ReadGolden(const std::string& name) {
  const std::string path = absl::StrCat(GOLDEN_DIRECTORY, "/", name);
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  Struct golden;
  const auto status = google::protobuf::util::JsonStringToMessage(text.str(), &golden);
  EXPECT_TRUE(status.ok()) << path << ": " << status.ToString();
  return golden;
}

std::string Text(const Fields& fields, const std::string& name) {
  return fields.at(name).string_value();
}

v1::Accumulation AccumulationOf(const Fields& feed) {
  v1::Accumulation accumulation = v1::ACCUMULATION_UNSPECIFIED;
  EXPECT_TRUE(v1::Accumulation_Parse("ACCUMULATION_" + Text(feed, "accumulation"), &accumulation));
  return accumulation;
}

// Pairs of a period and a value, null for one that is missing.
std::vector<Point> PointsOf(const Value& list) {
  std::vector<Point> points;
  for (const Value& pair : list.list_value().values()) {
    const Value& value = pair.list_value().values(1);
    Point point{static_cast<int64_t>(pair.list_value().values(0).number_value()), {}};
    if (value.kind_case() == Value::kNumberValue) point.value = value.number_value();
    points.push_back(point);
  }
  return points;
}

std::vector<Feed> FeedsOf(const Fields& fields) {
  std::vector<Feed> feeds;
  for (const Value& value : fields.at("feeds").list_value().values()) {
    const Fields& from = value.struct_value().fields();
    Feed feed{Text(from, "slot"), PointsOf(from.at("points")), Text(from, "unit"),
              AccumulationOf(from)};
    if (from.contains("aligned")) feed.aligned = from.at("aligned").bool_value();
    if (from.contains("parts")) {
      for (const auto& [name, points] : from.at("parts").struct_value().fields()) {
        feed.parts[name] = PointsOf(points);
      }
    }
    feeds.push_back(feed);
  }
  return feeds;
}

AssessmentContext ContextOf(const Fields& from) {
  AssessmentContext context;
  EXPECT_TRUE(
      v1::TargetRelation_Parse("TARGET_RELATION_" + Text(from, "relation"), &context.relation));
  context.has_baseline_period = from.contains("baseline_period");
  if (context.has_baseline_period) {
    context.baseline_period = static_cast<int64_t>(from.at("baseline_period").number_value());
  }
  context.has_target_period = from.contains("target_period");
  if (context.has_target_period) {
    context.target_period = static_cast<int64_t>(from.at("target_period").number_value());
  }
  return context;
}

absl::StatusOr<Run> RunCase(const Fields& fields) {
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  EXPECT_TRUE(v1::Frequency_Parse("FREQUENCY_" + Text(fields, "frequency"), &frequency));
  std::string parameters;
  EXPECT_TRUE(
      google::protobuf::util::MessageToJsonString(fields.at("parameters"), &parameters).ok());
  AssessmentContext context;
  const bool assessment = fields.contains("assessment");
  if (assessment) context = ContextOf(fields.at("assessment").struct_value().fields());
  std::vector<Feed> feeds = FeedsOf(fields);
  // The totals of a case begin anew with its year.
  const Fields& stated = fields.at("parameters").struct_value().fields();
  if (stated.contains("year_end_month")) {
    const int end = static_cast<int>(stated.at("year_end_month").number_value());
    for (Feed& feed : feeds) feed.year_start_month = end % 12 + 1;
  }
  return RunPlugin(Text(fields, "plugin"), frequency, parameters, feeds,
                   assessment ? &context : nullptr);
}

// Compares every figure of a file, and gives how many there were; `plugins` gets the
// names of those that were run.
int CompareAll(const std::string& name, std::set<std::string>* plugins) {
  int compared = 0;
  const Struct golden = ReadGolden(name);
  for (const Value& value : golden.fields().at("cases").list_value().values()) {
    const Fields& fields = value.struct_value().fields();
    SCOPED_TRACE(absl::StrCat(Text(fields, "plugin"), ": ", Text(fields, "name")));
    plugins->insert(Text(fields, "plugin"));
    const auto run = RunCase(fields);
    EXPECT_TRUE(run.ok()) << run.status();
    if (!run.ok()) continue;
    for (const auto& [output, expected] : fields.at("expected").struct_value().fields()) {
      size_t wanted = 0;
      for (const Point& point : PointsOf(expected)) {
        const double got = run->Value(output, point.period);
        if (!point.value.has_value()) {
          EXPECT_TRUE(std::isnan(got)) << output << " at " << point.period << " is " << got;
          continue;
        }
        ++wanted;
        EXPECT_NEAR(got, *point.value, 1e-9 * std::max(1e-3, std::fabs(*point.value)))
            << output << " at " << point.period;
      }
      compared += static_cast<int>(wanted);
      if (fields.contains("incomplete")) continue;
      size_t values = 0;
      for (const Flags flags : run->outputs.at(output).flags) values += IsMissing(flags) ? 0 : 1;
      EXPECT_EQ(values, wanted) << output << " has values where none is expected";
    }
  }
  return compared;
}

TEST(GoldenCasesTest, EveryCalculatorAgrees) {
  std::set<std::string> plugins;
  EXPECT_GT(CompareAll("calculators.json", &plugins), 2000);
  EXPECT_EQ(plugins, (std::set<std::string>{"arithmetic", "composite", "concentration", "growth",
                                            "ratio", "rolling"}))
      << "level computes nothing, and trend has golden figures of its own";
}

TEST(GoldenCasesTest, DirectionsAndProRataAgree) {
  std::set<std::string> plugins;
  EXPECT_GT(CompareAll("judgements.json", &plugins), 1000);
  EXPECT_EQ(plugins, (std::set<std::string>{"attainment"}));
}

}  // namespace
}  // namespace policytrack::plugins
