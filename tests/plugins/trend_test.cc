// `trend` against golden figures that were made another way (golden/trend.py), the
// quantiles against published tables, and the traps.
#include <cmath>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "plugins/builtin/trend/student_t.h"
#include "tests/plugins/plugin_runner.h"
#include "tests/plugins/window_property.h"

namespace policytrack::plugins {
namespace {

using Value = google::protobuf::Value;

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;

const char* const kOutputs[] = {"fitted", "slope", "growth_rate", "projected",
                                "lower",  "upper", "r_squared"};

google::protobuf::Struct Golden() {
  std::ifstream file(TREND_GOLDEN);
  std::stringstream text;
  text << file.rdbuf();
  google::protobuf::Struct golden;
  const auto status = google::protobuf::util::JsonStringToMessage(text.str(), &golden);
  EXPECT_TRUE(status.ok()) << TREND_GOLDEN << ": " << status.ToString();
  return golden;
}

const Value& Field(const Value& value, const std::string& name) {
  return value.struct_value().fields().at(name);
}

double Number(const Value& list, int i) { return list.list_value().values(i).number_value(); }

absl::StatusOr<Run> Trend(v1::Frequency frequency, const std::string& parameters,
                          const std::vector<Point>& points,
                          v1::Accumulation accumulation = v1::ACCUMULATION_STOCK) {
  return RunPlugin("trend", frequency, parameters, {{"value", points, "vehicles", accumulation}});
}

std::vector<Point> Line(int64_t first, int64_t last, double at_first, double step) {
  std::vector<Point> points;
  for (int64_t p = first; p <= last; ++p) {
    points.push_back({p, at_first + step * static_cast<double>(p - first)});
  }
  return points;
}

void ExpectAll(const Run& run, int64_t period, v1::MissingReason reason) {
  for (const char* output : kOutputs) EXPECT_EQ(run.Reason(output, period), reason) << output;
}

TEST(TrendGoldenTest, AgreesToNineDigits) {
  const google::protobuf::Struct golden = Golden();
  int compared = 0;
  for (const Value& c : golden.fields().at("cases").list_value().values()) {
    SCOPED_TRACE(Field(c, "name").string_value());
    v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
    ASSERT_TRUE(
        v1::Frequency_Parse("FREQUENCY_" + Field(c, "frequency").string_value(), &frequency));
    v1::Accumulation accumulation = v1::ACCUMULATION_UNSPECIFIED;
    ASSERT_TRUE(v1::Accumulation_Parse("ACCUMULATION_" + Field(c, "accumulation").string_value(),
                                       &accumulation));
    std::vector<Point> points;
    for (const Value& point : Field(c, "points").list_value().values()) {
      points.push_back({static_cast<int64_t>(Number(point, 0)), Number(point, 1)});
    }
    std::string parameters;
    ASSERT_TRUE(
        google::protobuf::util::MessageToJsonString(Field(c, "parameters"), &parameters).ok());
    const auto run = Trend(frequency, parameters, points, accumulation);
    ASSERT_TRUE(run.ok()) << run.status();
    for (const char* output : kOutputs) {
      const auto& expected = Field(c, "expected").struct_value().fields();
      const auto found = expected.find(output);
      size_t values = 0;
      for (Flags flags : run->outputs.at(output).flags) values += IsMissing(flags) ? 0 : 1;
      if (found == expected.end()) {
        EXPECT_EQ(values, 0u) << output;
        continue;
      }
      EXPECT_EQ(values, static_cast<size_t>(found->second.list_value().values_size())) << output;
      for (const Value& row : found->second.list_value().values()) {
        const double wanted = Number(row, 1);
        EXPECT_NEAR(run->Value(output, static_cast<int64_t>(Number(row, 0))), wanted,
                    1e-9 * std::fabs(wanted))
            << output << " at " << Number(row, 0);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 2000);
}

TEST(StudentTest, QuantilesAgreeWithGoldenOnes) {
  const google::protobuf::Struct golden = Golden();
  for (const Value& row : golden.fields().at("quantiles").list_value().values()) {
    const double wanted = Number(row, 2);
    EXPECT_NEAR(trend::StudentQuantile(Number(row, 0) / 100, static_cast<int64_t>(Number(row, 1))),
                wanted, 1e-12 * wanted)
        << Number(row, 0) << " % with " << Number(row, 1);
  }
}

// The table of NIST/SEMATECH, e-Handbook of Statistical Methods, 1.3.6.7.2, to the
// three decimals that it has: upper critical values for 0.10, 0.05, 0.025, 0.01 and
// 0.005.
TEST(StudentTest, QuantilesAreThoseOfThePublishedTable) {
  const struct {
    int64_t freedom;
    double values[5];
  } kTable[] = {
      {1, {3.078, 6.314, 12.706, 31.821, 63.657}}, {2, {1.886, 2.920, 4.303, 6.965, 9.925}},
      {3, {1.638, 2.353, 3.182, 4.541, 5.841}},    {4, {1.533, 2.132, 2.776, 3.747, 4.604}},
      {5, {1.476, 2.015, 2.571, 3.365, 4.032}},    {6, {1.440, 1.943, 2.447, 3.143, 3.707}},
      {7, {1.415, 1.895, 2.365, 2.998, 3.499}},    {8, {1.397, 1.860, 2.306, 2.896, 3.355}},
      {9, {1.383, 1.833, 2.262, 2.821, 3.250}},    {10, {1.372, 1.812, 2.228, 2.764, 3.169}},
      {15, {1.341, 1.753, 2.131, 2.602, 2.947}},   {20, {1.325, 1.725, 2.086, 2.528, 2.845}},
      {25, {1.316, 1.708, 2.060, 2.485, 2.787}},   {30, {1.310, 1.697, 2.042, 2.457, 2.750}},
      {40, {1.303, 1.684, 2.021, 2.423, 2.704}},   {60, {1.296, 1.671, 2.000, 2.390, 2.660}},
      {100, {1.290, 1.660, 1.984, 2.364, 2.626}}};
  const double kTails[] = {0.10, 0.05, 0.025, 0.01, 0.005};
  for (const auto& row : kTable) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_NEAR(trend::StudentQuantile(1 - 2 * kTails[i], row.freedom), row.values[i], 0.0005001)
          << row.freedom << " " << kTails[i];
    }
  }
}

TEST(StudentTest, ManyDegreesOfFreedomAreTheNormalDistribution) {
  // Up to the first term of the expansion in one over the degrees of freedom.
  const double z = 1.959963984540054;
  EXPECT_NEAR(trend::StudentQuantile(0.95, 100000), z + (z * z * z + z) / 4e5, 1e-9);
  EXPECT_EQ(trend::StudentCentralProbability(0, 5), 0);
}

TEST(TrendTest, OnALineThereIsNoDoubt) {
  const auto run = Trend(kYear, R"({"horizon": 6})", Line(2015, 2024, 5, 2));
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("fitted", 2024), 23);
  EXPECT_EQ(run->Value("slope", 2024), 2);
  EXPECT_EQ(run->Value("projected", 2024), 35);
  EXPECT_EQ(run->Value("lower", 2024), 35);
  EXPECT_EQ(run->Value("upper", 2024), 35);
  EXPECT_EQ(run->Value("r_squared", 2024), 1);
  EXPECT_EQ(run->Reason("growth_rate", 2024), v1::MISSING_REASON_UNDEFINED);
}

TEST(TrendTest, TheSlopeIsThatOfAYear) {
  const auto run = Trend(kMonth, R"({"horizon": 12})", Line(24000, 24011, 5, 2));
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("slope", 24011), 24);
  EXPECT_EQ(run->Value("projected", 24011), 27 + 24);
}

TEST(TrendTest, EqualGrowthIsACompoundLine) {
  const auto run = Trend(kYear, R"({"curve": "compound", "horizon": 2})",
                         {{1, 100}, {2, 110}, {3, 121}, {4, 133.1}, {5, 146.41}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("growth_rate", 5), 10, 1e-12);
  EXPECT_NEAR(run->Value("slope", 5), 14.641, 1e-12);
  EXPECT_NEAR(run->Value("projected", 5), 177.1561, 1e-11);
}

// What was known in 2020 is not changed by what came later.
TEST(TrendTest, OnlyWhatIsUpToThePeriodCounts) {
  std::vector<Point> points = Line(2010, 2020, 1, 1);
  const auto then = Trend(kYear, "{}", points);
  ASSERT_TRUE(then.ok()) << then.status();
  for (int64_t year = 2021; year <= 2025; ++year) points.push_back({year, 1000});
  const auto now = Trend(kYear, "{}", points);
  ASSERT_TRUE(now.ok()) << now.status();
  for (const char* output : {"fitted", "slope", "projected", "lower", "upper"}) {
    EXPECT_EQ(now->Value(output, 2020), then->Value(output, 2020)) << output;
  }
}

TEST(TrendTest, TimeIsByTheCalendar) {
  const auto run = Trend(kYear, R"({"min_points": 3})", {{2000, 0}, {2001, 1}, {2010, 10}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("slope", 2010), 1, 1e-15);
}

TEST(TrendTest, EqualFiguresHaveNoVariationToExplain) {
  const auto run = Trend(kYear, R"({"curve": "compound"})", Line(1, 5, 0.1, 0));
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("slope", 5), 0);
  EXPECT_EQ(run->Value("projected", 5), 0.1);
  EXPECT_EQ(run->Value("upper", 5), 0.1);
  EXPECT_EQ(run->Reason("r_squared", 5), v1::MISSING_REASON_UNDEFINED);
}

TEST(TrendTest, TooFewPoints) {
  const std::vector<Point> points = {{1, 1}, {2, 2}, {3, {}}, {4, 3}, {5, 5}};
  const auto run = Trend(kYear, "{}", points);
  ASSERT_TRUE(run.ok()) << run.status();
  ExpectAll(*run, 1, v1::MISSING_REASON_TOO_FEW_POINTS);
  ExpectAll(*run, 3, v1::MISSING_REASON_INPUT_MISSING);
  ExpectAll(*run, 4, v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_FALSE(std::isnan(run->Value("fitted", 5)));
  const auto two = Trend(kYear, R"({"min_points": 2})", points);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->Value("projected", 2), 3);
  EXPECT_EQ(two->Reason("lower", 2), v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_EQ(two->Reason("upper", 2), v1::MISSING_REASON_TOO_FEW_POINTS);
  const auto window = Trend(kYear, R"({"periods": 3, "min_points": 3})", points);
  ASSERT_TRUE(window.ok()) << window.status();
  ExpectAll(*window, 4, v1::MISSING_REASON_TOO_FEW_POINTS);
  ExpectAll(*window, 5, v1::MISSING_REASON_TOO_FEW_POINTS);
}

TEST(TrendTest, ZeroAndNegativeFiguresHaveNoLogarithm) {
  const auto run = Trend(kYear, R"({"curve": "compound", "periods": 4})",
                         {{1, -0.0}, {2, 1}, {3, 2}, {4, 4}, {5, 8}, {6, -1}});
  ASSERT_TRUE(run.ok()) << run.status();
  ExpectAll(*run, 4, v1::MISSING_REASON_UNDEFINED);
  EXPECT_NEAR(run->Value("projected", 5), 16, 1e-14);
  ExpectAll(*run, 6, v1::MISSING_REASON_UNDEFINED);
}

TEST(TrendTest, BreaksAreNotCrossedUnlessTold) {
  std::vector<Point> points = Line(1, 5, 1, 1);
  points.push_back({6, 100, kBreak});
  for (int64_t p = 7; p <= 9; ++p) points.push_back({p, 100.0 + 2.0 * static_cast<double>(p - 6)});
  const auto run = Trend(kYear, "{}", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("slope", 5), 1);
  ExpectAll(*run, 6, v1::MISSING_REASON_SERIES_BREAK);
  ExpectAll(*run, 8, v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Value("slope", 9), 2);
  EXPECT_EQ(run->FlagsAt("slope", 9), kNormal);
  const auto told = Trend(kYear, R"({"across_breaks": true})", points);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_GT(told->Value("slope", 9), 10);
  EXPECT_EQ(told->FlagsAt("slope", 9), kBreak);
  EXPECT_EQ(told->FlagsAt("slope", 5), kNormal);
}

TEST(TrendTest, ABreakAtTheFirstPointIsBehindAll) {
  const auto run = Trend(kYear, R"({"min_points": 3})",
                         {{1, 1, kBreak}, {2, 2}, {3, {}, kBreak}, {4, 4}, {5, 5}, {6, 6}});
  ASSERT_TRUE(run.ok()) << run.status();
  ExpectAll(*run, 2, v1::MISSING_REASON_TOO_FEW_POINTS);
  ExpectAll(*run, 5, v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Value("slope", 6), 1);
}

TEST(TrendTest, WorstQualityOfWhatCounts) {
  std::vector<Point> points = Line(1, 6, 1, 1);
  points[0].flags = kForecast;
  points[2].flags = kEstimated;
  points[5].flags = kImputed;
  const auto run = Trend(kYear, R"({"periods": 4})", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->FlagsAt("projected", 4), kForecast);
  EXPECT_EQ(run->FlagsAt("projected", 5), kEstimated);
  EXPECT_EQ(run->FlagsAt("projected", 6), kEstimated);
}

TEST(TrendTest, YearToDateTotalsCompareWithTheSamePartOfTheYear) {
  std::vector<Point> points;
  for (int64_t m = 24000; m <= 24047; ++m) {
    points.push_back({m, static_cast<double>((m % 12 + 1) * (m / 12 - 1990))});
  }
  constexpr auto kToDate = v1::ACCUMULATION_YEAR_TO_DATE;
  const auto run = Trend(kMonth, R"({"horizon": 12})", points, kToDate);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("projected", 24038), 3 * 14);  // March 2004, from four Marches
  EXPECT_EQ(run->Value("slope", 24038), 3);
  ExpectAll(*run, 24035, v1::MISSING_REASON_TOO_FEW_POINTS);
  const auto to = Trend(kMonth, R"({"horizon_period": "2010-03"})", points, kToDate);
  ASSERT_TRUE(to.ok()) << to.status();
  EXPECT_EQ(to->Value("projected", 24038), 3 * 20);
  EXPECT_EQ(to->Reason("projected", 24037), v1::MISSING_REASON_UNDEFINED);  // no February
  EXPECT_EQ(to->Value("fitted", 24037), 2 * 13);
}

TEST(TrendTest, AFixedHorizonEnds) {
  const std::vector<Point> points = Line(2020, 2032, 1, 1);
  const auto run = Trend(kYear, R"({"horizon_period": "2030"})", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("projected", 2029), 11);
  EXPECT_EQ(run->Reason("projected", 2030), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("lower", 2031), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("fitted", 2031), 12);
  const auto weighted =
      Trend(kYear, R"({"horizon_period": "2030", "method": "horizon_weighted"})", points);
  ASSERT_TRUE(weighted.ok()) << weighted.status();
  EXPECT_NEAR(weighted->Value("projected", 2029), 11, 1e-13);
  ExpectAll(*weighted, 2030, v1::MISSING_REASON_UNDEFINED);
}

TEST(TrendTest, RecentFiguresCountMore) {
  // Flat, then rising by 1 a year.
  std::vector<Point> points = Line(2000, 2009, 0, 0);
  for (const Point& p : Line(2010, 2019, 1, 1)) points.push_back(p);
  const auto slope = [&](const std::string& parameters) {
    const auto run = Trend(kYear, parameters, points);
    EXPECT_TRUE(run.ok()) << run.status();
    return run->Value("slope", 2019);
  };
  const double ordinary = slope("{}");
  const double by_distance = slope(R"({"method": "horizon_weighted", "horizon": 10})");
  const double near = slope(R"({"method": "horizon_weighted", "horizon": 1})");
  const double half_life = slope(R"({"method": "half_life", "half_life": 1})");
  EXPECT_LT(ordinary, by_distance);
  EXPECT_LT(by_distance, near);
  EXPECT_LT(near, half_life);
  EXPECT_NEAR(half_life, 1, 0.05);
}

TEST(TrendTest, WhatIsOlderThanAllWeightDoesNotCount) {
  const auto window =
      WindowOf("trend", kYear, R"({"method": "half_life", "half_life": 0.1})", {{"value", {}}});
  ASSERT_TRUE(window.ok()) << window.status();
  EXPECT_EQ(window->look_back, 6);
  const auto both =
      WindowOf("trend", kYear, R"({"method": "half_life", "half_life": 0.1, "periods": 5})",
               {{"value", {}}});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->look_back, 4);
  const auto all = WindowOf("trend", kYear, "{}", {{"value", {}}});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->look_back, kUnbounded);
  EXPECT_EQ(all->look_ahead, 0);
}

TEST(TrendTest, WhatIsBeyondDoublesIsUndefined) {
  const auto run = Trend(kYear, "{}", {{1, 1e308}, {2, -1e308}, {3, 1e308}, {4, -1e308}});
  ASSERT_TRUE(run.ok()) << run.status();
  ExpectAll(*run, 4, v1::MISSING_REASON_UNDEFINED);
}

TEST(TrendTest, WhatDoesNotFitIsRefusedWithWords) {
  constexpr auto kToDate = v1::ACCUMULATION_YEAR_TO_DATE;
  const struct {
    v1::Frequency frequency;
    v1::Accumulation accumulation;
    const char* parameters;
    const char* words;
  } kCases[] = {
      {kYear, v1::ACCUMULATION_FLOW, R"({"half_life": 2})", "only with method half_life"},
      {kYear, v1::ACCUMULATION_FLOW, R"({"method": "half_life"})", "needs half_life"},
      {kYear, v1::ACCUMULATION_FLOW, R"({"horizon": 2, "horizon_period": "2030"})", "not both"},
      {kYear, v1::ACCUMULATION_FLOW, R"({"horizon_period": "2030-01"})", "are of the form 2024"},
      {kMonth, kToDate, R"({"horizon": 6})", "12 periods or a multiple"},
      {kMonth, kToDate, "{}", "12 periods or a multiple"},
      {v1::FREQUENCY_WEEK, kToDate, "{}", "use months or longer"},
  };
  for (const auto& c : kCases) {
    const auto run = Trend(c.frequency, c.parameters, {{2024, 1}}, c.accumulation);
    EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << c.parameters << run.status();
    EXPECT_NE(run.status().message().find(c.words), std::string::npos) << run.status();
  }
}

TEST(TrendPropertyTest, WindowsArePartsOfTheWhole) {
  Histories histories;
  histories.feeds = {{"value", {}}};
  for (const char* parameters :
       {"{}", R"({"periods": 8, "horizon": 3})", R"({"periods": 9, "across_breaks": true})",
        R"({"method": "horizon_weighted", "horizon_period": "2003-06", "periods": 12})",
        R"({"method": "half_life", "half_life": 0.02, "min_points": 2})"}) {
    ExpectWindowsArePartsOfTheWhole("trend", parameters, histories);
  }
  histories.lowest = 1;
  ExpectWindowsArePartsOfTheWhole("trend", R"({"curve": "compound", "periods": 7})", histories);
  histories.feeds[0].accumulation = v1::ACCUMULATION_YEAR_TO_DATE;
  ExpectWindowsArePartsOfTheWhole(
      "trend", R"({"horizon": 12, "periods": 36, "min_points": 2, "across_breaks": true})",
      histories);
}

}  // namespace
}  // namespace policytrack::plugins
