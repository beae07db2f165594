// `rolling` over years that do not begin in January.
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;
constexpr v1::Accumulation kFlow = v1::ACCUMULATION_FLOW;
constexpr v1::Accumulation kToDate = v1::ACCUMULATION_YEAR_TO_DATE;

absl::StatusOr<Run> Rolling(v1::Frequency frequency, const std::string& parameters,
                            const std::vector<Point>& points, v1::Accumulation accumulation,
                            int year_start_month) {
  Feed feed = {"value", points, "vehicles", accumulation};
  feed.year_start_month = year_start_month;
  return RunPlugin("rolling", frequency, parameters, {feed});
}

int64_t Month(const std::string& text) { return Ordinal(kMonth, text); }

// 10 a month from April 2023 to March 2025, as totals to date of years from April on.
std::vector<Point> FiscalTotals() {
  std::vector<Point> points;
  for (int64_t month = Month("2023-04"); month <= Month("2025-03"); ++month) {
    points.push_back({month, 10.0 * static_cast<double>((month - 3) % 12 + 1)});
  }
  return points;
}

TEST(RollingFiscalTest, TotalsToDateOfAFiscalYear) {
  const std::vector<Point> points = FiscalTotals();
  for (const auto& [parameters, expected] :
       {std::pair{R"({"method": "sum", "periods": 3})", 30},
        std::pair{R"({"method": "sum", "periods": 1})", 10},
        std::pair{R"({"method": "sum", "periods": 15})", 150},
        std::pair{R"({"method": "mean", "periods": 3})", 10}}) {
    const auto run = Rolling(kMonth, parameters, points, kToDate, 4);
    ASSERT_TRUE(run.ok()) << run.status();
    for (int64_t month = Month("2024-07"); month <= Month("2025-03"); ++month) {
      EXPECT_EQ(run->Value("value", month), expected) << parameters << month;
    }
  }
  const auto first = Rolling(kMonth, R"({"method": "since_first"})", points, kToDate, 4);
  EXPECT_EQ(first->Value("value", Month("2024-01")), 100);  // since April 2023
  EXPECT_EQ(first->Value("value", Month("2024-05")), 140);
  const auto since =
      Rolling(kMonth, R"({"method": "since_period", "since": "2023-06"})", points, kToDate, 4);
  EXPECT_EQ(since->Value("value", Month("2023-06")), 10);
  EXPECT_EQ(since->Value("value", Month("2024-04")), 110);
}

TEST(RollingFiscalTest, TheFiscalYearsTotalBeginsWithIt) {
  std::vector<Point> months;
  for (int64_t month = Month("2023-04"); month <= Month("2024-05"); ++month) {
    months.push_back({month, 10});
  }
  const auto run = Rolling(kMonth, R"({"method": "year_to_date"})", months, kFlow, 4);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("year_to_date", Month("2023-04")), 10);
  EXPECT_EQ(run->Value("year_to_date", Month("2024-03")), 120);
  EXPECT_EQ(run->Value("year_to_date", Month("2024-04")), 10);
  const v1::Frequency quarter = v1::FREQUENCY_QUARTER;
  const auto at = [&](const char* text) { return Ordinal(quarter, text); };
  const auto quarters =
      Rolling(quarter, R"({"method": "year_to_date"})",
              {{at("2023-Q4"), 1}, {at("2024-Q1"), 2}, {at("2024-Q2"), 4}}, kFlow, 10);
  ASSERT_TRUE(quarters.ok()) << quarters.status();
  EXPECT_EQ(quarters->Value("year_to_date", at("2024-Q2")), 7);
  const auto half = Rolling(v1::FREQUENCY_HALF_YEAR, R"({"method": "year_to_date"})",
                            {{2023 * 2 + 1, 1}, {2024 * 2, 2}, {2024 * 2 + 1, 4}}, kFlow, 7);
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_EQ(half->Value("year_to_date", 2024 * 2), 3);
  EXPECT_EQ(half->Value("year_to_date", 2024 * 2 + 1), 4);
  const v1::Frequency day = v1::FREQUENCY_DAY;
  const auto days =
      Rolling(day, R"({"method": "year_to_date"})",
              {{Ordinal(day, "2024-03-31"), 1}, {Ordinal(day, "2024-04-01"), 2}}, kFlow, 4);
  ASSERT_TRUE(days.ok()) << days.status();
  EXPECT_EQ(days->Value("year_to_date", Ordinal(day, "2024-04-01")), 2);
}

TEST(RollingFiscalTest, AYearThatNoPeriodBeginsIsRefused) {
  for (const v1::Frequency frequency :
       {v1::FREQUENCY_WEEK, v1::FREQUENCY_QUARTER, v1::FREQUENCY_HALF_YEAR}) {
    const auto made = Rolling(frequency, R"({"method": "year_to_date"})", {{8096, 1}}, kFlow, 6);
    EXPECT_EQ(ReasonOf(made.status()), reason::kParametersInvalid) << made.status();
    const auto given =
        Rolling(frequency, R"({"method": "sum", "periods": 2})", {{8096, 1}}, kToDate, 6);
    EXPECT_EQ(ReasonOf(given.status()), reason::kParametersInvalid) << given.status();
    // Sums of flows do not ask where a year begins.
    EXPECT_TRUE(
        Rolling(frequency, R"({"method": "sum", "periods": 2})", {{8096, 1}}, kFlow, 6).ok());
  }
}

}  // namespace
}  // namespace policytrack::plugins
