// `attainment` with method pro_rata: the target of a year held against what there is
// so far in it. Worked out by hand: due is the target times the part of the year that
// is gone.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/attainment_case.h"

namespace policytrack::plugins {
namespace {

constexpr int64_t kDecember2024 = 24299;
constexpr int64_t kDecember2025 = 24311;

Case Yearly(double target, v1::Accumulation accumulation,
            v1::TargetRelation relation = v1::TARGET_RELATION_AT_LEAST) {
  Case c;
  c.relation = relation;
  c.frequency = v1::FREQUENCY_MONTH;
  c.accumulation = accumulation;
  c.target_period = kDecember2025;
  c.path = {{kDecember2025, target}};
  return By("pro_rata", c);
}

// January to December of 2025.
int64_t Month(int64_t month) { return kDecember2024 + month; }

// Output of new-energy vehicles in Henan, January and February 2025: 10.19 of the 150
// ten thousand that the guidance of 2022 wants in the year.
TEST(ProRataTest, TotalsToDate) {
  const auto run =
      Judge(Yearly(150, v1::ACCUMULATION_YEAR_TO_DATE), {{Month(2), 10.19}, {Month(6), 67.5}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", Month(2)), kLimited);
  EXPECT_NEAR(run->Value("ratio", Month(2)), 10.19 / 25, 1e-15);
  EXPECT_NEAR(run->Value("score", Month(2)), 5 * 10.19 / 25 - 2.5, 1e-14);
  EXPECT_NEAR(run->Value("expected", Month(2)), 25, 1e-13);
  EXPECT_NEAR(run->Value("projected", Month(2)), 61.14, 1e-12);
  EXPECT_NEAR(run->Value("required_pace", Month(2)), (150 - 10.19) * 12 / 10, 1e-11);
  // January and February came in together: evenly, as far as anybody knows.
  EXPECT_NEAR(run->Value("best_pace", Month(2)), 10.19 * 6, 1e-12);
  EXPECT_EQ(run->Value("out_of_reach", Month(2)), Month(2));
  EXPECT_EQ(run->Reason("baseline", Month(2)), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("status", Month(6)), kModerate);  // 0.9 exactly
  EXPECT_NEAR(run->Value("best_pace", Month(6)), (67.5 - 10.19) * 3, 1e-11);
  // 82.5 at 171.93 a year take 5.76 of the 6 months left.
  EXPECT_EQ(run->Value("out_of_reach", Month(6)), Month(7));
  EXPECT_NEAR(run->Value("flip_change", Month(6)), 0, 1e-6);
  EXPECT_EQ(run->Value("flip_status", Month(6)), kOnTrack);
}

TEST(ProRataTest, FlowsAreCumulatedWithinTheYear) {
  std::vector<Point> series = {{kDecember2024, 1000}};
  for (int64_t month = 1; month <= 12; ++month) series.push_back({Month(month), 0.1 * month});
  const auto run = Judge(Yearly(7.8, v1::ACCUMULATION_FLOW), series);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("status", kDecember2024), v1::MISSING_REASON_UNDEFINED)
      << "2024 has no target";
  EXPECT_NEAR(run->Value("ratio", Month(1)), 0.1 / 0.65, 1e-15);
  EXPECT_EQ(run->Value("status", Month(1)), kLimited);
  EXPECT_NEAR(run->Value("ratio", Month(6)), 2.1 / 3.9, 1e-15);
  EXPECT_EQ(run->Value("status", Month(6)), kModerate);
  EXPECT_NEAR(run->Value("ratio", Month(11)), 6.6 / 7.15, 1e-15);
  EXPECT_EQ(run->Value("status", Month(11)), kOnTrack);
  EXPECT_EQ(run->Value("status", Month(12)), kAchieved) << "the months add up to 7.8";
  EXPECT_EQ(run->Value("required_pace", Month(12)), 0);
}

TEST(ProRataTest, AMissingMonthIsNotZero) {
  std::vector<Point> series;
  for (int64_t month = 1; month <= 6; ++month) series.push_back({Month(month), 10});
  series[2].value.reset();
  const auto run = Judge(Yearly(120, v1::ACCUMULATION_FLOW), series);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", Month(2)), kOnTrack);
  EXPECT_EQ(run->Reason("status", Month(3)), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("status", Month(4)), v1::MISSING_REASON_PART_MISSING);
  EXPECT_NEAR(run->Value("expected", Month(3)), 30, 1e-13);
  // A month that has no row at all is missing as well.
  series.erase(series.begin() + 2);
  EXPECT_EQ(Judge(Yearly(120, v1::ACCUMULATION_FLOW), series)->Reason("status", Month(6)),
            v1::MISSING_REASON_PART_MISSING);
  // Totals to date do not need the months before.
  EXPECT_EQ(Judge(Yearly(120, v1::ACCUMULATION_YEAR_TO_DATE), {{Month(6), 60}})
                ->Value("status", Month(6)),
            kOnTrack);
}

TEST(ProRataTest, EveryYearHasItsTarget) {
  Case c = Yearly(120, v1::ACCUMULATION_FLOW);
  c.path = {{kDecember2024, 60}, {kDecember2025, 120}};
  std::vector<Point> series;
  for (int64_t month = -11; month <= 12; ++month) series.push_back({Month(month), 5});
  const auto run = Judge(c, series);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("expected", Month(-6)), 30);
  EXPECT_EQ(run->Value("status", Month(-6)), kOnTrack);
  EXPECT_EQ(run->Value("status", kDecember2024), kAchieved);
  EXPECT_EQ(run->Value("expected", Month(6)), 60);
  EXPECT_EQ(run->Value("status", Month(6)), kModerate);
  EXPECT_EQ(run->Value("ratio", Month(12)), 0.5);
  c.path = {{Month(6), 60}, {kDecember2025, 120}};
  EXPECT_EQ(ReasonOf(Judge(c, series).status()), reason::kPluginFailed) << "half a year's target";
}

// A ceiling is an allowance: met only when the year is over, lost when it is used up.
TEST(ProRataTest, AtMostIsAnAllowance) {
  const auto run = Judge(Yearly(120, v1::ACCUMULATION_YEAR_TO_DATE, v1::TARGET_RELATION_AT_MOST),
                         {{Month(1), 0},
                          {Month(3), 30},
                          {Month(6), 100},
                          {Month(9), 119},
                          {Month(10), 132},
                          {Month(12), 120}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", Month(1)), kOnTrack);
  EXPECT_EQ(run->Value("score", Month(1)), 5);
  EXPECT_EQ(run->Reason("ratio", Month(1)), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("status", Month(3)), kOnTrack);
  EXPECT_EQ(run->Value("ratio", Month(3)), 1);
  EXPECT_EQ(run->Value("required_pace", Month(3)), 120) << "the most that may come, a year";
  EXPECT_EQ(run->Reason("out_of_reach", Month(3)), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("status", Month(6)), kModerate);
  EXPECT_EQ(run->Value("ratio", Month(6)), 0.6);
  EXPECT_EQ(run->Value("status", Month(10)), kDeteriorating);
  EXPECT_NEAR(run->Value("score", Month(10)), -2.75, 1e-12);  // beyond by a tenth
  EXPECT_EQ(run->Value("out_of_reach", Month(10)), Month(10));
  EXPECT_EQ(run->Value("status", Month(12)), kAchieved);
}

TEST(ProRataTest, TargetsOfZeroAndBelow) {
  // No new one is to be registered.
  const auto none = Judge(Yearly(0, v1::ACCUMULATION_FLOW, v1::TARGET_RELATION_AT_MOST),
                          {{Month(1), 0}, {Month(2), -0.0}, {Month(3), 1}});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(none->Value("status", Month(2)), kOnTrack);
  EXPECT_EQ(none->Value("status", Month(3)), kDeteriorating);
  EXPECT_EQ(none->Value("score", Month(3)), -5);
  // A deficit of at most 120, and one of at least 120.
  const auto deficit = Judge(Yearly(-120, v1::ACCUMULATION_YEAR_TO_DATE),
                             {{Month(6), -60}, {Month(9), -130}, {Month(12), -120}});
  ASSERT_TRUE(deficit.ok()) << deficit.status();
  EXPECT_EQ(deficit->Value("status", Month(6)), kOnTrack);
  EXPECT_EQ(deficit->Value("status", Month(9)), kDeteriorating);
  EXPECT_EQ(deficit->Value("status", Month(12)), kAchieved);
  const auto cut = Judge(Yearly(-120, v1::ACCUMULATION_YEAR_TO_DATE, v1::TARGET_RELATION_AT_MOST),
                         {{Month(6), -30}, {Month(7), 10}, {Month(12), -120}});
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_EQ(cut->Value("ratio", Month(6)), 0.5);
  EXPECT_EQ(cut->Value("status", Month(6)), kModerate);
  EXPECT_EQ(cut->Value("status", Month(7)), kDeteriorating);
  EXPECT_EQ(cut->Value("status", Month(12)), kAchieved);
}

TEST(ProRataTest, AboutAndWithin) {
  Case about = Yearly(120, v1::ACCUMULATION_YEAR_TO_DATE, v1::TARGET_RELATION_ABOUT);
  about.tolerance = 5;
  const auto run = Judge(about, {{Month(6), 60}, {Month(11), 118}, {Month(12), 126}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", Month(6)), kOnTrack);
  EXPECT_EQ(run->Value("status", Month(11)), kOnTrack) << "a month may still lead out of it";
  EXPECT_EQ(run->Value("status", Month(12)), kAchieved);
  EXPECT_EQ(Judge(about, {{Month(9), 130}})->Value("status", Month(9)), kDeteriorating);
  Case within = Yearly(-10, v1::ACCUMULATION_YEAR_TO_DATE, v1::TARGET_RELATION_WITHIN);
  within.upper = {{kDecember2025, 10}};
  const auto balance = Judge(within, {{Month(3), -2}, {Month(6), 9}, {Month(9), -11}});
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->Value("status", Month(3)), kOnTrack);
  EXPECT_EQ(balance->Value("status", Month(6)), kModerate) << "5 of 10 were due, 9 are used";
  EXPECT_EQ(balance->Value("status", Month(9)), kDeteriorating);
}

TEST(ProRataTest, BreaksWithinTheYear) {
  // From the first figure of the year on, nothing is carried across.
  const auto first = Judge(Yearly(150, v1::ACCUMULATION_YEAR_TO_DATE),
                           {{kDecember2024, 90}, {Month(2), 10.19, kBreak}, {Month(3), 20}});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->Value("status", Month(2)), kLimited);
  EXPECT_EQ(first->FlagsAt("status", Month(3)), kNormal);
  Case c = Yearly(150, v1::ACCUMULATION_FLOW);
  const std::vector<Point> series = {{Month(1), 12}, {Month(2), 13, kBreak}, {Month(3), 13}};
  EXPECT_EQ(Judge(c, series)->Reason("status", Month(3)), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(Judge(c, series)->FlagsAt("expected", Month(3)), kBreak);
  c.parameters = R"({"method": "pro_rata", "across_breaks": true})";
  const auto told = Judge(c, series);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->Value("status", Month(3)), kOnTrack);
  EXPECT_EQ(told->FlagsAt("status", Month(3)), kBreak);
}

TEST(ProRataTest, OfFlowsAllMonthsCountForTheQuality) {
  const std::vector<Point> series = {{Month(1), 12}, {Month(2), 13, kEstimated}, {Month(3), 13}};
  const auto flows = Judge(Yearly(150, v1::ACCUMULATION_FLOW), series);
  ASSERT_TRUE(flows.ok()) << flows.status();
  EXPECT_EQ(flows->FlagsAt("status", Month(3)), kEstimated);
  EXPECT_EQ(flows->Value("rests_on_provisional", Month(3)), 1);
  EXPECT_EQ(flows->Value("rests_on_provisional", Month(1)), 0);
  const auto totals = Judge(Yearly(150, v1::ACCUMULATION_YEAR_TO_DATE), series);
  EXPECT_EQ(totals->Value("rests_on_provisional", Month(3)), 0);
}

// The year of the target is that of the series, unless it is stated.
TEST(ProRataTest, FiscalYears) {
  Case c = Yearly(120, v1::ACCUMULATION_YEAR_TO_DATE);
  const int64_t march_2026 = Month(15);
  c.target_period = march_2026;
  c.path = {{march_2026, 120}};
  EXPECT_EQ(ReasonOf(Judge(c, {{Month(6), 30}}).status()), reason::kParametersInvalid);
  c.year_start_month = 4;
  const auto run = Judge(c, {{Month(3), 80}, {Month(6), 30}, {Month(13), 100}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("status", Month(3)), v1::MISSING_REASON_UNDEFINED) << "the year before";
  EXPECT_EQ(run->Value("expected", Month(6)), 30) << "April to June";
  EXPECT_EQ(run->Value("expected", Month(13)), 100);
  c.frequency = v1::FREQUENCY_QUARTER;
  c.target_period = 2026 * 4;
  c.path = {{2026 * 4, 120}};
  EXPECT_EQ(Judge(c, {{2025 * 4 + 1, 30}})->Value("expected", 2025 * 4 + 1), 30);
  c.year_start_month = 3;  // no quarter begins in March
  EXPECT_EQ(ReasonOf(Judge(c, {{2025 * 4 + 1, 30}}).status()), reason::kParametersInvalid);
}

TEST(ProRataTest, AStatedYearIsForFlowsAlone) {
  Case c = Yearly(120, v1::ACCUMULATION_FLOW);
  c.parameters = R"({"method": "pro_rata", "year_end_month": 3})";
  c.target_period = Month(15);
  c.path = {{Month(15), 120}};
  const auto run = Judge(c, {{Month(4), 10}, {Month(5), 10}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("expected", Month(5)), 20);
  // Totals to date begin anew when their own year does.
  c.accumulation = v1::ACCUMULATION_YEAR_TO_DATE;
  const auto other = Judge(c, {{Month(4), 10}});
  EXPECT_EQ(ReasonOf(other.status()), reason::kParametersInvalid);
  EXPECT_NE(other.status().message().find("begin anew in month 1"), std::string::npos)
      << other.status();
  c.parameters = R"({"method": "linear_pace", "year_end_month": 3})";
  EXPECT_EQ(ReasonOf(Judge(c, {{Month(4), 10}}).status()), reason::kParametersInvalid);
}

TEST(ProRataTest, LeapYearsByDayAndLongYearsByWeek) {
  Case c;
  c.frequency = v1::FREQUENCY_DAY;
  c.accumulation = v1::ACCUMULATION_FLOW;
  constexpr int64_t kLast2023 = 19722, kLast2024 = 20088, kLast2025 = 20453;
  c.target_period = kLast2025;
  c.path = {{kLast2023, 365}, {kLast2024, 366}, {kLast2025, 365}};
  std::vector<Point> series;
  for (int64_t day = kLast2023 - 364; day <= kLast2025; ++day) series.push_back({day, 1});
  const auto run = Judge(By("pro_rata", c), series);
  ASSERT_TRUE(run.ok()) << run.status();
  constexpr int64_t kFebruary29 = kLast2023 + 60;
  for (const int64_t day : {kLast2023 - 364, kLast2023 + 1, kFebruary29, kLast2024 - 1,
                            kLast2024 + 60, kLast2025 - 1}) {
    EXPECT_NEAR(run->Value("ratio", day), 1, 1e-14) << day;
  }
  EXPECT_NEAR(run->Value("expected", kFebruary29), 60, 1e-13);
  for (const int64_t day : {kLast2023, kLast2024, kLast2025}) {
    EXPECT_EQ(run->Value("status", day), kAchieved) << day;
  }
  // 2020 has 53 ISO weeks, 2021 has 52: from week 2609 on, and from 2662 on.
  Case weeks;
  weeks.frequency = v1::FREQUENCY_WEEK;
  weeks.accumulation = v1::ACCUMULATION_FLOW;
  weeks.target_period = 2713;
  weeks.path = {{2661, 53}, {2713, 52}};
  std::vector<Point> ones;
  for (int64_t week = 2609; week <= 2713; ++week) ones.push_back({week, 1});
  const auto by_week = Judge(By("pro_rata", weeks), ones);
  ASSERT_TRUE(by_week.ok()) << by_week.status();
  EXPECT_EQ(by_week->Value("status", 2661), kAchieved);
  EXPECT_NEAR(by_week->Value("expected", 2662), 1, 1e-15);
  EXPECT_EQ(by_week->Value("status", 2713), kAchieved);
}

TEST(ProRataTest, RefusesWhatDoesNotAddUp) {
  for (const v1::Accumulation accumulation : {v1::ACCUMULATION_STOCK, v1::ACCUMULATION_LEVEL}) {
    EXPECT_EQ(ReasonOf(Judge(Yearly(1, accumulation), {{Month(1), 1}}).status()),
              reason::kParametersInvalid);
  }
  Case direction = Yearly(1, v1::ACCUMULATION_FLOW);
  direction.target_period.reset();
  direction.path.clear();
  EXPECT_EQ(ReasonOf(Judge(direction, {{Month(1), 1}}).status()), reason::kParametersInvalid);
  Case june = Yearly(1, v1::ACCUMULATION_FLOW);
  june.target_period = Month(6);
  june.path = {{Month(6), 1}};
  EXPECT_EQ(ReasonOf(Judge(june, {{Month(1), 1}}).status()), reason::kParametersInvalid);
}

TEST(ProRataTest, LaterMonthsChangeNothing) {
  const std::vector<Point> all = {{Month(1), 5}, {Month(2), 6}, {Month(3), 7}, {Month(4), 90}};
  const Case c = Yearly(120, v1::ACCUMULATION_FLOW);
  const auto full = Judge(c, all);
  const auto early = Judge(c, {all.begin(), all.begin() + 3});
  const auto window = Judge(c, all, {Month(3), Month(3)});
  ASSERT_TRUE(full.ok() && early.ok() && window.ok());
  for (const auto& [name, columns] : early->outputs) {
    EXPECT_TRUE(SameData(columns, full->outputs.at(name).Slice({Month(1), Month(3)}))) << name;
    EXPECT_TRUE(SameData(window->outputs.at(name), columns.Slice({Month(3), Month(3)}))) << name;
  }
}

TEST(ProRataTest, TheChangeFlipsAndAHairLessDoesNot) {
  std::mt19937_64 random(7);
  const auto pick = [&] { return static_cast<double>(random() % 2000) / 7 - 60; };
  int flipped = 0;
  for (int i = 0; i < 2000; ++i) {
    constexpr v1::TargetRelation kRelations[] = {
        v1::TARGET_RELATION_AT_LEAST, v1::TARGET_RELATION_AT_MOST, v1::TARGET_RELATION_ABOUT,
        v1::TARGET_RELATION_WITHIN};
    const double target = pick();
    Case c =
        Yearly(target, random() % 2 == 0 ? v1::ACCUMULATION_FLOW : v1::ACCUMULATION_YEAR_TO_DATE,
               kRelations[random() % 4]);
    if (c.relation == v1::TARGET_RELATION_WITHIN) c.upper = {{kDecember2025, target + 10}};
    std::vector<Point> series;
    const int64_t last = 1 + static_cast<int64_t>(random() % 12);
    for (int64_t month = 1; month <= last; ++month) series.push_back({Month(month), pick() / 6});
    const auto run = Judge(c, series);
    ASSERT_TRUE(run.ok()) << run.status();
    const double change = run->Value("flip_change", Month(last));
    if (std::isnan(change)) continue;
    ++flipped;
    const auto status_after = [&](double by) {
      std::vector<Point> changed = series;
      changed.back().value = *changed.back().value + by;
      return Judge(c, changed)->Value("status", Month(last));
    };
    EXPECT_EQ(status_after(change), run->Value("flip_status", Month(last))) << i;
    if (std::abs(change) < 1e-9) continue;
    EXPECT_EQ(status_after(change - std::copysign(1e-10, change)),
              run->Value("status", Month(last)))
        << i;
  }
  EXPECT_GT(flipped, 1500);
}

// What is missing over what is left of the year is the pace required; from when on the
// best month is too slow for it follows.
TEST(ProRataTest, OutOfReachAgreesWithThePaces) {
  std::mt19937_64 random(12);
  int reached = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto target = static_cast<double>(40 + random() % 200);
    std::vector<Point> series;
    const int64_t last = 1 + static_cast<int64_t>(random() % 11);
    double total = 0;
    for (int64_t month = 1; month <= last; ++month) {
      series.push_back({Month(month), static_cast<double>(random() % 30)});
      total += *series.back().value;
    }
    const auto run = Judge(Yearly(target, v1::ACCUMULATION_FLOW), series);
    ASSERT_TRUE(run.ok()) << run.status();
    const double pace = run->Value("required_pace", Month(last));
    if (total >= target) {
      EXPECT_EQ(pace, 0);
      EXPECT_EQ(run->Reason("out_of_reach", Month(last)), v1::MISSING_REASON_UNDEFINED);
      continue;
    }
    const auto left = static_cast<double>(12 - last);
    EXPECT_NEAR(pace, (target - total) * 12 / left, 1e-9);
    double best = 0;
    for (const Point& point : series) best = std::max(best, *point.value);
    EXPECT_NEAR(run->Value("best_pace", Month(last)), 12 * best, 1e-9);
    // The first month after whose end even the best months do not make it up.
    int64_t from = last;
    while (from <= 12 && best * static_cast<double>(12 - from) >= target - total) ++from;
    EXPECT_EQ(run->Value("out_of_reach", Month(last)), Month(std::min<int64_t>(from, 12))) << i;
    reached += from > last ? 1 : 0;
  }
  EXPECT_GT(reached, 200);
}

}  // namespace
}  // namespace policytrack::plugins
