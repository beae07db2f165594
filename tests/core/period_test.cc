#include "core/period.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

const std::vector<v1::Frequency>& AllFrequencies() {
  static const std::vector<v1::Frequency> all = {v1::FREQUENCY_DAY,       v1::FREQUENCY_WEEK,
                                                 v1::FREQUENCY_MONTH,     v1::FREQUENCY_QUARTER,
                                                 v1::FREQUENCY_HALF_YEAR, v1::FREQUENCY_YEAR};
  return all;
}

int64_t Good(v1::Frequency frequency, absl::string_view text) {
  const auto period = ParsePeriod(frequency, text);
  EXPECT_TRUE(period.ok()) << text << ": " << period.status();
  return period.value_or(-999999999);
}

TEST(PeriodTest, OrdinalsAreThoseOfTheDesign) {
  EXPECT_EQ(Good(v1::FREQUENCY_DAY, "1970-01-01"), 0);
  EXPECT_EQ(Good(v1::FREQUENCY_DAY, "1969-12-31"), -1);
  EXPECT_EQ(Good(v1::FREQUENCY_DAY, "2024-09-05"), 19971);
  EXPECT_EQ(Good(v1::FREQUENCY_WEEK, "1970-W01"), 0);
  EXPECT_EQ(Good(v1::FREQUENCY_WEEK, "1969-W52"), -1);
  EXPECT_EQ(Good(v1::FREQUENCY_MONTH, "2024-09"), 2024 * 12 + 8);
  EXPECT_EQ(Good(v1::FREQUENCY_QUARTER, "2024-Q3"), 2024 * 4 + 2);
  EXPECT_EQ(Good(v1::FREQUENCY_HALF_YEAR, "2024-S1"), 2024 * 2);
  EXPECT_EQ(Good(v1::FREQUENCY_YEAR, "2024"), 2024);
}

TEST(PeriodTest, LeapDays) {
  EXPECT_EQ(Good(v1::FREQUENCY_DAY, "2024-03-01") - Good(v1::FREQUENCY_DAY, "2024-02-29"), 1);
  EXPECT_EQ(Good(v1::FREQUENCY_DAY, "2000-02-29") + 1, Good(v1::FREQUENCY_DAY, "2000-03-01"));
  EXPECT_FALSE(ParsePeriod(v1::FREQUENCY_DAY, "2025-02-29").ok());
  EXPECT_FALSE(ParsePeriod(v1::FREQUENCY_DAY, "1900-02-29").ok());
  EXPECT_FALSE(ParsePeriod(v1::FREQUENCY_DAY, "2024-02-30").ok());
  EXPECT_EQ(LastDay(v1::FREQUENCY_MONTH, Good(v1::FREQUENCY_MONTH, "2024-02")),
            absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(LastDay(v1::FREQUENCY_MONTH, Good(v1::FREQUENCY_MONTH, "2023-02")),
            absl::CivilDay(2023, 2, 28));
}

TEST(PeriodTest, WeeksFollowIso8601) {
  const int64_t first_of_2025 = Good(v1::FREQUENCY_WEEK, "2025-W01");
  EXPECT_EQ(FirstDay(v1::FREQUENCY_WEEK, first_of_2025), absl::CivilDay(2024, 12, 30));
  EXPECT_EQ(LastDay(v1::FREQUENCY_WEEK, first_of_2025), absl::CivilDay(2025, 1, 5));
  EXPECT_EQ(YearOf(v1::FREQUENCY_WEEK, first_of_2025), 2025);
  EXPECT_EQ(FormatPeriod(v1::FREQUENCY_WEEK, first_of_2025 - 1), "2024-W52");
  // 2020 and 2026 are long, 2024 and 2025 are not.
  EXPECT_EQ(Good(v1::FREQUENCY_WEEK, "2020-W53") + 1, Good(v1::FREQUENCY_WEEK, "2021-W01"));
  EXPECT_EQ(FirstDay(v1::FREQUENCY_WEEK, Good(v1::FREQUENCY_WEEK, "2021-W01")),
            absl::CivilDay(2021, 1, 4));
  EXPECT_EQ(Good(v1::FREQUENCY_WEEK, "2026-W53") + 1, Good(v1::FREQUENCY_WEEK, "2027-W01"));
  EXPECT_FALSE(ParsePeriod(v1::FREQUENCY_WEEK, "2024-W53").ok());
  EXPECT_FALSE(ParsePeriod(v1::FREQUENCY_WEEK, "2025-W53").ok());
  EXPECT_FALSE(ParsePeriod(v1::FREQUENCY_WEEK, "2024-W00").ok());
}

TEST(PeriodTest, EveryOrdinalRoundTrips) {
  const auto check = [](v1::Frequency frequency, int64_t ordinal) {
    const std::string text = FormatPeriod(frequency, ordinal);
    const auto parsed = ParsePeriod(frequency, text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
    ASSERT_EQ(*parsed, ordinal) << text;
  };
  for (const v1::Frequency frequency : AllFrequencies()) {
    // All of years 1850 to 2150, then both ends of what is allowed.
    const bool fine = frequency == v1::FREQUENCY_DAY || frequency == v1::FREQUENCY_WEEK;
    const int64_t step = frequency == v1::FREQUENCY_DAY ? 366 : 53;
    const int64_t first =
        fine ? -120 * step : 1850 * static_cast<int64_t>(PeriodsPerYear(frequency));
    const int64_t last = fine ? 180 * step : 2150 * static_cast<int64_t>(PeriodsPerYear(frequency));
    for (int64_t ordinal = first; ordinal <= last; ++ordinal) {
      ASSERT_NO_FATAL_FAILURE(check(frequency, ordinal));
    }
    int64_t lowest = first;
    for (int64_t jump = int64_t{1} << 22; jump > 0; jump /= 2) {
      while (IsValidPeriod(frequency, lowest - jump)) lowest -= jump;
    }
    int64_t highest = last;
    for (int64_t jump = int64_t{1} << 22; jump > 0; jump /= 2) {
      while (IsValidPeriod(frequency, highest + jump)) highest += jump;
    }
    for (int64_t i = 0; i < 1000 && IsValidPeriod(frequency, lowest + i); ++i) {
      ASSERT_NO_FATAL_FAILURE(check(frequency, lowest + i));
      ASSERT_NO_FATAL_FAILURE(check(frequency, highest - i));
    }
    EXPECT_EQ(FormatPeriod(frequency, lowest).substr(0, 4), "0001");
    EXPECT_EQ(FormatPeriod(frequency, highest).substr(0, 4), "9999");
    EXPECT_EQ(YearOf(frequency, lowest), 1);
    EXPECT_EQ(YearOf(frequency, highest), 9999);
    EXPECT_FALSE(IsValidPeriod(frequency, lowest - 1));
    EXPECT_FALSE(IsValidPeriod(frequency, highest + 1));
  }
}

TEST(PeriodTest, PeriodsLieEndToEnd) {
  for (const v1::Frequency frequency : AllFrequencies()) {
    const int64_t start = frequency == v1::FREQUENCY_DAY    ? 10000
                          : frequency == v1::FREQUENCY_WEEK ? 2000
                                                            : 2001;
    for (int64_t ordinal = start; ordinal < start + 3000; ++ordinal) {
      ASSERT_EQ(LastDay(frequency, ordinal) + 1, FirstDay(frequency, ordinal + 1))
          << FrequencyWord(frequency) << " " << ordinal;
    }
  }
}

TEST(PeriodTest, FiscalYearsAreNamedByTheYearInWhichTheyStart) {
  EXPECT_EQ(FirstDay(v1::FREQUENCY_YEAR, 2024, 4), absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(LastDay(v1::FREQUENCY_YEAR, 2024, 4), absl::CivilDay(2025, 3, 31));
  EXPECT_EQ(LastDay(v1::FREQUENCY_YEAR, 2023, 3), absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(LastDay(v1::FREQUENCY_YEAR, 2024, 12), absl::CivilDay(2025, 11, 30));
  EXPECT_EQ(FirstDay(v1::FREQUENCY_YEAR, 2024), absl::CivilDay(2024, 1, 1));
  EXPECT_EQ(LastDay(v1::FREQUENCY_YEAR, 2024), absl::CivilDay(2024, 12, 31));
  EXPECT_EQ(LastDay(v1::FREQUENCY_YEAR, 9999, 4), absl::CivilDay(10000, 3, 31));
  // The first month of the year does not move the months themselves.
  EXPECT_EQ(FirstDay(v1::FREQUENCY_MONTH, 2024 * 12, 4), absl::CivilDay(2024, 1, 1));
}

TEST(PeriodTest, QuartersAndHalfYears) {
  EXPECT_EQ(FirstDay(v1::FREQUENCY_QUARTER, Good(v1::FREQUENCY_QUARTER, "2024-Q3")),
            absl::CivilDay(2024, 7, 1));
  EXPECT_EQ(LastDay(v1::FREQUENCY_QUARTER, Good(v1::FREQUENCY_QUARTER, "2024-Q4")),
            absl::CivilDay(2024, 12, 31));
  EXPECT_EQ(FirstDay(v1::FREQUENCY_HALF_YEAR, Good(v1::FREQUENCY_HALF_YEAR, "2024-S2")),
            absl::CivilDay(2024, 7, 1));
  EXPECT_EQ(YearOf(v1::FREQUENCY_QUARTER, Good(v1::FREQUENCY_QUARTER, "2024-Q4")), 2024);
}

TEST(PeriodTest, OtherTextsAreRefused) {
  const std::vector<std::string> texts = {
      "",
      "2024-13",
      "2024-00",
      "2024-Q5",
      "2024-Q0",
      "2024-S3",
      "2024-S0",
      "2024-W54",
      "2024-w07",
      "2024-q3",
      "24-01",
      "24",
      "02024",
      "2024-1",
      "2024-9-5",
      "2024-Q",
      "2024-Q03",
      "2024-W7",
      "2024-09-00",
      "2024-04-31",
      "2024/09",
      "202409",
      "20240905",
      " 2024",
      "2024 ",
      "2024-09 ",
      "2024-09-05 ",
      "2024-09\n",
      "+2024",
      "-2024",
      "-001",
      "0000",
      "0000-01",
      "0000-Q1",
      "0000-W01",
      "0000-01-01",
      "10000",
      "12024-01-01",
      "\xef\xbc\x92\xef\xbc\x90\xef\xbc\x92\xef\xbc\x94",  // full-width 2024
      "2024-\xef\xbc\x90\xef\xbc\x99",                     // full-width 09
      "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa4",                  // Arabic-Indic 2024
      "2024\xe5\xb9\xb4",                                  // 2024 and the word for year
      "2024\xe2\x88\x92"
      "09",  // minus sign U+2212
      std::string("2024\0", 5),
      std::string("2024-0\0", 7),
      "\xff\xff\xff\xff",
      "2024-09-05T00:00:00Z",
  };
  for (const v1::Frequency frequency : AllFrequencies()) {
    for (const std::string& text : texts) {
      const auto period = ParsePeriod(frequency, text);
      ASSERT_FALSE(period.ok()) << FrequencyWord(frequency) << " took " << text;
      EXPECT_EQ(period.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(ReasonOf(period.status()), reason::kFieldInvalid);
      EXPECT_EQ(MetadataOf(period.status(), "field"), "period");
    }
  }
}

TEST(PeriodTest, ATextOfAnotherFrequencyIsRefusedAndNamed) {
  const std::vector<std::string> texts = {"2024-09-05", "2024-W07", "2024-09",
                                          "2024-Q3",    "2024-S1",  "2024"};
  for (size_t expected = 0; expected < texts.size(); ++expected) {
    for (size_t given = 0; given < texts.size(); ++given) {
      const v1::Frequency frequency = AllFrequencies()[expected];
      const auto period = ParsePeriod(frequency, texts[given]);
      if (expected == given) {
        EXPECT_TRUE(period.ok()) << period.status();
        continue;
      }
      ASSERT_FALSE(period.ok());
      const std::string message(period.status().message());
      EXPECT_THAT(message, HasSubstr(texts[given]));
      EXPECT_THAT(message,
                  HasSubstr("is a " + std::string(FrequencyWord(AllFrequencies()[given]))));
      EXPECT_THAT(message, HasSubstr("such as " + texts[expected]));
    }
  }
}

TEST(PeriodTest, AnErrorNamesTheFieldOfTheCaller) {
  const auto period = ParsePeriod(v1::FREQUENCY_MONTH, "2024-13", "start_period");
  EXPECT_EQ(MetadataOf(period.status(), "field"), "start_period");
  EXPECT_EQ(std::string(period.status().message()),
            "start_period: \"2024-13\" names no month that exists; years go from 0001 to 9999; "
            "must be a month such as 2024-09");
}

TEST(PeriodTest, ArbitraryBytesAndNumbersDoNoHarm) {
  std::mt19937 random(7);
  const std::string alphabet = "0123456789-QWS \xff\xc3\xa9";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t n = random() % 14; n > 0; --n) text += alphabet[random() % alphabet.size()];
    for (const v1::Frequency frequency : AllFrequencies()) {
      const auto period = ParsePeriod(frequency, text);
      if (period.ok()) {
        ASSERT_EQ(FormatPeriod(frequency, *period), text);
      }
    }
  }
  for (const int64_t ordinal : {std::numeric_limits<int64_t>::min(), int64_t{-1000000000000},
                                std::numeric_limits<int64_t>::max()}) {
    for (const v1::Frequency frequency : AllFrequencies()) {
      EXPECT_FALSE(IsValidPeriod(frequency, ordinal));
      EXPECT_FALSE(FormatPeriod(frequency, ordinal).empty());
      EXPECT_EQ(YearOf(frequency, ordinal), 0);
      FirstDay(frequency, ordinal);
      LastDay(frequency, ordinal);
    }
  }
}

TEST(PeriodTest, AnUnknownFrequencyHasNoPeriods) {
  for (const auto frequency : {v1::FREQUENCY_UNSPECIFIED, static_cast<v1::Frequency>(99)}) {
    EXPECT_FALSE(ParsePeriod(frequency, "2024").ok());
    EXPECT_FALSE(IsValidPeriod(frequency, 2024));
    EXPECT_TRUE(std::isnan(PeriodsPerYear(frequency)));
  }
}

TEST(PeriodTest, PeriodsPerYear) {
  EXPECT_EQ(PeriodsPerYear(v1::FREQUENCY_DAY), 365.25);
  EXPECT_EQ(PeriodsPerYear(v1::FREQUENCY_WEEK), 365.25 / 7);
  EXPECT_EQ(PeriodsPerYear(v1::FREQUENCY_MONTH), 12);
  EXPECT_EQ(PeriodsPerYear(v1::FREQUENCY_QUARTER), 4);
  EXPECT_EQ(PeriodsPerYear(v1::FREQUENCY_HALF_YEAR), 2);
  EXPECT_EQ(PeriodsPerYear(v1::FREQUENCY_YEAR), 1);
}

}  // namespace
}  // namespace policytrack
