// What steers, for every method of `attainment`: what would flip a status, the best
// pace, from when on the target is out of reach, and what a status rests on.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/plugins/attainment_case.h"

namespace policytrack::plugins {
namespace {

TEST(SteeringTest, WhatAStatusRestsOn) {
  struct What {
    size_t point;
    Flags quality;
    bool only_trend;  // it is neither baseline nor value
  };
  for (const What& what : {What{0, kEstimated, false}, What{5, kProvisional, false},
                           What{2, kForecast, true}, What{4, kImputed, true}}) {
    for (const std::string& method : Methods()) {
      std::vector<Point> series = From2015({100, 110, 120, 130, 140, 150});
      series[what.point].flags = what.quality;
      const auto run = Judge(By(method, AtLeast(200)), series);
      ASSERT_TRUE(run.ok()) << run.status();
      const bool trend = method == "weather" || method == "escap_anticipated";
      const bool rests = !what.only_trend || trend;
      EXPECT_EQ(run->Value("rests_on_provisional", 2020), rests ? 1 : 0)
          << method << " on point " << what.point;
      EXPECT_EQ(run->FlagsAt("status", 2020), rests ? what.quality : kNormal) << method;
    }
  }
}

// Of flows and totals within a year only the same parts of years are neighbours.
TEST(SteeringTest, ASeasonIsNoPace) {
  for (const std::string method : {"weather", "escap_anticipated", "linear_pace"}) {
    for (const v1::Accumulation accumulation :
         {v1::ACCUMULATION_FLOW, v1::ACCUMULATION_YEAR_TO_DATE, v1::ACCUMULATION_STOCK}) {
      Case c;
      c.frequency = v1::FREQUENCY_QUARTER;
      c.accumulation = accumulation;
      c.baseline_period = 8060;  // the first quarter of 2015
      c.target_period = 8100;
      c.path = {{8060, {}}, {8100, 200}};
      std::vector<Point> series;
      for (int64_t year = 0; year < 6; ++year) {
        series.push_back({8060 + 4 * year, 100 + 10.0 * static_cast<double>(year)});
        series.push_back({8061 + 4 * year, 300 + 12.0 * static_cast<double>(year)});
      }
      const auto run = Judge(By(method, c), series);
      ASSERT_TRUE(run.ok()) << run.status();
      const bool stock = accumulation == v1::ACCUMULATION_STOCK;
      // A stock that rose by 208 within a quarter did so at 832 a year; flows grew by 10
      // and by 12, of which only 10 counts for totals of the target's quarter.
      const double best = stock ? 832 : accumulation == v1::ACCUMULATION_FLOW ? 12 : 10;
      EXPECT_EQ(run->Value("best_pace", 8080), best) << method;
      if (stock) continue;
      EXPECT_EQ(run->Value("status", 8080), kOnTrack) << method;
      EXPECT_NEAR(run->Value("projected", 8080), 200, 1e-9) << method;
    }
  }
}

// A target and a series made up by a generator with a seed.
struct Made {
  Case target;
  std::vector<Point> series;
};

Made Make(std::mt19937_64* random) {
  const auto pick = [random](double low, double high) {
    return low + (high - low) * (static_cast<double>((*random)() >> 11) * 0x1.0p-53);
  };
  Made made;
  constexpr v1::TargetRelation kRelations[] = {
      v1::TARGET_RELATION_AT_LEAST, v1::TARGET_RELATION_AT_MOST, v1::TARGET_RELATION_ABOUT,
      v1::TARGET_RELATION_WITHIN};
  const double sign = (*random)() % 4 == 0 ? -1 : 1;
  const double scale = std::pow(10, pick(-3, 7));
  const auto value = [&] { return sign * scale * pick(0.05, 2); };
  const double target = value();
  made.target = ToTarget(kRelations[(*random)() % 4], 2025, target);
  if (made.target.relation == v1::TARGET_RELATION_ABOUT) made.target.tolerance = pick(0, 20);
  if (made.target.relation == v1::TARGET_RELATION_WITHIN) {
    made.target.upper = {{2025, target + scale * pick(0.01, 1)}};
  }
  for (int64_t year = 2012; year <= 2020; ++year) {
    if (year != 2015 && year != 2020 && (*random)() % 5 == 0) continue;
    made.series.push_back({year, value()});
  }
  return made;
}

// Applying the change flips the status to what is said; a hair less does not.
TEST(SteeringTest, TheChangeFlipsAndAHairLessDoesNot) {
  std::mt19937_64 random(20241112);
  int flipped = 0;
  for (int i = 0; i < 400; ++i) {
    const Made made = Make(&random);
    for (const std::string& method : Methods()) {
      SCOPED_TRACE(absl::StrCat("case ", i, ", ", method));
      const Case c = By(method, made.target);
      const auto run = Judge(c, made.series);
      ASSERT_TRUE(run.ok()) << run.status();
      const double change = run->Value("flip_change", 2020);
      if (std::isnan(change)) continue;
      const auto status_after = [&](double by) {
        std::vector<Point> series = made.series;
        series.back().value = *series.back().value + by;
        const auto changed = Judge(c, series);
        EXPECT_TRUE(changed.ok()) << changed.status();
        return changed->Value("status", 2020);
      };
      ++flipped;
      const double status = run->Value("status", 2020);
      EXPECT_NE(run->Value("flip_status", 2020), status);
      EXPECT_EQ(status_after(change), run->Value("flip_status", 2020)) << change;
      // A hair: what doubles of this size can tell apart, and a little more.
      const double hair = 1e-12 * std::max(std::abs(change), std::abs(*made.series.back().value));
      if (std::abs(change) <= 2 * hair) continue;
      EXPECT_EQ(status_after(change - std::copysign(hair, change)), status) << change;
      const double other_way = status_after(-0.999 * change);
      EXPECT_TRUE(std::isnan(other_way) || other_way == status) << "there is a nearer one";
    }
  }
  EXPECT_GT(flipped, 2000);
}

// Out of reach later than now, if and only if the straight pace that is needed from
// now on is not above the best one seen; and the same from the last period on from
// which it is in reach.
TEST(SteeringTest, OutOfReachAgreesWithThePaces) {
  std::mt19937_64 random(20220520);
  int reached = 0;
  for (int i = 0; i < 2000; ++i) {
    const Made made = Make(&random);
    const auto run = Judge(Linear(made.target), made.series);
    ASSERT_TRUE(run.ok()) << run.status();
    const double from = run->Value("out_of_reach", 2020);
    if (std::isnan(from)) {
      EXPECT_EQ(run->Value("required_pace", 2020), 0) << "only a target that is met has none";
      continue;
    }
    const double needed = run->Value("required_pace", 2020);
    const double best = run->Value("best_pace", 2020) * (needed > 0 ? 1 : -1);
    EXPECT_GE(from, 2020);
    EXPECT_LE(from, 2025);
    EXPECT_EQ(from > 2020, best > 0 && std::abs(needed) <= best * (1 + 1e-9)) << "case " << i;
    if (from == 2020) continue;
    ++reached;
    const double remaining = std::abs(needed) * 5;
    EXPECT_LE(remaining, best * (2025 - (from - 1)) * (1 + 1e-9));
    if (from < 2025) {
      EXPECT_GT(remaining, best * (2025 - from) * (1 - 1e-9));
    }
  }
  EXPECT_GT(reached, 300);
}

// The pace that is required from now on leads to the target in the years that are
// left: straight, or grown at the rate that its first year has.
TEST(SteeringTest, TheRequiredPaceLeadsToTheTarget) {
  std::mt19937_64 random(20241109);
  int led = 0;
  for (int i = 0; i < 400; ++i) {
    const Made made = Make(&random);
    const double value = *made.series.back().value;
    const double low = *made.target.path.back().value;
    const bool past = !made.target.upper.empty() && value > *made.target.upper[0].value;
    const double aim = past ? *made.target.upper[0].value : low;
    for (const std::string& method : Methods()) {
      SCOPED_TRACE(absl::StrCat("case ", i, ", ", method));
      const auto run = Judge(By(method, made.target), made.series);
      ASSERT_TRUE(run.ok()) << run.status();
      const double pace = run->Value("required_pace", 2020);
      if (run->Value("status", 2020) == kAchieved) {
        EXPECT_EQ(pace, 0);
        continue;
      }
      if (std::isnan(pace)) {
        EXPECT_TRUE(IsMissing(run->FlagsAt("status", 2020)));
        continue;
      }
      ++led;
      const bool growth = IsGrowth(method);
      const double end = growth ? value * std::pow(1 + pace / value, 5) : value + 5 * pace;
      EXPECT_NEAR(end, aim, 1e-9 * std::max(std::abs(aim), std::abs(value)));
    }
  }
  EXPECT_GT(led, 1500);
}

// Best pace and the period from which it is too slow do not depend on how the status
// is found.
TEST(SteeringTest, EveryMethodHasTheSameBestPaceAndOutOfReach) {
  std::mt19937_64 random(20301231);
  int compared = 0;
  for (int i = 0; i < 400; ++i) {
    const Made made = Make(&random);
    const auto straight = Judge(Linear(made.target), made.series);
    ASSERT_TRUE(straight.ok()) << straight.status();
    for (const std::string& method : Methods()) {
      const auto run = Judge(By(method, made.target), made.series);
      ASSERT_TRUE(run.ok()) << run.status();
      if (IsMissing(run->FlagsAt("status", 2020))) continue;
      for (const char* output : {"best_pace", "out_of_reach"}) {
        const double wanted = straight->Value(output, 2020);
        const double got = run->Value(output, 2020);
        EXPECT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted)))
            << method << ", case " << i << ", " << output << ": " << got << ", not " << wanted;
        compared += std::isnan(got) ? 0 : 1;
      }
    }
  }
  EXPECT_GT(compared, 3000);
}

// The steps were 10, 20 and 5 a year; 60 remain until 2025.
TEST(SteeringTest, TheBestPaceIsTheLargestStepSinceTheBaseline) {
  const std::vector<Point> series = {{2013, 10},  {2014, 95}, {2015, 100}, {2017, 120},
                                     {2018, 140}, {2019, {}}, {2020, 135}, {2021, 140}};
  for (const std::string& method : Methods()) {
    const auto run = Judge(By(method, AtLeast(200)), series);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("best_pace", 2021), 20) << method;
    // Three years at 20 make up 60: from 2022 on it just can be met, from 2023 not.
    EXPECT_EQ(run->Value("out_of_reach", 2021), 2023) << method;
    EXPECT_EQ(run->Value("best_pace", 2017), 10) << method;
    EXPECT_EQ(run->Value("out_of_reach", 2017), 2018) << method << ": just now, at 10";
    EXPECT_EQ(run->Reason("out_of_reach", 2015), v1::MISSING_REASON_TOO_FEW_POINTS) << method;
    EXPECT_EQ(run->Reason("best_pace", 2019), v1::MISSING_REASON_INPUT_MISSING) << method;
  }
}

TEST(SteeringTest, WhatNeverMovedTowardsTheTargetIsOutOfReach) {
  for (const std::string& method : Methods()) {
    const auto run = Judge(By(method, AtLeast(200)), From2015({100, 99, 98, 97, 96, 95}));
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("best_pace", 2020), -1) << method;
    EXPECT_EQ(run->Value("out_of_reach", 2020), 2020) << method;
  }
}

TEST(SteeringTest, NothingIsToBeMadeUpWhenMetOrLate) {
  for (const std::string& method : Methods()) {
    const auto run =
        Judge(By(method, AtLeast(200)), {{2015, 100}, {2019, 200}, {2025, 150}, {2026, 160}});
    ASSERT_TRUE(run.ok()) << run.status();
    for (const int64_t year : {2019, 2025, 2026}) {
      for (const char* output : {"best_pace", "out_of_reach"}) {
        EXPECT_EQ(run->Reason(output, year), v1::MISSING_REASON_UNDEFINED) << method << year;
      }
    }
    EXPECT_EQ(run->Value("required_pace", 2019), 0) << method;
    EXPECT_EQ(run->Reason("required_pace", 2025), v1::MISSING_REASON_UNDEFINED) << method;
  }
}

// Near a baseline of 0 growth methods judge by a stand-in; what would flip them there
// is not to be believed.
TEST(SteeringTest, ABaselineOfZeroHasNoFlipByGrowth) {
  for (const std::string& method : Methods()) {
    const auto run = Judge(By(method, AtLeast(10)), From2015({0, 0.2, 0.4, 0.6, 0.8, 1}));
    ASSERT_TRUE(run.ok()) << run.status();
    const bool growth = IsGrowth(method);
    EXPECT_EQ(std::isnan(run->Value("flip_change", 2020)), growth) << method;
  }
}

// A year by months: 60 remain at 24 a year.
TEST(SteeringTest, OutOfReachInMonths) {
  Case c;
  c.frequency = v1::FREQUENCY_MONTH;
  c.baseline_period = 24000;
  c.target_period = 24060;
  c.path = {{24000, {}}, {24060, 172}};
  const auto run = Judge(Linear(c), {{24000, 100}, {24006, 106}, {24012, 112}, {24018, 124}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("best_pace", 24018), 24);
  // 48 at 24 a year take two years: 24036 is the last month, 24037 too late.
  EXPECT_EQ(run->Value("out_of_reach", 24018), 24037);
  EXPECT_EQ(run->Value("out_of_reach", 24012), 24012) << "60 at 12 take five of four years";
}

}  // namespace
}  // namespace policytrack::plugins
