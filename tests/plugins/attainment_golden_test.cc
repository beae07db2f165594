// `attainment` against figures that golden/attainment.py computes apart from it, in
// decimal arithmetic and with thresholds inverted by algebra.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tests/plugins/attainment_case.h"

namespace policytrack::plugins {
namespace {

using Fields = std::map<std::string, std::string>;

double Number(const std::string& text) {
  double number = 0;
  EXPECT_TRUE(absl::SimpleAtod(text, &number)) << text;
  return number;
}

int64_t Whole(const std::string& text) { return static_cast<int64_t>(Number(text)); }

std::vector<Fields> GoldenRows() {
  std::ifstream file(GOLDEN_FILE);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = absl::StrSplit(line, ',');
  std::vector<Fields> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    EXPECT_EQ(cells.size(), names.size()) << line;
    for (size_t i = 0; i < names.size() && i < cells.size(); ++i) {
      if (i == 0) rows.emplace_back();
      rows.back()[names[i]] = cells[i];
    }
  }
  return rows;
}

Case CaseOf(const Fields& row) {
  static const std::map<std::string, v1::TargetRelation> relations = {
      {"at_least", v1::TARGET_RELATION_AT_LEAST},
      {"at_most", v1::TARGET_RELATION_AT_MOST},
      {"about", v1::TARGET_RELATION_ABOUT},
      {"within", v1::TARGET_RELATION_WITHIN}};
  Case c;
  c.relation = relations.at(row.at("relation"));
  c.baseline_period = Whole(row.at("baseline"));
  c.target_period = Whole(row.at("target_period"));
  c.path = {{*c.baseline_period, {}}, {*c.target_period, Number(row.at("target"))}};
  if (!row.at("upper").empty()) c.upper = {{*c.target_period, Number(row.at("upper"))}};
  if (!row.at("tolerance").empty()) c.tolerance = Number(row.at("tolerance"));
  return By(row.at("method"), c);
}

std::vector<Point> SeriesOf(const Fields& row) {
  std::vector<Point> points;
  for (const absl::string_view pair : absl::StrSplit(row.at("series"), ' ')) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(pair, ':');
    points.push_back({Whole(parts.first), Number(parts.second)});
  }
  return points;
}

TEST(GoldenTest, EveryOutputOfEveryMethod) {
  const std::vector<Fields> rows = GoldenRows();
  ASSERT_EQ(rows.size() % 8, 0u);
  ASSERT_GE(rows.size(), 120u);
  for (const Fields& row : rows) {
    SCOPED_TRACE(absl::StrCat(row.at("case"), ", ", row.at("method")));
    const std::vector<Point> series = SeriesOf(row);
    const auto run = Judge(CaseOf(row), series);
    ASSERT_TRUE(run.ok()) << run.status();
    const int64_t period = Whole(row.at("period"));
    // A threshold is met within 1e-9 of the ratio, so that the change that meets it
    // differs by as much of the figures.
    const double scale = std::max(std::abs(*series.back().value), std::abs(*series[0].value));
    for (const char* output : {"status", "score", "ratio", "expected", "projected", "required_pace",
                               "best_pace", "out_of_reach", "flip_change", "flip_status"}) {
      const std::string& wanted = row.at(output);
      const double got = run->Value(output, period);
      if (wanted.empty()) {
        EXPECT_TRUE(std::isnan(got)) << output << " is " << got;
      } else if (output == std::string("flip_change")) {
        EXPECT_NEAR(got, Number(wanted), 1e-7 * scale) << output;
      } else {
        EXPECT_NEAR(got, Number(wanted), 1e-10 * std::max(1.0, std::abs(got))) << output;
      }
    }
    if (!row.at("status").empty()) {
      EXPECT_EQ(run->Value("rests_on_provisional", period), 0);
    }
  }
}

}  // namespace
}  // namespace policytrack::plugins
