// Published growth beside computed growth in `growth`, and growth on two-year
// average, with figures as they were published.
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"
#include "tests/plugins/window_property.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;

Feed Values(const std::vector<Point>& points, const std::string& unit = "vehicles",
            v1::Accumulation accumulation = v1::ACCUMULATION_FLOW) {
  return {"value", points, unit, accumulation};
}

Feed Rates(const std::vector<Point>& points) {
  return {"published", points, "percent", v1::ACCUMULATION_LEVEL};
}

// Profits of industry in January-May: 2904.76 billion yuan in 2017, as first
// published, 2729.83 in 2018, "+16.5 %" on a comparable base (National Bureau of
// Statistics of China, June 2017 and June 2018). On last year's publication they
// fell by 6.0 %.
TEST(GrowthPublishedTest, IndustrialProfitsOnAComparableBase) {
  const int64_t then = Ordinal(kMonth, "2017-05");
  const int64_t now = Ordinal(kMonth, "2018-05");
  const auto run = RunPlugin(
      "growth", kMonth, "{}",
      {Values({{then, 2904.76e9}, {now, 2729.83e9}}, "yuan", v1::ACCUMULATION_YEAR_TO_DATE),
       Rates({{then, 22.7}, {now, 16.5}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("growth", now), -6.0221842768421485, 1e-12);
  EXPECT_EQ(run->Value("published", now), 16.5);
  EXPECT_NEAR(run->Value("implied_base", now), 2343201716738.1973, 1e-2);
  EXPECT_NEAR(run->Value("implied_base_gap", now), -19.332347018748624, 1e-12);
  EXPECT_NEAR(run->Value("difference", now), -22.52218427684215, 1e-12);
  // For 2017 there is no base in the series, but the publication implies one.
  EXPECT_EQ(run->Reason("growth", then), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_NEAR(run->Value("implied_base", then), 2367367563162.184, 1e-2);
  EXPECT_EQ(run->Reason("implied_base_gap", then), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("difference", then), v1::MISSING_REASON_INPUT_MISSING);
}

// Output of new-energy vehicles in June 2021: 273 thousand, +135.3 %; in
// January-June 1.284 million, +205.0 % (National Bureau of Statistics, reported at
// caijingsc.com 64670 and czcg-tech.com 47). Neither rate follows from the other.
TEST(GrowthPublishedTest, MonthAndYearToDateHaveGrowthOfTheirOwn) {
  const int64_t june = Ordinal(kMonth, "2021-06");
  const auto month =
      RunPlugin("growth", kMonth, "{}", {Values({{june, 273000}}), Rates({{june, 135.3}})});
  const auto year_to_date =
      RunPlugin("growth", kMonth, "{}",
                {Values({{june, 1284000}}, "vehicles", v1::ACCUMULATION_YEAR_TO_DATE),
                 Rates({{june, 205.0}})});
  ASSERT_TRUE(month.ok()) << month.status();
  ASSERT_TRUE(year_to_date.ok()) << year_to_date.status();
  EXPECT_NEAR(month->Value("implied_base", june), 116022.09944751381, 1e-9);
  EXPECT_NEAR(year_to_date->Value("implied_base", june), 420983.60655737703, 1e-9);
  EXPECT_EQ(month->Value("published", june), 135.3);
  EXPECT_EQ(year_to_date->Value("published", june), 205.0);
}

TEST(GrowthPublishedTest, AnOpenSlotLeavesItsOutputsEmpty) {
  const auto run = RunPlugin("growth", kYear, "{}", {Values({{2020, 10}, {2021, 12}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("growth", 2021), 20);
  for (const char* output : {"published", "implied_base", "implied_base_gap", "difference"}) {
    EXPECT_TRUE(run->outputs.at(output).empty()) << output;
  }
}

TEST(GrowthPublishedTest, EachOutputNeedsItsOwnInputs) {
  const auto run = RunPlugin("growth", kYear, "{}",
                             {Values({{2019, 10}, {2020, 11}, {2021, {}}, {2023, 20}}),
                              Rates({{2020, {}}, {2021, 7.5, kProvisional}, {2022, 8}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("growth", 2020), 10);
  EXPECT_EQ(run->Reason("published", 2020), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("implied_base", 2020), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Value("published", 2021), 7.5);
  EXPECT_EQ(run->FlagsAt("published", 2021), kProvisional);
  EXPECT_EQ(run->Reason("implied_base", 2021), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Value("published", 2022), 8);  // no row of the series at all
  EXPECT_EQ(run->Reason("growth", 2022), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("difference", 2023), v1::MISSING_REASON_INPUT_MISSING);
}

TEST(GrowthPublishedTest, ABaseThatIsNotDefinedIsNotImplied) {
  const auto run = RunPlugin(
      "growth", kYear, "{}",
      {Values({{2015, 5}, {2016, 10}, {2017, 0}, {2018, -0.0}, {2019, -4}, {2020, 3}, {2021, 4}}),
       Rates({{2016, -100}, {2017, -100}, {2018, 5}, {2019, 5}, {2020, -100.5}, {2021, 1e300}})});
  ASSERT_TRUE(run.ok()) << run.status();
  for (int64_t year : {2016, 2017, 2018, 2019, 2020}) {
    EXPECT_EQ(run->Reason("implied_base", year), v1::MISSING_REASON_UNDEFINED) << year;
    EXPECT_EQ(run->Reason("implied_base_gap", year), v1::MISSING_REASON_UNDEFINED) << year;
  }
  EXPECT_EQ(run->Value("difference", 2016), 200);
  EXPECT_EQ(run->Reason("difference", 2018), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_NEAR(run->Value("implied_base", 2021), 4e-298, 1e-310);
  EXPECT_EQ(run->Value("published", 2021), 1e300);
}

TEST(GrowthPublishedTest, AZeroOrNegativeBaseInTheSeriesHasNoGap) {
  const auto run = RunPlugin(
      "growth", kYear, "{}",
      {Values({{2018, 0}, {2019, 5}, {2020, -1}, {2021, 6}}), Rates({{2019, 25}, {2021, 20}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("implied_base", 2019), 4);
  EXPECT_EQ(run->Reason("implied_base_gap", 2019), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(run->Value("implied_base", 2021), 5);
  EXPECT_EQ(run->Reason("implied_base_gap", 2021), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("difference", 2021), v1::MISSING_REASON_UNDEFINED);
}

// The implied base is in the new terms, as the value is; only the base in the
// series is before the break.
TEST(GrowthPublishedTest, ABreakLeavesTheImpliedBase) {
  const std::vector<Feed> feeds = {Values({{2024, 10}, {2025, 30, kBreak}}),
                                   Rates({{2025, 20, kEstimated}})};
  const auto run = RunPlugin("growth", kYear, "{}", feeds);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("implied_base", 2025), 25);
  EXPECT_EQ(run->FlagsAt("implied_base", 2025), kEstimated);
  EXPECT_EQ(run->Reason("implied_base_gap", 2025), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Reason("difference", 2025), v1::MISSING_REASON_SERIES_BREAK);
  const auto told = RunPlugin("growth", kYear, R"({"across_breaks": true})", feeds);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->Value("implied_base_gap", 2025), 150);
  EXPECT_EQ(told->FlagsAt("implied_base_gap", 2025), kEstimated | kBreak);
  EXPECT_EQ(told->Value("difference", 2025), 180);
  EXPECT_EQ(told->FlagsAt("difference", 2025), kEstimated | kBreak);
}

TEST(GrowthPublishedTest, OtherUnitsAreRefused) {
  const auto run =
      RunPlugin("growth", kYear, "{}",
                {Values({{2020, 1}}), {"published", {{2020, 1}}, "ratio", v1::ACCUMULATION_LEVEL}});
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << run.status();
  EXPECT_NE(run.status().message().find("in percent, not a figure in ratio"), std::string::npos);
}

// Value added of industry in July 2021: 11.5 % above July 2019, 5.6 % a year on
// average; in January-February 2021 16.9 % and 8.1 % (National Bureau of
// Statistics, reported at ecns.cn on 16 August 2021 and by Xinhua on 15 March).
TEST(GrowthTwoYearAverageTest, IndustryOnTwoYearAverage) {
  for (const auto& [above, average] : {std::pair{11.5, 5.6}, std::pair{16.9, 8.1}}) {
    const auto run =
        RunPlugin("growth", kMonth, R"({"method": "two_year_average"})",
                  {Values({{24000, 100}, {24024, 100 + above}}), Rates({{24024, average}})});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_NEAR(run->Value("growth", 24024), average, 0.05);
    EXPECT_NEAR(run->Value("difference", 24024), 0, 0.05);
    // Two years of the published average lead back to the base.
    EXPECT_NEAR(run->Value("implied_base", 24024), 100, 0.1);
  }
}

// ((1 + g_t)(1 + g_{t-1}))^(1/2) - 1: the figure of the year between cancels.
TEST(GrowthTwoYearAverageTest, IsTheGeometricMeanOfBothYears) {
  const double first = -13.5, second = 35.1;
  const double now = 100 * (1 + first / 100) * (1 + second / 100);
  const double mean = 100 * (std::sqrt((1 + first / 100) * (1 + second / 100)) - 1);
  for (const std::optional<double> between :
       {std::optional<double>(86.5), std::optional<double>(0), std::optional<double>()}) {
    const auto run = RunPlugin("growth", kYear, R"({"method": "two_year_average"})",
                               {Values({{2019, 100}, {2020, between}, {2021, now}})});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_NEAR(run->Value("growth", 2021), mean, 1e-12);
  }
}

TEST(GrowthTwoYearAverageTest, WhatIsNotDefinedIsMissing) {
  const auto run = RunPlugin("growth", kYear, R"({"method": "two_year_average"})",
                             {Values({{2010, 0},
                                      {2011, -1},
                                      {2012, 5},
                                      {2013, 5},
                                      {2014, -5},
                                      {2015, 0},
                                      {2016, 7, kBreak},
                                      {2017, 8},
                                      {2018, 9}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("growth", 2011), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("growth", 2012), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(run->Reason("growth", 2013), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("growth", 2014), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("growth", 2015), -100);
  EXPECT_EQ(run->Reason("growth", 2016), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Reason("growth", 2017), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_NEAR(run->Value("growth", 2018), 100 * (3 / std::sqrt(7) - 1), 1e-12);
}

TEST(GrowthTwoYearAverageTest, YearsDoesNotGoWithIt) {
  const auto run = RunPlugin("growth", kYear, R"({"method": "two_year_average", "years": 2})",
                             {Values({{2020, 1}})});
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << run.status();
}

TEST(GrowthPropertyTest, WindowsArePartsOfTheWhole) {
  for (const char* parameters :
       {"{}", R"({"method": "previous_period"})", R"({"method": "cagr", "years": 1})",
        R"({"method": "cagr"})", R"({"method": "two_year_average", "across_breaks": true})"}) {
    Histories histories;
    histories.feeds = {Values({}), Rates({})};
    ExpectWindowsArePartsOfTheWhole("growth", parameters, histories);
    histories.frequency = v1::FREQUENCY_DAY;
    histories.first_period = 19000;
    histories.longest = 800;
    ExpectWindowsArePartsOfTheWhole("growth", parameters, histories);
  }
  Histories year_to_date;
  year_to_date.feeds = {Values({}, "vehicles", v1::ACCUMULATION_YEAR_TO_DATE)};
  ExpectWindowsArePartsOfTheWhole("growth", R"({"method": "cagr"})", year_to_date);
}

}  // namespace
}  // namespace policytrack::plugins
