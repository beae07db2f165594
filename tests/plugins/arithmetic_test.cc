// Golden figures of `arithmetic`, with their sources, and the traps.
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"
#include "tests/plugins/window_property.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;

Feed Slot(const std::string& slot, const std::vector<Point>& points,
          const std::string& unit = "pieces",
          v1::Accumulation accumulation = v1::ACCUMULATION_STOCK) {
  return {slot, points, unit, accumulation};
}

// Charging points in China, in ten thousands: at the end of November 2025 463
// public and 1470 private, 1932 in all (National Energy Administration, reported at
// en.people.cn c90000-20405719); at the end of June 2024 312.2 and 712.2, 1024.4 in
// all (reported by Argus Media, 2595067).
TEST(ArithmeticTest, AGapOfOneInTheLastDigitIsRounding) {
  const int64_t june = Ordinal(kMonth, "2024-06");
  const int64_t november = Ordinal(kMonth, "2025-11");
  const std::vector<Feed> feeds = {Slot("a", {{june, 3122000}, {november, 4630000}}),
                                   Slot("b", {{june, 7122000}, {november, 14700000}}),
                                   Slot("total", {{june, 10244000}, {november, 19320000}})};
  const auto run = RunPlugin("arithmetic", kMonth, R"({"rounded_to": 10000})", feeds);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("result", november), 19330000);
  EXPECT_EQ(run->Value("discrepancy", november), -10000);
  EXPECT_EQ(run->Value("within_rounding", november), 1);
  EXPECT_EQ(run->Value("discrepancy", june), 0);
  EXPECT_EQ(run->Value("within_rounding", june), 1);
  // Taken as exact, the gap is one.
  const auto exact = RunPlugin("arithmetic", kMonth, "{}", feeds);
  ASSERT_TRUE(exact.ok()) << exact.status();
  EXPECT_EQ(exact->Value("within_rounding", november), 0);
  EXPECT_EQ(exact->Value("within_rounding", june), 1);
}

// "Effects of Rounding on Published Estimates", fact sheet of the U.S. Bureau of Labor
// Statistics, November 2019: 4.2 and 3.7 beside a total of 7.8, and of 8.0 a year later.
TEST(ArithmeticTest, TheExampleOfTheBureauOfLaborStatistics) {
  const auto run = RunPlugin("arithmetic", kYear, R"({"rounded_to": 0.1})",
                             {Slot("a", {{1, 4.2}, {2, 4.2}}), Slot("b", {{1, 3.7}, {2, 3.7}}),
                              Slot("total", {{1, 7.8}, {2, 8.0}})});
  ASSERT_TRUE(run.ok()) << run.status();
  for (const int64_t year : {1, 2}) {
    EXPECT_NEAR(run->Value("result", year), 7.9, 1e-12);
    EXPECT_EQ(run->Value("within_rounding", year), 1);
  }
  EXPECT_NEAR(run->Value("discrepancy", 1), -0.1, 1e-12);
  EXPECT_NEAR(run->Value("discrepancy", 2), 0.1, 1e-12);
}

TEST(ArithmeticTest, ToleranceIsHalfAStepForEachFigure) {
  // With k parts a gap of up to (k + 1) / 2 steps is rounding, both ends included.
  const std::string slots = "abcdefgh";
  for (size_t k = 1; k <= slots.size(); ++k) {
    std::vector<Feed> feeds;
    for (size_t s = 0; s < k; ++s) feeds.push_back(Slot(slots.substr(s, 1), {{1, 0.7}, {2, 0.7}}));
    const double sum = 0.7 * static_cast<double>(k);
    const double most = std::floor((static_cast<double>(k) + 1) / 2) * 0.1;
    feeds.push_back(Slot("total", {{1, sum + most}, {2, sum + most + 0.1}}));
    const auto run = RunPlugin("arithmetic", kYear, R"({"rounded_to": 0.1})", feeds);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("within_rounding", 1), 1) << k;
    EXPECT_EQ(run->Value("within_rounding", 2), 0) << k;
  }
}

TEST(ArithmeticTest, ToleranceCanBeGiven) {
  const std::vector<Feed> feeds = {Slot("a", {{1, 10}, {2, 10}}), Slot("b", {{1, 10}, {2, 10}}),
                                   Slot("total", {{1, 23}, {2, 24}})};
  const auto run = RunPlugin("arithmetic", kYear, R"({"rounded_to": 1, "tolerance": 3})", feeds);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("within_rounding", 1), 1);
  EXPECT_EQ(run->Value("within_rounding", 2), 0);
}

TEST(ArithmeticTest, SumsAndDifferencesOfUnitsOfOneKind) {
  const auto run =
      RunPlugin("arithmetic", kYear, R"({"coefficient_b": -1, "coefficient_c": 0.5})",
                {Slot("a", {{2024, 5}}, "mwh"), Slot("b", {{2024, 1500}}, "kwh"),
                 Slot("c", {{2024, 0.001}}, "gwh"), Slot("total", {{2024, 4000}}, "kwh")});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("result", 2024), 4);
  EXPECT_EQ(run->Value("discrepancy", 2024), 0);
  EXPECT_EQ(run->Reason("points", 2024), v1::MISSING_REASON_UNDEFINED);
}

TEST(ArithmeticTest, UnitsOfAnotherKindAreRefused) {
  const auto run = RunPlugin("arithmetic", kYear, "{}",
                             {Slot("a", {{2024, 5}}), Slot("b", {{2024, 5}}, "vehicles")});
  EXPECT_EQ(ReasonOf(run.status()), reason::kFieldInvalid) << run.status();
  // Percentages and percentage points are two kinds.
  const auto points =
      RunPlugin("arithmetic", kYear, "{}",
                {Slot("a", {{2024, 5}}, "percent", v1::ACCUMULATION_LEVEL),
                 Slot("b", {{2024, 5}}, "percentage_points", v1::ACCUMULATION_LEVEL)});
  EXPECT_EQ(ReasonOf(points.status()), reason::kFieldInvalid) << points.status();
}

TEST(ArithmeticTest, AMissingPartIsNotZero) {
  const auto run = RunPlugin(
      "arithmetic", kYear, "{}",
      {Slot("a", {{2020, 1}, {2021, 1}, {2022, {}}}), Slot("b", {{2020, 2}, {2021, {}}, {2023, 3}}),
       Slot("total", {{2020, 3}, {2021, 1}, {2024, 5}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("result", 2020), 3);
  for (int64_t year : {2021, 2022, 2023, 2024}) {
    EXPECT_EQ(run->Reason("result", year), v1::MISSING_REASON_INPUT_MISSING) << year;
    EXPECT_EQ(run->Reason("discrepancy", year), v1::MISSING_REASON_INPUT_MISSING) << year;
    EXPECT_EQ(run->Reason("within_rounding", year), v1::MISSING_REASON_INPUT_MISSING) << year;
  }
}

TEST(ArithmeticTest, AnOpenTotalLeavesItsOutputsEmpty) {
  const auto run = RunPlugin("arithmetic", kYear, "{}",
                             {Slot("a", {{2020, 1}, {2021, {}}}), Slot("b", {{2020, 2}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("result", 2020), 3);
  for (const char* output : {"discrepancy", "within_rounding"}) {
    EXPECT_TRUE(run->outputs.at(output).empty()) << output;
  }
}

TEST(ArithmeticTest, APartThatMayBeMissingCountsAsNothing) {
  const std::vector<Feed> feeds = {Slot("a", {{2020, 1}, {2021, {}}, {2022, {}}, {2023, 1}}),
                                   Slot("b", {{2020, 2}, {2021, 2}, {2022, {}}}),
                                   Slot("c", {{2020, 4}, {2021, 4}, {2023, 4, kProvisional}})};
  const auto one = RunPlugin("arithmetic", kYear, R"({"may_be_missing": "b"})", feeds);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->Value("result", 2020), 7);
  EXPECT_EQ(one->Reason("result", 2021), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(one->Value("result", 2023), 5);
  EXPECT_EQ(one->FlagsAt("result", 2023), kProvisional);
  const auto all = RunPlugin("arithmetic", kYear, R"({"may_be_missing": "a, b,c"})", feeds);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->Value("result", 2021), 6);
  EXPECT_EQ(all->Reason("result", 2022), v1::MISSING_REASON_INPUT_MISSING);  // of nothing
}

TEST(ArithmeticTest, ADifferenceOfPercentagesIsInPoints) {
  // Sales of Henan's makers grew by 87.7 % in January-September 2024, 25 points more
  // than those of the country (People's Daily Online, 12 November 2024).
  const std::vector<Feed> feeds = {Slot("a", {{2024, 87.7}}, "percent", v1::ACCUMULATION_LEVEL),
                                   Slot("b", {{2024, 62.7}}, "percent", v1::ACCUMULATION_LEVEL)};
  const auto difference = RunPlugin("arithmetic", kYear, R"({"coefficient_b": -1})", feeds);
  ASSERT_TRUE(difference.ok()) << difference.status();
  EXPECT_NEAR(difference->Value("points", 2024), 25, 1e-12);
  EXPECT_EQ(difference->Reason("result", 2024), v1::MISSING_REASON_UNDEFINED);
  const auto sum = RunPlugin("arithmetic", kYear, "{}", feeds);
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_NEAR(sum->Value("result", 2024), 150.4, 1e-12);
  EXPECT_EQ(sum->Reason("points", 2024), v1::MISSING_REASON_UNDEFINED);
}

TEST(ArithmeticTest, SharesOfOneWholeAddUpToAHundred) {
  const auto percent = [](const std::string& slot, double value) {
    return Slot(slot, {{2024, value}}, "percent", v1::ACCUMULATION_LEVEL);
  };
  const auto run = RunPlugin(
      "arithmetic", kYear, R"({"rounded_to": 0.1})",
      {percent("a", 33.3), percent("b", 33.3), percent("c", 33.3), percent("total", 100)});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("within_rounding", 2024), 1);
  EXPECT_EQ(run->Reason("discrepancy", 2024), v1::MISSING_REASON_UNDEFINED);
}

TEST(ArithmeticTest, QualityBreaksOverflowAndZeros) {
  const auto run =
      RunPlugin("arithmetic", kYear, R"({"coefficient_b": -1})",
                {Slot("a", {{1, 1, kEstimated}, {2, 1, kBreak}, {3, 1e308}, {4, -0.0}, {5, 0.3}}),
                 Slot("b", {{1, 1, kImputed}, {2, 1}, {3, -1e308}, {4, 0.0}, {5, 0.3}}),
                 Slot("total", {{1, 0, kForecast}, {2, 0}, {3, 0}, {4, 0}, {5, 1e-9}})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->FlagsAt("result", 1), kEstimated);
  EXPECT_EQ(run->FlagsAt("discrepancy", 1), kForecast);
  EXPECT_EQ(run->FlagsAt("result", 2), kBreak);
  EXPECT_EQ(run->FlagsAt("within_rounding", 2), kBreak);
  EXPECT_EQ(run->Reason("result", 3), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("discrepancy", 3), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("within_rounding", 3), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("result", 4), 0);
  EXPECT_FALSE(std::signbit(run->Value("result", 4)));
  EXPECT_EQ(run->Value("within_rounding", 5), 0);
}

TEST(ArithmeticTest, AThirdOfRoundingDoesNotAccumulate) {
  std::vector<Feed> feeds;
  for (const char* slot : {"a", "b", "c"}) feeds.push_back(Slot(slot, {{1, 0.1}}));
  feeds.push_back(Slot("total", {{1, 0.3}}));
  const auto run = RunPlugin("arithmetic", kYear, "{}", feeds);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("within_rounding", 1), 1);
}

TEST(ArithmeticTest, WhatDoesNotFitIsRefusedWithWords) {
  const std::vector<Point> one = {{2024, 1}};
  const Feed a = Slot("a", one);
  const Feed b = Slot("b", one);
  const Feed share = Slot("a", one, "percent", v1::ACCUMULATION_LEVEL);
  const Feed flow = Slot("a", one, "pieces", v1::ACCUMULATION_FLOW);
  const Feed to_date = Slot("total", one, "pieces", v1::ACCUMULATION_YEAR_TO_DATE);
  const struct {
    const char* parameters;
    std::vector<Feed> feeds;
    const char* words;
  } kCases[] = {
      {R"({"coefficient_b": 2})", {a}, "slot b is not fed"},
      {R"({"may_be_missing": "b"})", {a}, "slot b, which is not fed"},
      {R"({"may_be_missing": "a b"})", {a, b}, "lists slots such as"},
      {R"({"may_be_missing": "total"})", {a, b}, "lists slots such as"},
      {R"({"may_be_missing": "a,"})", {a, b}, "ends with a comma"},
      {R"({"rounded_to": 1})", {a, b}, "slot total, which is not fed"},
      {R"({"tolerance": 1})", {a, b}, "slot total, which is not fed"},
      {R"({"coefficient_a": 0.5})", {share}, "not the percentage of the whole"},
      {"{}", {flow, to_date}, "since the start of the year"},
      {"{}", {Slot("a", one, "code")}, "name a state are not added"},
      {"{}", {Slot("a", one, "period"), Slot("b", one, "period")}, "name a period are not added"},
  };
  for (const auto& c : kCases) {
    const auto run = RunPlugin("arithmetic", kYear, c.parameters, c.feeds);
    EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << c.parameters << run.status();
    EXPECT_NE(run.status().message().find(c.words), std::string::npos) << run.status();
  }
}

TEST(ArithmeticPropertyTest, WindowsArePartsOfTheWhole) {
  Histories histories;
  histories.feeds = {Slot("a", {}), Slot("b", {}), Slot("e", {}), Slot("total", {})};
  for (const char* parameters :
       {"{}", R"({"may_be_missing": "a,b", "coefficient_e": -0.3, "rounded_to": 1})"}) {
    ExpectWindowsArePartsOfTheWhole("arithmetic", parameters, histories);
  }
}

}  // namespace
}  // namespace policytrack::plugins
