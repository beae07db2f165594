// What the SDK offers to authors besides the border: the calendar of ordinals,
// held against the service's, and the compensated sum.
#include <cmath>

#include "core/period.h"
#include "gtest/gtest.h"
#include "plugins/sdk/policytrack_calendar.hpp"
#include "plugins/sdk/policytrack_sum.hpp"

namespace policytrack {
namespace {

namespace sdk = policytrack_plugin;

constexpr v1::Frequency kFrequencies[] = {v1::FREQUENCY_DAY,       v1::FREQUENCY_WEEK,
                                          v1::FREQUENCY_MONTH,     v1::FREQUENCY_QUARTER,
                                          v1::FREQUENCY_HALF_YEAR, v1::FREQUENCY_YEAR};

// Periods of four centuries, or of all that can be written where that is few.
template <typename Check>
void ForPeriods(v1::Frequency frequency, Check check) {
  const int64_t first = *ParsePeriod(frequency, FormatPeriod(frequency, 1800 * (frequency > 2)));
  const int64_t last = frequency == v1::FREQUENCY_DAY ? 150000 : 21000;
  const int64_t from = frequency <= v1::FREQUENCY_WEEK ? -last : first;
  for (int64_t period = from; period <= last; ++period) {
    if (IsValidPeriod(frequency, period)) check(period);
  }
}

TEST(SdkCalendarTest, YearsBeforeAgreesWithTheService) {
  for (const v1::Frequency frequency : kFrequencies) {
    ForPeriods(frequency, [&](int64_t period) {
      const std::string text = FormatPeriod(frequency, period);
      const auto before = sdk::YearsBefore(frequency, period, 1);
      if (!before.has_value()) {
        EXPECT_TRUE(text.substr(4) == "-02-29" || text.substr(4) == "-W53") << text;
        return;
      }
      if (!IsValidPeriod(frequency, *before)) return;
      EXPECT_EQ(FormatPeriod(frequency, *before).substr(4), text.substr(4));
      EXPECT_EQ(YearOf(frequency, *before), YearOf(frequency, period) - 1);
      EXPECT_EQ(sdk::PartOfYear(frequency, *before), sdk::PartOfYear(frequency, period));
      EXPECT_GE(period - *before, sdk::PeriodsOfOneYear(frequency) - (frequency <= 2 ? 1 : 0));
      EXPECT_LE(period - *before, sdk::MostPeriods(frequency, 1));
    });
  }
}

TEST(SdkCalendarTest, TheFirstOfTheYearIsTheFirst) {
  for (const v1::Frequency frequency : kFrequencies) {
    ForPeriods(frequency, [&](int64_t period) {
      const int64_t first = sdk::FirstOfYear(frequency, period);
      if (!IsValidPeriod(frequency, first)) return;
      EXPECT_LE(first, period);
      EXPECT_LT(period - first, sdk::MostPeriods(frequency, 1));
      EXPECT_EQ(YearOf(frequency, first), YearOf(frequency, period));
      if (IsValidPeriod(frequency, first - 1)) {
        EXPECT_EQ(YearOf(frequency, first - 1), YearOf(frequency, period) - 1);
      }
    });
  }
}

TEST(SdkCalendarTest, ReadsWhatTheServiceWrites) {
  for (const v1::Frequency frequency : kFrequencies) {
    EXPECT_TRUE(sdk::ParsePeriod(frequency, sdk::PeriodExample(frequency)).has_value());
    ForPeriods(frequency, [&](int64_t period) {
      EXPECT_EQ(sdk::ParsePeriod(frequency, FormatPeriod(frequency, period)), period);
    });
  }
}

TEST(SdkCalendarTest, RefusesWhatTheServiceRefuses) {
  for (const char* text : {"",           "2024",       "0000",       "24",         "20245",
                           "2024-09",    "2024-13",    "2024-00",    "2024-9",     "2024-1x",
                           "2024-Q0",    "2024-Q3",    "2024-Q5",    "2024-S1",    "2024-S3",
                           "2024-W00",   "2024-W53",   "2020-W53",   "2024-W5",    "2024-02-29",
                           "2023-02-29", "2024-04-31", "2024-01-00", "2024/01/01", "2024-01-01 ",
                           " 2024",      "-024",       "+024",       "2024-01-1x", "2024_09",
                           "2024-w07"}) {
    for (const v1::Frequency frequency : kFrequencies) {
      const auto wanted = ParsePeriod(frequency, text);
      const auto found = sdk::ParsePeriod(frequency, text);
      EXPECT_EQ(found.has_value(), wanted.ok()) << frequency << " `" << text << "`";
      if (wanted.ok() && found.has_value()) {
        EXPECT_EQ(*found, *wanted) << text;
      }
    }
  }
}

TEST(SdkSumTest, KeepsWhatAdditionLoses) {
  sdk::Sum tenths;
  for (int i = 0; i < 10; ++i) tenths.Add(0.1);
  EXPECT_EQ(tenths.Value(), 1);
  sdk::Sum large;
  for (const double x : {1.0, 1e100, 1.0, -1e100}) large.Add(x);
  EXPECT_EQ(large.Value(), 2);
  EXPECT_EQ(sdk::Sum().Value(), 0);
}

TEST(SdkSumTest, ASumBeyondDoublesIsNotFinite) {
  sdk::Sum sum;
  sum.Add(1e308);
  sum.Add(1e308);
  EXPECT_FALSE(std::isfinite(sum.Value()));
}

}  // namespace
}  // namespace policytrack
