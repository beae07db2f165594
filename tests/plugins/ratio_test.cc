// Golden figures of `level` and `ratio`, with their sources, and the traps.
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

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

TEST(RatioTest, RefusesAFlowOverAYearToDateTotal) {
  const auto run =
      RunPlugin("ratio", v1::FREQUENCY_MONTH, "{}",
                {{"numerator", {{24257, 1}}, "vehicles", v1::ACCUMULATION_FLOW},
                 {"denominator", {{24257, 2}}, "vehicles", v1::ACCUMULATION_YEAR_TO_DATE}});
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << run.status();
}

}  // namespace
}  // namespace policytrack::plugins
