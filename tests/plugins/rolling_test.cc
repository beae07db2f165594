// Golden figures of `rolling`, with their sources, and the traps.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"
#include "tests/plugins/window_property.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;
constexpr v1::Accumulation kFlow = v1::ACCUMULATION_FLOW;
constexpr v1::Accumulation kToDate = v1::ACCUMULATION_YEAR_TO_DATE;

constexpr auto kInputMissing = v1::MISSING_REASON_INPUT_MISSING;
constexpr auto kPartMissing = v1::MISSING_REASON_PART_MISSING;
constexpr auto kTooFewPoints = v1::MISSING_REASON_TOO_FEW_POINTS;
constexpr auto kUndefined = v1::MISSING_REASON_UNDEFINED;
constexpr auto kSeriesBreak = v1::MISSING_REASON_SERIES_BREAK;

absl::StatusOr<Run> Rolling(v1::Frequency frequency, const std::string& parameters,
                            const std::vector<Point>& points, v1::Accumulation accumulation = kFlow,
                            int year_start_month = 1) {
  return RunPlugin("rolling", frequency, parameters, {{"value", points, "vehicles", accumulation}});
}

int64_t Month(const std::string& text) { return Ordinal(kMonth, text); }

TEST(RollingTest, OverTheLastPeriods) {
  const std::vector<Point> points = {{1, 4}, {2, -1}, {3, 7}, {4, 2}};
  const struct {
    const char* method;
    double third, fourth;
  } kCases[] = {
      {"sum", 10, 8}, {"mean", 10.0 / 3, 8.0 / 3}, {"minimum", -1, -1}, {"maximum", 7, 7}};
  for (const auto& c : kCases) {
    const auto run =
        Rolling(kYear, std::string(R"({"periods": 3, "method": ")") + c.method + "\"}", points);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Reason("value", 1), kTooFewPoints) << c.method;
    EXPECT_EQ(run->Reason("value", 2), kTooFewPoints) << c.method;
    EXPECT_EQ(run->Value("value", 3), c.third) << c.method;
    EXPECT_EQ(run->Value("value", 4), c.fourth) << c.method;
    EXPECT_EQ(run->Reason("year_to_date", 4), kUndefined) << c.method;
  }
}

// "6.4.2.1. Single Moving Average" of the e-Handbook of Statistical Methods
// (NIST/SEMATECH): what twelve suppliers deliver, and the means of three.
TEST(RollingTest, TheMovingMeansOfTheHandbookOfNist) {
  const std::vector<double> delivered = {9, 8, 9, 12, 9, 12, 11, 7, 13, 9, 11, 10};
  const std::vector<double> means = {8.667, 9.667, 10, 11, 10.667, 10, 10.333, 9.667, 11, 10};
  std::vector<Point> points;
  for (const double value : delivered) {
    points.push_back({static_cast<int64_t>(points.size()) + 1, value});
  }
  const auto run = Rolling(kYear, R"({"periods": 3, "method": "mean"})", points);
  ASSERT_TRUE(run.ok()) << run.status();
  for (size_t i = 0; i < means.size(); ++i) {
    EXPECT_NEAR(run->Value("value", static_cast<int64_t>(i) + 3), means[i], 0.0005);
  }
}

TEST(RollingTest, StocksAndLevelsHaveMeansAndExtremes) {
  for (const v1::Accumulation accumulation : {v1::ACCUMULATION_STOCK, v1::ACCUMULATION_LEVEL}) {
    const auto run =
        Rolling(kYear, R"({"periods": 2, "method": "mean"})", {{1, 4}, {2, 5}}, accumulation);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("value", 2), 4.5);
  }
}

// A period without a row is a period without a value, and nothing is ever zero.
TEST(RollingTest, MissingPeriodsAreMissing) {
  const std::vector<Point> points = {{1, 4}, {2, {}}, {4, 6}, {5, 8}, {6, {}}, {7, {}}, {8, {}}};
  const auto all = Rolling(kYear, R"({"periods": 2, "method": "sum"})", points);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->Reason("value", 2), kTooFewPoints);
  EXPECT_EQ(all->Reason("value", 4), kTooFewPoints);
  EXPECT_EQ(all->Value("value", 5), 14);
  EXPECT_EQ(all->FlagsAt("value", 5), kNormal);
  EXPECT_EQ(all->Reason("value", 6), kTooFewPoints);
  EXPECT_EQ(all->Reason("value", 7), kInputMissing);
  const auto some = Rolling(kYear, R"({"periods": 4, "at_least": 2, "method": "mean"})", points);
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->Reason("value", 1), kTooFewPoints);
  EXPECT_EQ(some->Value("value", 4), 5);  // of 4 and 6
  EXPECT_EQ(some->FlagsAt("value", 4), kEstimated);
  EXPECT_EQ(some->Value("value", 7), 7);
  EXPECT_EQ(some->Reason("value", 8), kTooFewPoints);
}

TEST(RollingTest, WhatLeavesSomethingOutIsMarked) {
  const std::vector<Point> points = {{1, 4}, {2, {}}, {3, 6, kProvisional}, {4, 5}, {5, 5}};
  const auto run = Rolling(kYear, R"({"periods": 2, "at_least": 1, "method": "sum"})", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", 2), 4);
  EXPECT_EQ(run->FlagsAt("value", 2), kEstimated);
  EXPECT_EQ(run->FlagsAt("value", 3), kProvisional);
  EXPECT_EQ(run->FlagsAt("value", 4), kProvisional);
  EXPECT_EQ(run->FlagsAt("value", 5), kNormal);
}

TEST(RollingTest, BreaksAreNotCrossedUnlessTold) {
  const std::vector<Point> points = {{1, 1}, {2, 2},          {3, 4, kBreak},
                                     {4, 8}, {5, {}, kBreak}, {6, 9}};
  const auto run = Rolling(kYear, R"({"periods": 2, "at_least": 1, "method": "sum"})", points);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", 2), 3);
  EXPECT_EQ(run->Reason("value", 3), kSeriesBreak);
  EXPECT_EQ(run->Value("value", 4), 12);  // the mark is at the first period covered
  EXPECT_EQ(run->FlagsAt("value", 4), kNormal);
  EXPECT_EQ(run->Value("value", 5), 8);  // all before the break
  EXPECT_EQ(run->Value("value", 6), 9);  // all after it
  const auto told = Rolling(
      kYear, R"({"periods": 3, "at_least": 1, "method": "sum", "across_breaks": true})", points);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->Value("value", 4), 14);
  EXPECT_EQ(told->FlagsAt("value", 4), kBreak);
  EXPECT_EQ(told->Value("value", 6), 17);
  EXPECT_EQ(told->FlagsAt("value", 6), kBreak | kEstimated);
}

TEST(RollingTest, TotalsOfTheYear) {
  const auto run = Rolling(kMonth, R"({"method": "year_to_date"})",
                           {{Month("2023-11"), 1},
                            {Month("2023-12"), 2},
                            {Month("2024-01"), 3},
                            {Month("2024-02"), 4, kEstimated},
                            {Month("2024-03"), 5},
                            {Month("2025-01"), 6},
                            {Month("2025-03"), 7},
                            {Month("2026-01"), 8, kBreak},
                            {Month("2026-02"), 9},
                            {Month("2026-03"), {}},
                            {Month("2026-04"), 10, kBreak}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("year_to_date", Month("2023-12")), kPartMissing);
  EXPECT_EQ(run->Value("year_to_date", Month("2024-01")), 3);
  EXPECT_EQ(run->Value("year_to_date", Month("2024-03")), 12);
  EXPECT_EQ(run->FlagsAt("year_to_date", Month("2024-03")), kEstimated);
  EXPECT_EQ(run->Reason("value", Month("2024-03")), kUndefined);
  EXPECT_EQ(run->FlagsAt("year_to_date", Month("2025-01")), kNormal);
  EXPECT_EQ(run->Reason("year_to_date", Month("2025-03")), kPartMissing);
  EXPECT_EQ(run->Value("year_to_date", Month("2026-02")), 17);
  EXPECT_EQ(run->FlagsAt("year_to_date", Month("2026-02")), kNormal);
  EXPECT_EQ(run->Reason("year_to_date", Month("2026-03")), kInputMissing);
  EXPECT_EQ(run->Reason("year_to_date", Month("2026-04")), kPartMissing);
}

TEST(RollingTest, TheYearOfDaysAndWeeksBeginsByTheCalendar) {
  const v1::Frequency day = v1::FREQUENCY_DAY;
  std::vector<Point> points;
  for (int64_t d = Ordinal(day, "2023-12-30"); d <= Ordinal(day, "2024-12-31"); ++d) {
    points.push_back({d, 1});
  }
  const auto days = Rolling(day, R"({"method": "year_to_date"})", points);
  ASSERT_TRUE(days.ok()) << days.status();
  EXPECT_EQ(days->Value("year_to_date", Ordinal(day, "2024-01-01")), 1);
  EXPECT_EQ(days->Value("year_to_date", Ordinal(day, "2024-03-01")), 61);  // a leap day between
  EXPECT_EQ(days->Value("year_to_date", Ordinal(day, "2024-12-31")), 366);
  const v1::Frequency week = v1::FREQUENCY_WEEK;
  points.clear();
  for (int64_t w = Ordinal(week, "2020-W01"); w <= Ordinal(week, "2021-W02"); ++w) {
    points.push_back({w, 1});
  }
  const auto weeks = Rolling(week, R"({"method": "year_to_date"})", points);
  ASSERT_TRUE(weeks.ok()) << weeks.status();
  EXPECT_EQ(weeks->Value("year_to_date", Ordinal(week, "2020-W53")), 53);
  EXPECT_EQ(weeks->Value("year_to_date", Ordinal(week, "2021-W01")), 1);
}

TEST(RollingTest, TotalsSinceAStart) {
  const std::vector<Point> points = {{2018, {}}, {2019, 1}, {2020, 2},         {2021, 4},
                                     {2022, {}}, {2023, 8}, {2024, 16, kBreak}};
  const auto first = Rolling(kYear, R"({"method": "since_first"})", points);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->Reason("value", 2018), kInputMissing);
  EXPECT_EQ(first->Value("value", 2019), 1);
  EXPECT_EQ(first->Value("value", 2021), 7);
  EXPECT_EQ(first->Reason("value", 2022), kInputMissing);
  EXPECT_EQ(first->Reason("value", 2023), kPartMissing);
  const auto since = Rolling(kYear, R"({"method": "since_period", "since": "2023"})", points);
  ASSERT_TRUE(since.ok()) << since.status();
  EXPECT_EQ(since->Reason("value", 2021), kUndefined);
  EXPECT_EQ(since->Value("value", 2023), 8);
  EXPECT_EQ(since->Reason("value", 2024), kSeriesBreak);
  const auto told = Rolling(
      kYear, R"({"method": "since_period", "since": "2023", "across_breaks": true})", points);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->Value("value", 2024), 24);
  EXPECT_EQ(told->FlagsAt("value", 2024), kBreak);
}

// Output of new-energy vehicles in 2021: 1.284 million in January-June, 273
// thousand in June (National Bureau of Statistics of China), 317 thousand in
// January and February together.
TEST(RollingTest, PeriodsComeFromYearToDateTotals) {
  const std::vector<Point> points = {{Month("2021-02"), 317000},
                                     {Month("2021-05"), 1284000 - 273000},
                                     {Month("2021-06"), 1284000, kProvisional}};
  const auto one = Rolling(kMonth, R"({"periods": 1, "method": "sum"})", points, kToDate);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->Value("value", Month("2021-06")), 273000);
  EXPECT_EQ(one->FlagsAt("value", Month("2021-06")), kProvisional);
  // January and February are published together and cannot be told apart.
  EXPECT_EQ(one->Reason("value", Month("2021-02")), kPartMissing);
  EXPECT_EQ(one->Reason("value", Month("2021-05")), kPartMissing);
  const auto two = Rolling(kMonth, R"({"periods": 2, "method": "sum"})", points, kToDate);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->Value("value", Month("2021-02")), 317000);
  const auto mean = Rolling(kMonth, R"({"periods": 4, "method": "mean"})", points, kToDate);
  ASSERT_TRUE(mean.ok()) << mean.status();
  EXPECT_EQ(mean->Value("value", Month("2021-06")), (1284000 - 317000) / 4.0);
}

TEST(RollingTest, TwelveMonthsOfYearToDateTotalsOverTheNewYear) {
  const std::vector<Point> points = {{Month("2022-12"), 90},        {Month("2023-03"), 30},
                                     {Month("2023-12"), 100},       {Month("2024-02"), 25},
                                     {Month("2024-03"), 40},        {Month("2024-12"), 120},
                                     {Month("2025-03"), 50, kBreak}};
  const auto run = Rolling(kMonth, R"({"periods": 12, "method": "sum"})", points, kToDate);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", Month("2023-12")), 100);
  EXPECT_EQ(run->Value("value", Month("2024-03")), 100 - 30 + 40);
  EXPECT_EQ(run->Reason("value", Month("2024-02")), kPartMissing);  // no February 2023
  EXPECT_EQ(run->Reason("value", Month("2025-03")), kSeriesBreak);
  const auto over = [&](const char* periods) {
    const auto longer = Rolling(
        kMonth, std::string(R"({"method": "sum", "periods": )") + periods + "}", points, kToDate);
    EXPECT_TRUE(longer.ok()) << longer.status();
    return longer->Value("value", Month("2024-12"));
  };
  EXPECT_EQ(over("21"), 120 + 100 - 30);  // April 2023 to December 2024
  EXPECT_EQ(over("24"), 120 + 100);       // two whole years
  EXPECT_EQ(over("36"), 120 + 100 + 90);
  EXPECT_TRUE(std::isnan(over("22")));  // no February 2023
}

// A whole year that begins with the break is of one piece; one that reaches back
// before it is not, whether what is before enters or is taken off.
TEST(RollingTest, YearToDateTotalsOnBothSidesOfABreak) {
  const std::vector<Point> points = {{Month("2023-01"), 4},
                                     {Month("2023-12"), 100},
                                     {Month("2024-01"), 10, kBreak},
                                     {Month("2024-02"), 25},
                                     {Month("2024-12"), 120}};
  const auto over = [&](const char* periods) {
    const auto run = Rolling(
        kMonth, std::string(R"({"method": "sum", "periods": )") + periods + "}", points, kToDate);
    EXPECT_TRUE(run.ok()) << run.status();
    return *run;
  };
  EXPECT_EQ(over("12").Value("value", Month("2024-12")), 120);
  EXPECT_EQ(over("11").Value("value", Month("2024-12")), 110);
  EXPECT_EQ(over("24").Reason("value", Month("2024-12")), kSeriesBreak);
  EXPECT_EQ(over("12").Reason("value", Month("2024-01")), kSeriesBreak);
}

TEST(RollingTest, TotalsSinceAStartFromYearToDateTotals) {
  const std::vector<Point> points = {{Month("2022-11"), 80},
                                     {Month("2022-12"), 90},
                                     {Month("2023-03"), 30},
                                     {Month("2023-12"), 100},
                                     {Month("2024-03"), 40}};
  const auto first = Rolling(kMonth, R"({"method": "since_first"})", points, kToDate);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->Value("value", Month("2022-11")), 80);  // since January 2022
  EXPECT_EQ(first->Value("value", Month("2024-03")), 90 + 100 + 40);
  const auto since =
      Rolling(kMonth, R"({"method": "since_period", "since": "2022-12"})", points, kToDate);
  ASSERT_TRUE(since.ok()) << since.status();
  EXPECT_EQ(since->Reason("value", Month("2022-11")), kUndefined);
  EXPECT_EQ(since->Value("value", Month("2022-12")), 10);
  EXPECT_EQ(since->Value("value", Month("2023-03")), 40);
  const auto later =
      Rolling(kMonth, R"({"method": "since_period", "since": "2023-02"})", points, kToDate);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->Reason("value", Month("2023-03")), kPartMissing);  // no January
}

TEST(RollingTest, SumsDoNotDrift) {
  std::vector<Point> points;
  for (int64_t i = 1; i <= 1000; ++i) points.push_back({i, 0.1});
  for (const char* parameters :
       {R"({"method": "since_first"})", R"({"method": "sum", "periods": 1000})"}) {
    const auto run = Rolling(v1::FREQUENCY_DAY, parameters, points);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("value", 1000), 100) << parameters;
  }
}

TEST(RollingTest, WhatIsBeyondDoublesIsUndefined) {
  const auto run = Rolling(kYear, R"({"periods": 2, "method": "sum"})", {{1, 1e308}, {2, 1e308}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("value", 2), kUndefined);
}

TEST(RollingTest, WhatMakesNoSenseIsRefusedWithWords) {
  constexpr auto kStock = v1::ACCUMULATION_STOCK;
  constexpr auto kLevel = v1::ACCUMULATION_LEVEL;
  const struct {
    const char* parameters;
    v1::Accumulation accumulation;
    const char* words;
  } kCases[] = {
      {R"({"method": "sum", "periods": 2})", kStock, "counts the same things anew"},
      {R"({"method": "since_first"})", kStock, "counts the same things anew"},
      {R"({"method": "year_to_date"})", kLevel, "do not add up over time"},
      {R"({"method": "sum", "periods": 2})", kLevel, "do not add up over time"},
      {R"({"method": "year_to_date"})", kToDate, "since the start of the year already"},
      {R"({"method": "minimum", "periods": 2})", kToDate, "start anew every year"},
      {R"({"method": "maximum", "periods": 2})", kToDate, "start anew every year"},
      {R"({"method": "sum", "periods": 2, "at_least": 1})", kToDate, "differences of two"},
      {R"({"method": "sum"})", kFlow, "periods must be given"},
      {R"({"method": "sum", "periods": 2, "at_least": 3})", kFlow, "at_least is more"},
      {R"({"method": "year_to_date", "periods": 2})", kFlow, "are for methods sum"},
      {R"({"method": "since_period"})", kFlow, "needs since"},
      {R"({"method": "sum", "periods": 2, "since": "2024"})", kFlow, "is for method since_period"},
      {R"({"method": "since_period", "since": "2024-03"})", kFlow, "are of the form 2024"},
  };
  for (const auto& c : kCases) {
    const auto run = Rolling(kYear, c.parameters, {{2024, 1}}, c.accumulation);
    EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << c.parameters << run.status();
    EXPECT_NE(run.status().message().find(c.words), std::string::npos) << run.status();
  }
}

TEST(RollingPropertyTest, WindowsArePartsOfTheWhole) {
  Histories flow;
  flow.feeds = {{"value", {}}};
  for (const char* parameters :
       {R"({"method": "sum", "periods": 1})", R"({"method": "sum", "periods": 12})",
        R"({"method": "mean", "periods": 5, "at_least": 2})",
        R"({"method": "minimum", "periods": 4, "at_least": 3, "across_breaks": true})",
        R"({"method": "maximum", "periods": 7, "at_least": 1})", R"({"method": "year_to_date"})",
        R"({"method": "since_first"})", R"({"method": "since_period", "since": "2001-03"})"}) {
    ExpectWindowsArePartsOfTheWhole("rolling", parameters, flow);
  }
  Histories to_date = flow;
  to_date.feeds[0].accumulation = kToDate;
  for (const char* parameters :
       {R"({"method": "sum", "periods": 1})", R"({"method": "sum", "periods": 12})",
        R"({"method": "mean", "periods": 17, "across_breaks": true})",
        R"({"method": "since_first"})", R"({"method": "since_period", "since": "2001-03"})"}) {
    ExpectWindowsArePartsOfTheWhole("rolling", parameters, to_date);
  }
  for (const v1::Frequency frequency : {v1::FREQUENCY_DAY, v1::FREQUENCY_WEEK}) {
    Histories long_ones = flow;
    long_ones.frequency = frequency;
    long_ones.first_period = 2700;
    long_ones.longest = frequency == v1::FREQUENCY_DAY ? 800 : 130;
    ExpectWindowsArePartsOfTheWhole("rolling", R"({"method": "year_to_date"})", long_ones);
  }
}

}  // namespace
}  // namespace policytrack::plugins
