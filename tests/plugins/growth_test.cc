// Golden figures of `growth`, with their sources, and the traps.
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;
constexpr v1::Frequency kDay = v1::FREQUENCY_DAY;
constexpr v1::Frequency kWeek = v1::FREQUENCY_WEEK;

absl::StatusOr<Run> Growth(v1::Frequency frequency, const std::string& parameters,
                           const std::vector<Point>& points,
                           v1::Accumulation accumulation = v1::ACCUMULATION_FLOW) {
  return RunPlugin("growth", frequency, parameters, {{"value", points, "vehicles", accumulation}});
}

// Charging points in China at the end of 2022, 2023 and 2024, in 10 000: 521.0,
// 859.6 (+65.0 %) and 1281.8 (+49.1 %), as the China Electric Vehicle Charging
// Infrastructure Promotion Alliance published them.
TEST(GrowthTest, ChargingPointsYearOnYear) {
  const auto run = Growth(kYear, "{}", {{2022, 5210000}, {2023, 8596000}, {2024, 12818000}},
                          v1::ACCUMULATION_STOCK);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("growth", 2022), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_NEAR(run->Value("growth", 2023), 65.0, 0.05);
  EXPECT_NEAR(run->Value("growth", 2024), 49.1, 0.05);
}

TEST(GrowthTest, CompoundOverTwoYears) {
  const auto run = Growth(kYear, R"({"method": "cagr", "years": 2})",
                          {{2022, 521.0}, {2023, 859.6}, {2024, 1281.8}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("growth", 2024), 56.8524374694737, 1e-12);
  EXPECT_EQ(run->Reason("growth", 2023), v1::MISSING_REASON_INPUT_MISSING);
}

// Two-year average growth: value added of industry above designated size fell
// by 13.5 % in January-February 2020 and rose by 35.1 % a year later, 8.1 % a
// year on average (National Bureau of Statistics of China, March 2021).
TEST(GrowthTest, TwoYearAverageAfterABaseEffect) {
  const auto run = Growth(kMonth, R"({"method": "cagr", "years": 2})",
                          {{Ordinal(kMonth, "2019-02"), 100},
                           {Ordinal(kMonth, "2020-02"), 86.5},
                           {Ordinal(kMonth, "2021-02"), 86.5 * 1.351}},
                          v1::ACCUMULATION_YEAR_TO_DATE);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("growth", Ordinal(kMonth, "2021-02")), 8.10249765847226, 1e-10);
}

TEST(GrowthTest, PreviousPeriodNeedsTheNeighbour) {
  const auto run = Growth(kMonth, R"({"method": "previous_period"})",
                          {{24000, 50}, {24001, 60}, {24003, 90}, {24004, 45}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("growth", 24001), 20);
  EXPECT_EQ(run->Reason("growth", 24003), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Value("growth", 24004), -50);
}

TEST(GrowthTest, TwoMonthsGrowOnTwoMonths) {
  const int64_t january = 2024 * 12;
  const std::vector<Point> points = {{january - 11, 100, kJoint},  // 2023-02
                                     {january - 10, 50},
                                     {january + 1, 110, kJoint},
                                     {january + 2, 66},
                                     {january + 13, 60}};  // 2025-02, alone
  const auto yearly = Growth(kMonth, "{}", points);
  ASSERT_TRUE(yearly.ok()) << yearly.status();
  EXPECT_DOUBLE_EQ(yearly->Value("growth", january + 1), 10);
  EXPECT_EQ(yearly->FlagsAt("growth", january + 1), kJoint);
  EXPECT_DOUBLE_EQ(yearly->Value("growth", january + 2), 32);
  EXPECT_EQ(yearly->Reason("growth", january + 13), v1::MISSING_REASON_UNDEFINED);
  const auto monthly = Growth(kMonth, R"({"method": "previous_period"})", points);
  ASSERT_TRUE(monthly.ok()) << monthly.status();
  EXPECT_EQ(monthly->Reason("growth", january + 2), v1::MISSING_REASON_UNDEFINED);
}

TEST(GrowthTest, PreviousPeriodRefusesYearToDate) {
  const auto run = Growth(kMonth, R"({"method": "previous_period"})", {{24000, 50}},
                          v1::ACCUMULATION_YEAR_TO_DATE);
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << run.status();
}

TEST(GrowthTest, YearsGoesWithCagrOnly) {
  const auto run = Growth(kYear, R"({"years": 2})", {{2020, 1}});
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << run.status();
}

TEST(GrowthTest, CagrFromTheFirstValueNeedsAYear) {
  const auto run = Growth(kMonth, R"({"method": "cagr"})",
                          {{24000, {}}, {24001, 100}, {24006, 150}, {24013, 121}, {24025, 121}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("growth", 24000), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("growth", 24001), v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_EQ(run->Reason("growth", 24006), v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_NEAR(run->Value("growth", 24013), 21, 1e-12);
  EXPECT_NEAR(run->Value("growth", 24025), 10, 1e-12);
}

TEST(GrowthTest, CagrOfYearToDateStartsAtTheSamePartOfTheYear) {
  const auto run =
      Growth(kMonth, R"({"method": "cagr"})", {{24000, 10}, {24002, 40}, {24014, 50}, {24024, 40}},
             v1::ACCUMULATION_YEAR_TO_DATE);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("growth", 24014), 25, 1e-12);   // on 24002, not on 24000
  EXPECT_NEAR(run->Value("growth", 24024), 100, 1e-12);  // two years after 24000
}

TEST(GrowthTest, ZeroNegativeAndMissingBases) {
  const auto run = Growth(kYear, "{}",
                          {{2010, 0},
                           {2011, 5},
                           {2012, -1},
                           {2013, -2},
                           {2014, 3},
                           {2015, {}},
                           {2016, 4},
                           {2017, 0},
                           {2018, -0.0}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("growth", 2011), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(run->Reason("growth", 2012), v1::MISSING_REASON_UNDEFINED);  // sign change
  EXPECT_EQ(run->Reason("growth", 2013), v1::MISSING_REASON_UNDEFINED);  // negative base
  EXPECT_EQ(run->Reason("growth", 2014), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("growth", 2015), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("growth", 2016), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Value("growth", 2017), -100);
  EXPECT_EQ(run->Reason("growth", 2018), v1::MISSING_REASON_ZERO_BASE);
}

// From 2025 Henan counts cars where they are built: January-February 2025 does
// not compare with the year before.
TEST(GrowthTest, ABreakIsNotCrossedUnlessTold) {
  const std::vector<Point> points = {{24000, 10}, {24006, 20, kBreak}, {24012, 30}, {24018, 25}};
  const auto run = Growth(kMonth, "{}", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("growth", 24012), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Value("growth", 24018), 25);  // both after the break
  EXPECT_EQ(run->FlagsAt("growth", 24018), kNormal);
  const auto told = Growth(kMonth, R"({"across_breaks": true})", points);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->Value("growth", 24012), 200);
  EXPECT_EQ(told->FlagsAt("growth", 24012), kBreak);
}

TEST(GrowthTest, ABreakAtTheValueItselfCounts) {
  const auto run = Growth(kYear, "{}", {{2020, 10}, {2021, 20, kBreak}, {2022, 30}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("growth", 2021), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Value("growth", 2022), 50);
}

TEST(GrowthTest, WorstQualityOfBoth) {
  const auto run = Growth(kYear, "{}", {{2020, 10, kForecast}, {2021, 20, kEstimated}, {2022, 1}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->FlagsAt("growth", 2021), kForecast);
  EXPECT_EQ(run->FlagsAt("growth", 2022), kEstimated);
}

TEST(GrowthTest, LeapDayHasNoBase) {
  std::vector<Point> points;
  for (const char* day : {"2023-02-28", "2023-03-01", "2024-02-28", "2024-02-29", "2024-03-01"}) {
    points.push_back({Ordinal(kDay, day), 10.0 + static_cast<double>(points.size())});
  }
  const auto run = Growth(kDay, "{}", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("growth", Ordinal(kDay, "2024-02-28")), 20, 1e-12);
  EXPECT_EQ(run->Reason("growth", Ordinal(kDay, "2024-02-29")), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_NEAR(run->Value("growth", Ordinal(kDay, "2024-03-01")), 100.0 * 3 / 11, 1e-12);
}

TEST(GrowthTest, Week53HasABaseOnlyInALongYear) {
  const auto run = Growth(kWeek, "{}",
                          {{Ordinal(kWeek, "2019-W52"), 10},
                           {Ordinal(kWeek, "2020-W52"), 20},
                           {Ordinal(kWeek, "2020-W53"), 30},
                           {Ordinal(kWeek, "2021-W01"), 40}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("growth", Ordinal(kWeek, "2020-W52")), 100);
  EXPECT_EQ(run->Reason("growth", Ordinal(kWeek, "2020-W53")), v1::MISSING_REASON_INPUT_MISSING);
}

TEST(GrowthTest, WindowReachesAsFarAsTheMethodLooks) {
  const auto look_back = [&](const std::string& parameters, v1::Frequency frequency) {
    const auto window = WindowOf("growth", frequency, parameters, {{"value", {}}});
    EXPECT_TRUE(window.ok()) << window.status();
    EXPECT_EQ(window->look_ahead, 0);
    return window->look_back;
  };
  EXPECT_EQ(look_back(R"({"method": "previous_period"})", kMonth), 1);
  EXPECT_EQ(look_back("{}", kMonth), 12);
  EXPECT_EQ(look_back("{}", kDay), 366);
  EXPECT_EQ(look_back("{}", kWeek), 53);
  EXPECT_EQ(look_back(R"({"method": "cagr", "years": 3})", v1::FREQUENCY_QUARTER), 12);
  EXPECT_EQ(look_back(R"({"method": "cagr"})", kYear), kUnbounded);
  EXPECT_EQ(look_back(R"({"method": "two_year_average"})", v1::FREQUENCY_HALF_YEAR), 4);
}

}  // namespace
}  // namespace policytrack::plugins
