// Conversions of periods written as text, for their tests.
#ifndef POLICYTRACK_TESTS_CORE_PERIOD_CONVERSION_CASE_H_
#define POLICYTRACK_TESTS_CORE_PERIOD_CONVERSION_CASE_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/period.h"
#include "core/period_conversion.h"
#include "gtest/gtest.h"

namespace policytrack {

inline constexpr v1::Frequency kDay = v1::FREQUENCY_DAY;
inline constexpr v1::Frequency kWeek = v1::FREQUENCY_WEEK;
inline constexpr v1::Frequency kMonth = v1::FREQUENCY_MONTH;
inline constexpr v1::Frequency kQuarter = v1::FREQUENCY_QUARTER;
inline constexpr v1::Frequency kHalf = v1::FREQUENCY_HALF_YEAR;
inline constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
inline constexpr v1::Accumulation kFlow = v1::ACCUMULATION_FLOW;
inline constexpr v1::Accumulation kToDate = v1::ACCUMULATION_YEAR_TO_DATE;
inline constexpr v1::Accumulation kStock = v1::ACCUMULATION_STOCK;
inline constexpr v1::Accumulation kLevel = v1::ACCUMULATION_LEVEL;

inline PeriodConversion Conversion(v1::Frequency from, v1::Frequency to,
                                   v1::Accumulation accumulation, int year_start_month = 1) {
  return {from, to, accumulation, accumulation, year_start_month, false};
}

inline PeriodConversion ToFlow(v1::Frequency from, v1::Frequency to, bool joint = false,
                               int year_start_month = 1) {
  return {from, to, kToDate, kFlow, year_start_month, joint};
}

struct Point {
  const char* period;
  double value;
  Flags flags = kNormal;
};

inline Columns Series(v1::Frequency frequency, const std::vector<Point>& points) {
  Columns columns;
  int64_t revision = 0;
  for (const Point& point : points) {
    const auto period = ParsePeriod(frequency, point.period);
    EXPECT_TRUE(period.ok()) << period.status();
    columns.Append(*period, point.value, point.flags, ++revision);
  }
  return columns;
}

// "2024-Q1=6 2024-Q2:7" with a value or the number of the reason, and P for
// provisional, B for a break, J for joint.
inline std::string Text(v1::Frequency frequency, const Columns& columns) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Flags flags = columns.flags[i];
    absl::StrAppend(&text, i == 0 ? "" : " ", FormatPeriod(frequency, columns.periods[i]));
    if (IsMissing(flags)) {
      absl::StrAppend(&text, ":", ReasonOfFlags(flags));
    } else {
      absl::StrAppend(&text, "=", columns.values[i]);
    }
    absl::StrAppend(&text, (flags & kQualityMask) == kProvisional ? "P" : "",
                    (flags & kBreak) != 0 ? "B" : "", (flags & kJoint) != 0 ? "J" : "");
  }
  return text;
}

inline std::string Convert(const std::vector<Point>& points, const PeriodConversion& conversion) {
  const absl::Status status = CheckConversion(conversion, "f");
  EXPECT_TRUE(status.ok()) << status;
  return Text(conversion.to, ConvertPeriods(Series(conversion.from, points), conversion));
}

}  // namespace policytrack

#endif  // POLICYTRACK_TESTS_CORE_PERIOD_CONVERSION_CASE_H_
