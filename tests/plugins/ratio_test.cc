// Golden figures of `level` and `ratio`, with their sources, and the traps.
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"
#include "tests/plugins/window_property.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;

TEST(LevelTest, PassesValuesFlagsAndReasonsOn) {
  const auto run = RunPlugin(
      "level", kYear, "{}",
      {{"value", {{2020, 1.5}, {2021, -0.0, kProvisional}, {2022, 7, kBreak}, {2023, {}}}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", 2020), 1.5);
  EXPECT_EQ(run->FlagsAt("value", 2021), kProvisional);
  EXPECT_EQ(run->FlagsAt("value", 2022), kBreak);
  EXPECT_EQ(run->Reason("value", 2023), v1::MISSING_REASON_INPUT_MISSING);
}

TEST(LevelTest, GivesTheWindowOnly) {
  const auto run =
      RunPlugin("level", kYear, "{}", {{"value", {{2020, 1}, {2021, 2}, {2022, 3}, {2023, 4}}}},
                nullptr, {2021, 2022});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->outputs.at("value").periods, (std::vector<int64_t>{2021, 2022}));
}

// Charging points in China at the end of November 2025, in 10 000: public 463,
// private 1470, total 1932 (National Energy Administration, reported at
// en.people.cn c90000-20405719). The parts do not add up in the last digit.
TEST(RatioTest, ShareOfPublicChargingPoints) {
  const auto run =
      RunPlugin("ratio", v1::FREQUENCY_MONTH, "{}",
                {{"numerator", {{24310, 4630000}}, "pieces", v1::ACCUMULATION_STOCK},
                 {"denominator", {{24310, 19320000}}, "pieces", v1::ACCUMULATION_STOCK}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("share", 24310), 23.964803312629396, 1e-12);
  EXPECT_NEAR(run->Value("ratio", 24310), 0.23964803312629397, 1e-15);
}

// New-energy share of output in June 2021: 273 thousand of 2.038 million
// vehicles (National Bureau of Statistics, reported at caijingsc.com 64670).
TEST(RatioTest, NewEnergyShareOfOutput) {
  const auto run = RunPlugin(
      "ratio", v1::FREQUENCY_MONTH, "{}",
      {{"numerator", {{24257, 273000, kProvisional}}}, {"denominator", {{24257, 2038000}}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("share", 24257), 13.395485770363102, 1e-12);
  EXPECT_EQ(run->FlagsAt("share", 24257), kProvisional);
}

// A share: new-energy vehicles among all cars of China at the end of 2022, 13.10 of
// 319 million, published as 4.10 % (Ministry of Public Security, 11 January 2023).
TEST(RatioTest, NewEnergyShareOfTheStock) {
  const auto run =
      RunPlugin("ratio", kYear, R"({"allow_above_100": false})",
                {{"numerator", {{2022, 13.10e6}}, "vehicles", v1::ACCUMULATION_STOCK},
                 {"denominator", {{2022, 319e6}}, "vehicles", v1::ACCUMULATION_STOCK}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("share", 2022), 4.1065830721003134, 1e-15);
}

// A coverage: internet users in China, December 2023, 1.092 billion (CNNIC, 53rd
// report: 77.5 %) of a population of 1409.67 million (National Bureau of Statistics).
TEST(RatioTest, CoverageOfThePopulation) {
  const auto run =
      RunPlugin("ratio", kYear, "{}",
                {{"numerator", {{2023, 1.092e9}}, "persons", v1::ACCUMULATION_STOCK},
                 {"denominator", {{2023, 1409.67e6}}, "persons", v1::ACCUMULATION_STOCK}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("share", 2023), 77.5, 0.05);
}

// A density: at the end of June 2023 China had more than 16.2 million new-energy
// vehicles and 6.6 million charging points, one for 2.5 vehicles (National
// Development and Reform Commission, July 2023).
TEST(RatioTest, DensityOfChargingPoints) {
  const Feed points = {"numerator", {{2023, 6.6e6}}, "pieces", v1::ACCUMULATION_STOCK};
  const Feed vehicles = {"denominator", {{2023, 16.2e6}}, "vehicles", v1::ACCUMULATION_STOCK};
  const auto density = RunPlugin("ratio", kYear, R"({"per": 100})", {points, vehicles});
  ASSERT_TRUE(density.ok()) << density.status();
  EXPECT_NEAR(density->Value("ratio", 2023), 40.74074074074074, 1e-13);
  Feed above = vehicles;
  above.slot = "numerator";
  Feed below = points;
  below.slot = "denominator";
  const auto vehicles_a_point = RunPlugin("ratio", kYear, "{}", {above, below});
  ASSERT_TRUE(vehicles_a_point.ok()) << vehicles_a_point.status();
  EXPECT_NEAR(vehicles_a_point->Value("ratio", 2023), 2.5, 0.05);
}

// 720.32 million men and 689.35 million women at the end of 2023: 104.49 for 100
// (National Bureau of Statistics). As a share it is more than the whole.
TEST(RatioTest, AboveAHundredWhereThatIsAllowed) {
  const std::vector<Feed> feeds = {
      {"numerator", {{2023, 720.32e6}, {2024, 5}, {2025, -1}}, "persons", v1::ACCUMULATION_STOCK},
      {"denominator", {{2023, 689.35e6}, {2024, 5}, {2025, 5}}, "persons", v1::ACCUMULATION_STOCK}};
  const auto allowed = RunPlugin("ratio", kYear, R"({"per": 100})", feeds);
  ASSERT_TRUE(allowed.ok()) << allowed.status();
  EXPECT_NEAR(allowed->Value("share", 2023), 104.49, 0.005);
  EXPECT_EQ(allowed->Value("share", 2025), -20);
  const auto refused =
      RunPlugin("ratio", kYear, R"({"per": 100, "allow_above_100": false})", feeds);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->Reason("share", 2023), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(refused->Value("share", 2024), 100);
  EXPECT_EQ(refused->Reason("share", 2025), v1::MISSING_REASON_UNDEFINED);
  EXPECT_NEAR(refused->Value("ratio", 2023), 104.49, 0.005);
}

// 100 * 0.07 / 0.07 is 100.00000000000001 when it is rounded twice.
TEST(RatioTest, TheWholeIsExactlyAHundredAndAPartNeverMore) {
  std::vector<Point> parts;
  std::vector<Point> wholes;
  for (int64_t i = 1; i <= 3000; ++i) {
    const double whole = static_cast<double>(i) * 0.07;
    wholes.push_back({2 * i, whole});
    parts.push_back({2 * i, whole});
    wholes.push_back({2 * i + 1, whole});
    parts.push_back({2 * i + 1, std::nextafter(whole, 0)});
  }
  const auto run = RunPlugin("ratio", v1::FREQUENCY_DAY, R"({"allow_above_100": false})",
                             {{"numerator", parts}, {"denominator", wholes}});
  ASSERT_TRUE(run.ok()) << run.status();
  for (int64_t i = 1; i <= 3000; ++i) {
    ASSERT_EQ(run->Value("share", 2 * i), 100) << i;
    ASSERT_LE(run->Value("share", 2 * i + 1), 100) << i;
  }
}

// Figures in ones, in thousands and in ten thousands give the same bytes.
TEST(RatioTest, TheMultiplierOfFiguresDoesNotShow) {
  std::vector<Point> n;
  std::vector<Point> d;
  std::vector<Point> n_scaled;
  std::vector<Point> d_scaled;
  for (int64_t i = 1; i <= 2000; ++i) {
    const double above = static_cast<double>(i * 7919 % 1933);
    const double below = static_cast<double>(i * 104729 % 1987 + 1);
    n.push_back({i, above});
    d.push_back({i, below});
    n_scaled.push_back({i, above * 10000});
    d_scaled.push_back({i, below * 10000});
  }
  const auto plain =
      RunPlugin("ratio", v1::FREQUENCY_DAY, "{}", {{"numerator", n}, {"denominator", d}});
  const auto scaled = RunPlugin("ratio", v1::FREQUENCY_DAY, "{}",
                                {{"numerator", n_scaled}, {"denominator", d_scaled}});
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_TRUE(scaled.ok()) << scaled.status();
  EXPECT_EQ(plain->outputs.at("share").values, scaled->outputs.at("share").values);
}

TEST(RatioPropertyTest, WindowsArePartsOfTheWhole) {
  Histories histories;
  histories.feeds = {{"numerator", {}}, {"denominator", {}}};
  for (const char* parameters : {"{}", R"({"allow_above_100": false})"}) {
    ExpectWindowsArePartsOfTheWhole("ratio", parameters, histories);
  }
  histories.feeds = {{"value", {}}};
  ExpectWindowsArePartsOfTheWhole("level", "{}", histories);
}

TEST(RatioTest, DensityBetweenUnitsOfTwoKindsHasNoShare) {
  const auto run = RunPlugin("ratio", kYear, R"({"per": 100})",
                             {{"numerator", {{2024, 3}}, "pieces", v1::ACCUMULATION_STOCK},
                              {"denominator", {{2024, 12}}, "vehicles", v1::ACCUMULATION_STOCK}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("ratio", 2024), 25);
  EXPECT_EQ(run->Reason("share", 2024), v1::MISSING_REASON_UNDEFINED);
}

TEST(RatioTest, ShareConvertsUnitsOfOneKind) {
  const auto run =
      RunPlugin("ratio", kYear, "{}",
                {{"numerator", {{2024, 250}}, "kwh"}, {"denominator", {{2024, 2}}, "mwh"}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("share", 2024), 12.5);
  EXPECT_EQ(run->Value("ratio", 2024), 125);
}

TEST(RatioTest, ZeroMissingAndOverflowHaveReasons) {
  const auto run = RunPlugin(
      "ratio", kYear, R"({"per": 1e15})",
      {{"numerator", {{2020, 1}, {2021, {}}, {2022, 1}, {2023, 1e300}, {2024, 0}}},
       {"denominator", {{2020, -0.0}, {2021, 1}, {2022, {}}, {2023, 1e-300}, {2024, -4}}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("share", 2020), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(run->Reason("ratio", 2020), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(run->Reason("share", 2021), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("ratio", 2022), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("ratio", 2023), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("share", 2024), 0);
  EXPECT_FALSE(std::signbit(run->Value("share", 2024)));
}

TEST(RatioTest, WorstQualityAndEitherBreak) {
  const auto run = RunPlugin("ratio", kYear, "{}",
                             {{"numerator", {{2020, 1, kForecast}, {2021, 1, kImputed}}},
                              {"denominator", {{2020, 2, kEstimated}, {2021, 2, kBreak}}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->FlagsAt("share", 2020), kForecast);
  EXPECT_EQ(run->FlagsAt("ratio", 2021), kImputed | kBreak);
}

TEST(RatioTest, TwoMonthsOverTwoMonths) {
  const auto run =
      RunPlugin("ratio", v1::FREQUENCY_MONTH, "{}",
                {{"numerator", {{1, 5, kJoint}, {2, 5, kJoint}}, "vehicles", v1::ACCUMULATION_FLOW},
                 {"denominator", {{1, 10, kJoint}, {2, 10}}, "vehicles", v1::ACCUMULATION_FLOW}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("share", 1), 50);
  EXPECT_EQ(run->FlagsAt("share", 1), kJoint);
  EXPECT_EQ(run->Reason("share", 2), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("ratio", 2), v1::MISSING_REASON_UNDEFINED);
}

TEST(RatioTest, RefusesAFlowOverAYearToDateTotal) {
  const auto run =
      RunPlugin("ratio", v1::FREQUENCY_MONTH, "{}",
                {{"numerator", {{24257, 1}}, "vehicles", v1::ACCUMULATION_FLOW},
                 {"denominator", {{24257, 2}}, "vehicles", v1::ACCUMULATION_YEAR_TO_DATE}});
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << run.status();
}

}  // namespace
}  // namespace policytrack::plugins
