#include "core/period_conversion.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/period.h"
#include "gtest/gtest.h"
#include "tests/core/period_conversion_case.h"

namespace policytrack {
namespace {

TEST(PeriodConversionTest, FlowsAreAddedUp) {
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 2}, {"2024-03", 3}, {"2024-04", 4}},
                    Conversion(kMonth, kQuarter, kFlow)),
            "2024-Q1=6 2024-Q2:7");
  EXPECT_EQ(Convert({{"2024-Q1", 1}, {"2024-Q2", 2}}, Conversion(kQuarter, kHalf, kFlow)),
            "2024-S1=3");
  EXPECT_EQ(Convert({{"2024-S1", 1}, {"2024-S2", 2}}, Conversion(kHalf, kYear, kFlow)), "2024=3");
  // No sum of rounded thirds.
  EXPECT_EQ(Convert({{"2024-01", 0.1}, {"2024-02", 0.2}, {"2024-03", 0.3}},
                    Conversion(kMonth, kQuarter, kFlow)),
            "2024-Q1=0.6");
}

TEST(PeriodConversionTest, ALeapDayIsADay) {
  std::vector<Point> days;
  std::vector<std::string> texts;
  for (int day = 1; day <= 29; ++day)
    texts.push_back(absl::StrCat("2024-02-", day < 10 ? "0" : "", day));
  for (const std::string& text : texts) days.push_back({text.c_str(), 1});
  EXPECT_EQ(Convert(days, Conversion(kDay, kMonth, kFlow)), "2024-02=29");
  days.pop_back();
  EXPECT_EQ(Convert(days, Conversion(kDay, kMonth, kFlow)), "2024-02:7");
}

TEST(PeriodConversionTest, DaysFillIsoWeeks) {
  // 2024-12-30 is the Monday of 2025-W01.
  std::vector<Point> days = {{"2024-12-29", 100}, {"2024-12-30", 1}, {"2024-12-31", 1},
                             {"2025-01-01", 1},   {"2025-01-02", 1}, {"2025-01-03", 1},
                             {"2025-01-04", 1},   {"2025-01-05", 1}};
  EXPECT_EQ(Convert(days, Conversion(kDay, kWeek, kFlow)), "2024-W52:1 2025-W01=7");
}

TEST(PeriodConversionTest, AHoleIsNotAnIncompletePeriod) {
  const PeriodConversion conversion = Conversion(kMonth, kQuarter, kFlow);
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 2}}, conversion), "2024-Q1:7");
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-03", 3}}, conversion), "2024-Q1:1");
  EXPECT_EQ(Convert({{"2024-02", 1}, {"2024-03", 3}}, conversion), "2024-Q1:1");
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 0, kMissing}, {"2024-03", 3}}, conversion),
            "2024-Q1:1");
}

TEST(PeriodConversionTest, StocksAndTotalsToDateTakeTheLast) {
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-03", 3}, {"2024-04", 4}},
                    Conversion(kMonth, kQuarter, kStock)),
            "2024-Q1=3 2024-Q2:7");
  EXPECT_EQ(Convert({{"2024-03", 3}, {"2024-12", 40}}, Conversion(kMonth, kYear, kToDate)),
            "2024=40");
}

TEST(PeriodConversionTest, WhereThereIsNothingThereIsNoHole) {
  const Flags holiday = MissingFlags(v1::MISSING_REASON_HOLIDAY);
  const Flags suppressed = MissingFlags(v1::MISSING_REASON_SUPPRESSED);
  const std::vector<Point> points = {{"2024-01", 1}, {"2024-02", 0, holiday}, {"2024-03", 5}};
  EXPECT_EQ(Convert(points, Conversion(kMonth, kQuarter, kFlow)), "2024-Q1=6");
  EXPECT_EQ(Convert(points, Conversion(kMonth, kQuarter, kLevel)), "2024-Q1=3");
  // A stock is that of the last day on which there was one.
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 2}, {"2024-03", 0, holiday}},
                    Conversion(kMonth, kQuarter, kStock)),
            "2024-Q1=2");
  EXPECT_EQ(Convert({{"2024-01", 0, holiday}, {"2024-02", 0, holiday}, {"2024-03", 0, holiday}},
                    Conversion(kMonth, kQuarter, kStock)),
            "2024-Q1:17");
  // What is kept secret stays secret.
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 0, suppressed}, {"2024-03", 5}},
                    Conversion(kMonth, kQuarter, kFlow)),
            "2024-Q1:20");
  EXPECT_EQ(
      Convert({{"2024-02", 2}, {"2024-03", 0, suppressed}}, Conversion(kMonth, kQuarter, kStock)),
      "2024-Q1:20");
  // February is a hole: January's stock is not that of the last day known of.
  EXPECT_EQ(
      Convert({{"2024-01", 1}, {"2024-03", 0, holiday}}, Conversion(kMonth, kQuarter, kStock)),
      "2024-Q1:1");
}

TEST(PeriodConversionTest, TotalsAndJointMonthsWhereThereIsNothing) {
  const Flags holiday = MissingFlags(v1::MISSING_REASON_HOLIDAY);
  const Flags suppressed = MissingFlags(v1::MISSING_REASON_SUPPRESSED);
  const PeriodConversion to_date = {kMonth, kMonth, kFlow, kToDate, 1, false};
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 0, holiday}, {"2024-03", 5}}, to_date),
            "2024-01=1 2024-02=1 2024-03=6");
  EXPECT_EQ(Convert({{"2024-01", 0, holiday}, {"2024-02", 2}}, to_date), "2024-01:17 2024-02=2");
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 0, suppressed}, {"2024-03", 5}}, to_date),
            "2024-01=1 2024-02:20 2024-03:20");
  PeriodConversion joint = Conversion(kMonth, kQuarter, kFlow);
  joint.january_february_joint = true;
  const std::vector<Point> points = {{"2024-02", 0, holiday}, {"2024-03", 3}};
  EXPECT_EQ(Convert(points, joint), "2024-Q1=3");
  joint.to = kMonth;
  EXPECT_EQ(Convert(points, joint), "2024-01:8 2024-02:19 2024-03=3");
}

TEST(PeriodConversionTest, LevelsHaveAMean) {
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 2}, {"2024-03", 6}},
                    Conversion(kMonth, kQuarter, kLevel)),
            "2024-Q1=3");
}

TEST(PeriodConversionTest, AFiscalYearIsNamedByTheYearInWhichItStarts) {
  std::vector<std::string> texts;
  for (int month = 4; month <= 15; ++month) {
    texts.push_back(absl::StrCat(month <= 12 ? 2023 : 2024, "-",
                                 (month - 1) % 12 + 1 < 10 ? "0" : "", (month - 1) % 12 + 1));
  }
  std::vector<Point> points;
  for (const std::string& text : texts) points.push_back({text.c_str(), 1});
  EXPECT_EQ(Convert(points, Conversion(kMonth, kYear, kFlow, 4)), "2023=12");
  EXPECT_EQ(Convert(points, Conversion(kMonth, kYear, kFlow)), "2023:1 2024:7");
}

TEST(PeriodConversionTest, TotalsToDateBecomeTotalsOfEachMonth) {
  EXPECT_EQ(Convert({{"2024-01", 10},
                     {"2024-02", 25},
                     {"2024-03", 25, kProvisional},
                     {"2024-05", 60},
                     {"2025-01", 7}},
                    ToFlow(kMonth, kMonth)),
            "2024-01=10 2024-02=15 2024-03=0P 2024-05:1 2025-01=7");
  // By fiscal year April begins anew.
  EXPECT_EQ(
      Convert({{"2024-03", 90}, {"2024-04", 5}, {"2024-05", 9}}, ToFlow(kMonth, kMonth, false, 4)),
      "2024-03:1 2024-04=5 2024-05=4");
  // The frequency first: a quarter needs only its last month.
  EXPECT_EQ(Convert({{"2024-03", 30}, {"2024-06", 70}}, ToFlow(kMonth, kQuarter)),
            "2024-Q1=30 2024-Q2=40");
}

TEST(PeriodConversionTest, NoDifferenceCrossesABreak) {
  EXPECT_EQ(Convert({{"2024-01", 10, kBreak}, {"2024-02", 25}, {"2024-03", 27, kBreak}},
                    ToFlow(kMonth, kMonth)),
            "2024-01=10B 2024-02=15 2024-03:6B");
}

TEST(PeriodConversionTest, JanuaryAndFebruaryStayOne) {
  EXPECT_EQ(Convert({{"2023-12", 100}, {"2024-02", 25}, {"2024-03", 40}},
                    ToFlow(kMonth, kMonth, /*joint=*/true)),
            "2023-12:1 2024-01:8 2024-02=25J 2024-03=15");
  // In a fiscal year from April, February is a difference to December.
  EXPECT_EQ(Convert({{"2023-12", 100}, {"2024-02", 125}}, ToFlow(kMonth, kMonth, true, 4)),
            "2023-12:1 2024-01:8 2024-02=25J");
  // Flows are published so too; they fill a quarter and a total to date.
  PeriodConversion flow = Conversion(kMonth, kMonth, kFlow);
  flow.january_february_joint = true;
  const std::vector<Point> points = {{"2024-02", 25}, {"2024-03", 15}};
  EXPECT_EQ(Convert(points, flow), "2024-01:8 2024-02=25J 2024-03=15");
  flow.to = kQuarter;
  EXPECT_EQ(Convert(points, flow), "2024-Q1=40");
  EXPECT_EQ(Convert({{"2024-02", 25}}, flow), "2024-Q1:7");
  flow.to = kMonth;
  flow.to_accumulation = kToDate;
  EXPECT_EQ(Convert(points, flow), "2024-01:8 2024-02=25 2024-03=40");
}

TEST(PeriodConversionTest, TheLastIsTakenWhereItIsAskedFor) {
  PeriodConversion last = Conversion(kMonth, kQuarter, kLevel);
  last.take_last = true;
  EXPECT_EQ(Convert({{"2024-01", 1}, {"2024-02", 2}, {"2024-03", 6}, {"2024-04", 7}}, last),
            "2024-Q1=6 2024-Q2:7");
  last.from_accumulation = last.to_accumulation = kFlow;
  EXPECT_EQ(ReasonOf(CheckConversion(last, "f")), reason::kFieldInvalid);
}

// The value of the result's period by the calendar alone: the parts are the periods
// of the source whose days all lie in it.
double ByTheCalendar(const PeriodConversion& c, int64_t period, const Columns& source) {
  const absl::CivilDay first = FirstDay(c.to, period, c.year_start_month);
  const absl::CivilDay last = LastDay(c.to, period, c.year_start_month);
  double sum = 0;
  double count = 0;
  double latest = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    const int64_t part = source.periods[i];
    if (FirstDay(c.from, part, c.year_start_month) < first ||
        LastDay(c.from, part, c.year_start_month) > last) {
      continue;
    }
    sum += source.values[i];
    count += 1;
    latest = source.values[i];
  }
  if (c.from_accumulation == kFlow) return sum;
  return c.from_accumulation == kLevel ? sum / count : latest;
}

// Each frequency into each, by each accumulation: right by the calendar, or refused.
TEST(PeriodConversionTest, EveryPairOfFrequenciesConvertsOrIsRefused) {
  const std::vector<std::pair<v1::Frequency, const char*>> all = {
      {kDay, "2022-12-01"},  {kWeek, "2022-W48"}, {kMonth, "2022-12"},
      {kQuarter, "2022-Q4"}, {kHalf, "2022-S2"},  {kYear, "2022"}};
  const absl::CivilDay begin(2022, 12, 1);
  const absl::CivilDay end(2026, 2, 1);
  int defined = 0;
  for (const auto& [from, start] : all) {
    Columns source;
    for (int64_t p = *ParsePeriod(from, start); FirstDay(from, p) <= end; ++p) {
      source.Append(p, static_cast<double>(p % 1000), kNormal);
    }
    for (const auto& [to, ignored] : all) {
      for (const v1::Accumulation accumulation : {kFlow, kToDate, kStock, kLevel}) {
        const PeriodConversion conversion = Conversion(from, to, accumulation);
        const absl::Status status = CheckConversion(conversion, "indicator.frequency");
        const bool fills = from == to || (from != kWeek && from < to);
        const bool ok = fills && !(from != to && to == kWeek && accumulation == kToDate);
        EXPECT_EQ(status.ok(), ok) << from << " to " << to << ": " << status;
        if (!ok) {
          EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
          continue;
        }
        const Columns result = ConvertPeriods(source, conversion);
        int whole = 0;
        for (size_t i = 0; i < result.size(); ++i) {
          const int64_t period = result.periods[i];
          if (FirstDay(to, period) < begin || LastDay(to, period) > end) continue;
          ASSERT_FALSE(IsMissing(result.flags[i])) << from << " to " << to << " at " << period;
          EXPECT_DOUBLE_EQ(result.values[i], ByTheCalendar(conversion, period, source))
              << from << " to " << to << " at " << FormatPeriod(to, period);
          ++whole;
        }
        EXPECT_GE(whole, 3) << from << " to " << to;
        ++defined;
      }
    }
  }
  // Six stay as they are, ten become longer, days become weeks save for totals to date.
  EXPECT_EQ(defined, 4 * (6 + 10) + 3);
}

TEST(PeriodConversionTest, FlowsBecomeTotalsToDate) {
  PeriodConversion conversion = ToFlow(kMonth, kMonth);
  std::swap(conversion.from_accumulation, conversion.to_accumulation);
  EXPECT_EQ(
      Convert({{"2024-01", 1}, {"2024-02", 2}, {"2024-04", 4}, {"2024-05", 5}, {"2025-01", 9}},
              conversion),
      "2024-01=1 2024-02=3 2024-04:1 2024-05:1 2025-01=9");
}

TEST(PeriodConversionTest, WhatDoesNotConvertIsRefused) {
  const auto refused = [](const PeriodConversion& conversion) {
    const absl::Status status = CheckConversion(conversion, "indicator.frequency");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(MetadataOf(status, "field"), "indicator.frequency");
    return ReasonOf(status);
  };
  EXPECT_EQ(refused(Conversion(kYear, kMonth, kFlow)), reason::kFieldInvalid);
  EXPECT_EQ(refused(Conversion(kWeek, kMonth, kFlow)), reason::kFieldInvalid);
  EXPECT_EQ(refused(Conversion(kMonth, kWeek, kFlow)), reason::kFieldInvalid);
  EXPECT_EQ(refused(Conversion(kDay, kWeek, kToDate)), reason::kFieldInvalid);
  EXPECT_EQ(refused(Conversion(kQuarter, kYear, kFlow, 2)), reason::kFieldInvalid);
  EXPECT_EQ(refused(Conversion(kHalf, kYear, kFlow, 4)), reason::kFieldInvalid);
  EXPECT_EQ(refused(ToFlow(kQuarter, kQuarter, false, 2)), reason::kFieldInvalid);
  EXPECT_EQ(refused({kMonth, kMonth, kStock, kFlow, 1, false}), reason::kFieldInvalid);
  EXPECT_EQ(refused({kMonth, kMonth, kFlow, kLevel, 1, false}), reason::kFieldInvalid);
  EXPECT_EQ(refused(ToFlow(kWeek, kWeek)), reason::kFieldInvalid);
  EXPECT_TRUE(CheckConversion(Conversion(kWeek, kWeek, kFlow), "f").ok());
  EXPECT_TRUE(CheckConversion(Conversion(kQuarter, kYear, kFlow, 4), "f").ok());
}

// What an evaluation of a window rests on: nothing outside the ranges matters.
TEST(PeriodConversionTest, RangesHoldAllThatMatters) {
  std::mt19937 random(20241109);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::vector<PeriodConversion> conversions = {
      Conversion(kMonth, kQuarter, kFlow),
      Conversion(kMonth, kYear, kStock, 4),
      Conversion(kDay, kWeek, kLevel),
      Conversion(kDay, kMonth, kFlow),
      ToFlow(kMonth, kMonth),
      ToFlow(kMonth, kMonth, true),
      ToFlow(kMonth, kMonth, true, 4),
      ToFlow(kMonth, kQuarter, false, 7),
      {kMonth, kMonth, kFlow, kToDate, 1, true},
      {kMonth, kQuarter, kFlow, kToDate, 1, false},
      {kMonth, kMonth, kFlow, kFlow, 1, true},
  };
  for (const PeriodConversion& conversion : conversions) {
    ASSERT_TRUE(CheckConversion(conversion, "f").ok());
    const int64_t start = conversion.from == kDay ? 19700 : 2023 * 12 + 5;
    const bool joint = conversion.january_february_joint;
    for (int round = 0; round < 300; ++round) {
      const auto make = [&](int64_t skip, bool keep) {
        Columns series;
        std::mt19937 same(static_cast<unsigned>(round));
        for (int64_t p = start; p < start + 40; ++p) {
          const bool there = same() % 6 != 0;
          const Flags flags = same() % 9 == 0   ? MissingFlags(v1::MISSING_REASON_INPUT_MISSING)
                              : same() % 9 == 0 ? MissingFlags(v1::MISSING_REASON_HOLIDAY)
                              : same() % 7 == 0 ? kBreak
                                                : kNormal;
          const double value = static_cast<double>(same() % 100);
          if (!there || (joint && p % 12 == 0) || (p == skip && !keep)) continue;
          series.Append(p, value, flags, 1);
        }
        return series;
      };
      const int64_t changed = start + below(40);
      const Columns with = ConvertPeriods(make(changed, true), conversion);
      const Columns without = ConvertPeriods(make(changed, false), conversion);
      const PeriodRange touched = ResultRange(conversion, {changed, changed});
      EXPECT_TRUE(SameData(with.Slice({kFirstPeriod, touched.first - 1}),
                           without.Slice({kFirstPeriod, touched.first - 1})));
      EXPECT_TRUE(SameData(with.Slice({touched.last + 1, kLastPeriod}),
                           without.Slice({touched.last + 1, kLastPeriod})));
      if (with.empty()) continue;
      const int64_t a = with.periods[static_cast<size_t>(below(static_cast<int>(with.size())))];
      const PeriodRange wanted{a, a + below(4)};
      const Columns part =
          ConvertPeriods(make(0, true).Slice(SourceRange(conversion, wanted)), conversion);
      EXPECT_TRUE(SameData(part.Slice(wanted), with.Slice(wanted)))
          << Text(conversion.to, part.Slice(wanted)) << " is not "
          << Text(conversion.to, with.Slice(wanted));
    }
  }
}

}  // namespace
}  // namespace policytrack
