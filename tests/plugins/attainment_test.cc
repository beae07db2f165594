// Golden figures of `attainment` through the host, and the traps. Numbers were
// computed apart, in decimal arithmetic of 40 digits, from the formulas of
// Statistics Canada as Open SDG 2.4 documents them
// (open-sdg.readthedocs.io, progress methodology).
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/attainment_case.h"

namespace policytrack::plugins {
namespace {

// Figures of the malaria series in Open SDG's own test data (sdg-build,
// tests/assets/progress-calculation, indicator 3.3.3), whose global target is a
// reduction by 90 % from 2015 to 2030.
TEST(OpenSdgTest, MalariaIncidenceRises) {
  const auto run = Judge(ToTarget(v1::TARGET_RELATION_AT_MOST, 2030, 0.155),
                         {{2010, 1.51}, {2015, 1.55}, {2019, 1.82}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2019), kDeteriorating);
  EXPECT_NEAR(run->Value("ratio", 2019), -0.287849126691623, 1e-12);
  EXPECT_NEAR(run->Value("score", 2019), -3.69938095618599, 1e-11);
  EXPECT_EQ(run->Value("baseline", 2019), 1.55);
  EXPECT_EQ(run->Reason("status", 2010), v1::MISSING_REASON_TOO_FEW_POINTS);
}

TEST(OpenSdgTest, DoublingInTenYears) {
  const auto run =
      Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200), {{2015, 100}, {2020, 140}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2020), kOnTrack);
  EXPECT_NEAR(run->Value("ratio", 2020), 0.969862303770972, 1e-12);
  EXPECT_NEAR(run->Value("score", 2020), 2.64192944960568, 1e-11);
  EXPECT_NEAR(run->Value("expected", 2020), 141.421356237309505, 1e-12);
  EXPECT_NEAR(run->Value("projected", 2020), 196, 1e-9);
  EXPECT_NEAR(run->Value("required_pace", 2020), 10.3517293300091098, 1e-12);
}

TEST(OpenSdgTest, LessIsWanted) {
  const auto run =
      Judge(ToTarget(v1::TARGET_RELATION_AT_MOST, 2025, 50), {{2015, 100}, {2019, 80}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2019), kModerate);
  EXPECT_NEAR(run->Value("ratio", 2019), 0.810225695338422, 1e-12);
  EXPECT_NEAR(run->Value("score", 2019), 1.50166111923281, 1e-11);
  EXPECT_NEAR(run->Value("expected", 2019), 75.7858283255199041, 1e-12);
  EXPECT_NEAR(run->Value("required_pace", 2019), -6.02755222810704930, 1e-12);
}

TEST(OpenSdgTest, NegativeValuesFlipTheSign) {
  const auto run =
      Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, -50), {{2015, -100}, {2019, -80}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2019), kModerate);
  EXPECT_NEAR(run->Value("ratio", 2019), 0.810225695338422, 1e-12);
}

TEST(OpenSdgTest, ZeroBaselineCountsAsAThousandth) {
  const auto run = Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 10), {{2015, 0}, {2020, 1}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2020), kOnTrack);
  EXPECT_NEAR(run->Value("ratio", 2020), 1.97175637230797, 1e-11);
  EXPECT_EQ(run->Value("score", 2020), 5);
  EXPECT_EQ(run->Value("expected", 2015), 0);
  EXPECT_NEAR(run->Value("expected", 2020), 0.1, 1e-15);
  // A projection from a stand-in would be a made-up number.
  EXPECT_EQ(run->Reason("projected", 2020), v1::MISSING_REASON_UNDEFINED);
}

TEST(OpenSdgTest, ZeroTargetCountsAsAThousandth) {
  const auto run = Judge(ToTarget(v1::TARGET_RELATION_AT_MOST, 2025, 0),
                         {{2015, 40}, {2020, 10}, {2021, 0.0005}, {2022, -0.0}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2020), kLimited);
  EXPECT_NEAR(run->Value("ratio", 2020), 0.37057162069805, 1e-12);
  EXPECT_NEAR(run->Value("score", 2020), -0.955939228037434, 1e-11);
  EXPECT_NEAR(run->Value("expected", 2020), 0.2, 1e-15);
  EXPECT_NEAR(run->Value("required_pace", 2020), -8.41510680753888651, 1e-12);
  EXPECT_EQ(run->Value("status", 2021), kOnTrack);  // near 0 is not 0
  EXPECT_EQ(run->Value("required_pace", 2021), -0.0005 / 4) << "0.001 would be a rise";
  EXPECT_EQ(run->Value("status", 2022), kAchieved);
}

TEST(OpenSdgTest, ZeroAfterZeroIsNoChange) {
  const auto run =
      Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 10), {{2015, 0}, {2020, -0.0}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2020), kLimited);
  EXPECT_EQ(run->Value("score", 2020), -2.5);
  EXPECT_EQ(run->Value("ratio", 2020), 0);
  EXPECT_FALSE(std::signbit(run->Value("ratio", 2020)));
}

TEST(OpenSdgTest, OppositeSignsAreUndefined) {
  const auto run = Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 10), {{2015, 4}, {2020, -1}});
  ASSERT_TRUE(run.ok()) << run.status();
  for (const char* output : {"status", "score", "ratio", "projected"}) {
    EXPECT_EQ(run->Reason(output, 2020), v1::MISSING_REASON_UNDEFINED) << output;
  }
  const auto target =
      Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 10), {{2015, -4}, {2020, -1}});
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->Reason("status", 2020), v1::MISSING_REASON_UNDEFINED);
  // Growth is not defined; the straight line is.
  EXPECT_EQ(target->Value("expected", 2020), 3);
  EXPECT_NEAR(target->Value("required_pace", 2020), 11.0 / 5, 1e-15);
}

TEST(OpenSdgTest, ABaselineBeyondTheTargetThatFellBackDeteriorates) {
  const auto run = Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 90),
                         {{2015, 100}, {2018, 95}, {2019, 80}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2018), kAchieved);
  EXPECT_EQ(run->Value("status", 2019), kDeteriorating);
  EXPECT_LT(run->Value("ratio", 2019), 0);
  const auto linear =
      Judge(Linear(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 90)), {{2015, 100}, {2019, 80}});
  ASSERT_TRUE(linear.ok()) << linear.status();
  EXPECT_EQ(linear->Value("status", 2019), kDeteriorating);
}

TEST(OpenSdgTest, ABaselineThatIsTheTarget) {
  const auto run =
      Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 100), {{2015, 100}, {2019, 99}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2019), kDeteriorating);
  EXPECT_EQ(run->Value("score", 2019), -5);
  EXPECT_EQ(run->Reason("ratio", 2019), v1::MISSING_REASON_UNDEFINED);
}

// The thresholds 95 % and 60 % of the required growth, which is 10 % a year:
// exactly on them counts.
TEST(OpenSdgTest, ExactlyOnAThreshold) {
  const auto status = [](double value) {
    const auto run =
        Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2017, 121), {{2015, 100}, {2016, value}});
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? run->Value("status", 2016) : 0;
  };
  EXPECT_EQ(status(109.5), kOnTrack);
  EXPECT_EQ(status(109.49999), kModerate);
  EXPECT_EQ(status(106), kModerate);
  EXPECT_EQ(status(105.99999), kLimited);
  EXPECT_EQ(status(100), kLimited);
  EXPECT_EQ(status(99.99999), kDeteriorating);
  EXPECT_EQ(status(121), kAchieved);
}

TEST(OpenSdgTest, WithoutTarget) {
  Case c;
  c.baseline_period = 2015;
  c.path = {{2015, {}}};
  const auto judge = [&](double value, int64_t period) {
    const auto run = Judge(c, {{2015, 100}, {period, value}});
    EXPECT_TRUE(run.ok()) << run.status();
    return std::make_pair(run->Value("status", period), run->Value("score", period));
  };
  EXPECT_EQ(judge(101.5, 2016).first, kOnTrack);  // exactly 1.5 %
  EXPECT_NEAR(judge(101.5, 2016).second, 2.5, 1e-10);
  EXPECT_EQ(judge(100.5, 2016).first, kModerate);  // exactly 0.5 %
  EXPECT_NEAR(judge(100.5, 2016).second, 0, 1e-10);
  EXPECT_EQ(judge(100.49999, 2016).first, kLimited);
  EXPECT_EQ(judge(100, 2016), std::make_pair(double{kLimited}, -2.5));
  EXPECT_EQ(judge(98, 2019).first, kDeteriorating);
  EXPECT_NEAR(judge(98, 2019).second, -3.12974295091399, 1e-11);
  const auto run = Judge(c, {{2015, 100}, {2016, 102}});
  ASSERT_TRUE(run.ok()) << run.status();
  for (const char* output : {"ratio", "expected", "projected", "required_pace"}) {
    EXPECT_EQ(run->Reason(output, 2016), v1::MISSING_REASON_UNDEFINED) << output;
  }
}

TEST(OpenSdgTest, ANaturalLimitLowersTheThresholds) {
  Case c;
  c.path = {};
  c.parameters = R"({"natural_limit": 100})";
  const auto near = Judge(c, {{2015, 90}, {2020, 95}});
  ASSERT_TRUE(near.ok()) << near.status();
  EXPECT_EQ(near->Value("status", 2020), kOnTrack);  // 1.09 % a year, of 0.56 %
  const auto slow = Judge(c, {{2015, 90}, {2020, 91}});
  ASSERT_TRUE(slow.ok()) << slow.status();
  EXPECT_EQ(slow->Value("status", 2020), kModerate);
  EXPECT_NEAR(slow->Value("score", 2020), 0.230381988259259, 1e-11);
  // Kept at the limit is on track with full score.
  const auto at = Judge(c, {{2015, 100}, {2020, 100}, {2021, 99}});
  ASSERT_TRUE(at.ok()) << at.status();
  EXPECT_EQ(at->Value("status", 2020), kOnTrack);
  EXPECT_EQ(at->Value("score", 2020), 5);
  EXPECT_EQ(at->Value("status", 2021), kDeteriorating);
  c.relation = v1::TARGET_RELATION_AT_MOST;
  const auto lower = Judge(c, {{2015, 150}, {2020, 140}});
  ASSERT_TRUE(lower.ok()) << lower.status();
  EXPECT_EQ(lower->Value("status", 2020), kModerate);
  EXPECT_NEAR(lower->Value("score", 2020), 2.34141222557936, 1e-10);
}

TEST(OpenSdgTest, ANaturalLimitIsIgnoredWithATarget) {
  Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200);
  const std::vector<Point> values = {{2015, 100}, {2020, 140}};
  const auto without = Judge(c, values);
  c.parameters = R"({"natural_limit": 150})";
  const auto with = Judge(c, values);
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_EQ(with->Value("score", 2020), without->Value("score", 2020));
}

// England's ambition of a smoking prevalence of 5 % in 2030, from 14.4 % in 2018
// (House of Commons Library, CBP-9655), by both methods.
TEST(MethodTest, ExpectedAndPaceAreThoseOfTheMethod) {
  Case c;
  c.relation = v1::TARGET_RELATION_AT_MOST;
  c.baseline_period = 2018;
  c.target_period = 2030;
  c.path = {{2018, 14.4}, {2030, 5}};
  const std::vector<Point> values = {{2018, 14.4}, {2023, 11.6}, {2030, 4}};
  const auto growth = Judge(c, values);
  ASSERT_TRUE(growth.ok()) << growth.status();
  EXPECT_NEAR(growth->Value("expected", 2023), 9.26720895543593120, 1e-12);
  EXPECT_NEAR(growth->Value("required_pace", 2023), -1.31402605346612346, 1e-12);
  EXPECT_EQ(growth->Value("expected", 2018), 14.4);
  EXPECT_EQ(growth->Value("expected", 2030), 5);
  EXPECT_EQ(growth->Value("required_pace", 2030), 0);
  const auto linear = Judge(Linear(c), values);
  ASSERT_TRUE(linear.ok()) << linear.status();
  EXPECT_NEAR(linear->Value("expected", 2023), 10.4833333333333333, 1e-12);
  EXPECT_NEAR(linear->Value("required_pace", 2023), -0.942857142857142857, 1e-12);
}

// Whoever stands where the way wants is on track, never "limited": ratio 1.
TEST(MethodTest, WhatIsExpectedIsOnTrack) {
  struct Way {
    v1::TargetRelation relation;
    double from;
    double to;
  };
  for (const Way& way : {Way{v1::TARGET_RELATION_AT_MOST, 10, 0},
                         {v1::TARGET_RELATION_AT_LEAST, 0, 10},
                         {v1::TARGET_RELATION_AT_LEAST, 100, 200},
                         {v1::TARGET_RELATION_AT_MOST, 14.4, 5},
                         {v1::TARGET_RELATION_AT_LEAST, -100, -50},
                         {v1::TARGET_RELATION_AT_MOST, -50, -100}}) {
    for (const bool linear : {false, true}) {
      Case c = ToTarget(way.relation, 2025, way.to);
      if (linear) c = Linear(c);
      const auto asked = Judge(c, {{2015, way.from}, {2020, {}}});
      ASSERT_TRUE(asked.ok()) << asked.status();
      const double expected = asked->Value("expected", 2020);
      const auto run = Judge(c, {{2015, way.from}, {2020, expected}});
      ASSERT_TRUE(run.ok()) << run.status();
      EXPECT_EQ(run->Value("status", 2020), kOnTrack) << way.from << " to " << way.to;
      EXPECT_NEAR(run->Value("ratio", 2020), 1, 1e-12) << way.from << " to " << way.to;
    }
  }
}

// A year of growth would go beyond the target when less is left.
TEST(MethodTest, WithLessThanAYearLeftThePaceIsStraight) {
  Case c;
  c.frequency = v1::FREQUENCY_MONTH;
  c.target_period = 24036;
  c.path = {{24036, 200}};
  const auto run = Judge(c, {{24000, 100}, {24012, 120}, {24024, 150}, {24030, 160}, {24035, 190}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("required_pace", 24012), 34.9193338482966754, 1e-12);
  EXPECT_NEAR(run->Value("required_pace", 24024), 50, 1e-12);
  EXPECT_NEAR(run->Value("required_pace", 24030), 80, 1e-12);
  EXPECT_NEAR(run->Value("required_pace", 24035), 120, 1e-9);
}

// Henan's guidance of 2022 wants 1.5 million new-energy vehicles in 2025
// (cls.cn 1020911); the baseline and value here are round figures.
TEST(LinearPaceTest, ActualOverRequiredAnnualChange) {
  const auto run = Judge(Linear(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 1500000)),
                         {{2015, 500000}, {2019, 860000}, {2020, 1000001}, {2021, 800000}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("ratio", 2019), 0.9, 1e-15);
  EXPECT_EQ(run->Value("status", 2019), kModerate);  // exactly 0.9 is not above it
  EXPECT_NEAR(run->Value("score", 2019), 2.5, 1e-12);
  EXPECT_EQ(run->Value("status", 2020), kOnTrack);
  EXPECT_NEAR(run->Value("ratio", 2021), 0.5, 1e-15);
  EXPECT_EQ(run->Value("status", 2021), kModerate);  // exactly 0.5
  EXPECT_EQ(run->Value("projected", 2019), 1400000);
  EXPECT_NEAR(run->Value("required_pace", 2019), 640000.0 / 6, 1e-9);
}

TEST(LinearPaceTest, LimitedDeterioratingAndAcrossZero) {
  const auto run = Judge(Linear(ToTarget(v1::TARGET_RELATION_AT_MOST, 2025, -10)),
                         {{2015, 10}, {2017, 9}, {2018, 11}, {2020, -0.0}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2017), kLimited);
  EXPECT_NEAR(run->Value("score", 2017), -1.25, 1e-12);
  EXPECT_EQ(run->Value("status", 2018), kDeteriorating);
  EXPECT_EQ(run->Value("status", 2020), kOnTrack);  // half-way after half the time
}

}  // namespace
}  // namespace policytrack::plugins
