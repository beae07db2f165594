// Why a figure of a longer period is missing.
#include "core/part_reasons.h"

#include <vector>

#include "gtest/gtest.h"
#include "tests/core/period_conversion_case.h"

namespace policytrack {
namespace {

// 21 is INCLUDED_ELSEWHERE: the value exists, in another figure.
TEST(PartReasonsTest, WhatIsIncludedElsewhereCanExist) {
  const Flags elsewhere = MissingFlags(v1::MISSING_REASON_INCLUDED_ELSEWHERE);
  const Flags holiday = MissingFlags(v1::MISSING_REASON_HOLIDAY);
  const std::vector<Point> points = {
      {"2024-01", 0, holiday}, {"2024-02", 0, elsewhere}, {"2024-03", 0, holiday}};
  for (const v1::Accumulation accumulation : {kFlow, kLevel, kStock}) {
    EXPECT_EQ(Convert(points, Conversion(kMonth, kQuarter, accumulation)), "2024-Q1:21");
  }
  EXPECT_EQ(Convert(points, {kMonth, kMonth, kFlow, kToDate, 1, false}),
            "2024-01:17 2024-02:21 2024-03:21");
}

// 7 is PERIOD_INCOMPLETE: what goes on is not a hole, whatever is made of it.
TEST(PartReasonsTest, WhatGoesOnStaysIncomplete) {
  const std::vector<Point> points = {
      {"2024-12", 120}, {"2025-01", 10}, {"2025-02", 20}, {"2025-03", 30}, {"2025-04", 40}};
  EXPECT_EQ(Convert(points, ToFlow(kMonth, kQuarter)), "2024-Q4:1 2025-Q1=30 2025-Q2:7");
  EXPECT_EQ(Convert(points, ToFlow(kMonth, kHalf)), "2024-S2:1 2025-S1:7");
  EXPECT_EQ(Convert(points, ToFlow(kMonth, kYear)), "2024=120 2025:7");
  EXPECT_EQ(Convert({{"2024-04", 10}, {"2024-05", 20}}, ToFlow(kMonth, kQuarter, false, 4)),
            "2024-Q2:7");
  const PeriodConversion to_date = {kMonth, kQuarter, kFlow, kToDate, 1, false};
  EXPECT_EQ(Convert({{"2025-01", 1}, {"2025-02", 2}, {"2025-03", 3}, {"2025-04", 4}}, to_date),
            "2025-Q1=6 2025-Q2:7");
  // A figure that was itself made of what goes on.
  const Flags incomplete = MissingFlags(v1::MISSING_REASON_PERIOD_INCOMPLETE);
  const std::vector<Point> quarters = {
      {"2024-Q1", 1}, {"2024-Q2", 2}, {"2024-Q3", 3}, {"2024-Q4", 0, incomplete}};
  for (const v1::Accumulation accumulation : {kFlow, kLevel, kStock}) {
    EXPECT_EQ(Convert(quarters, Conversion(kQuarter, kYear, accumulation)), "2024:7");
  }
  EXPECT_EQ(
      Convert({{"2024-Q1", 1}, {"2024-Q3", 0, incomplete}}, Conversion(kQuarter, kYear, kFlow)),
      "2024:1")
      << "with a hole before it";
}

}  // namespace
}  // namespace policytrack
