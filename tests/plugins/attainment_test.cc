// Golden figures of `attainment` through the host, and the traps. Numbers were
// computed apart, in decimal arithmetic of 40 digits, from the formulas of
// Statistics Canada as Open SDG 2.4 documents them
// (open-sdg.readthedocs.io, progress methodology).
#include <cmath>

#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr int kDeteriorating = 1, kLimited = 2, kModerate = 3, kOnTrack = 4, kAchieved = 5;

// A target, as the service states it.
struct Case {
  v1::TargetRelation relation = v1::TARGET_RELATION_AT_LEAST;
  std::optional<int64_t> baseline_period;
  std::optional<int64_t> target_period;
  std::optional<double> tolerance;
  std::vector<Point> path;
  std::vector<Point> upper;
  std::string parameters = "{}";
  v1::Frequency frequency = kYear;
  v1::Accumulation accumulation = v1::ACCUMULATION_STOCK;
};

absl::StatusOr<Run> Judge(const Case& c, const std::vector<Point>& values,
                          PeriodRange window = {}) {
  AssessmentContext context;
  context.relation = c.relation;
  context.has_baseline_period = c.baseline_period.has_value();
  context.baseline_period = c.baseline_period.value_or(0);
  context.has_target_period = c.target_period.has_value();
  context.target_period = c.target_period.value_or(0);
  context.has_tolerance_percent = c.tolerance.has_value();
  context.tolerance_percent = c.tolerance.value_or(0);
  std::vector<Feed> feeds = {{"value", values, "vehicles", c.accumulation},
                             {"path", c.path, "vehicles", c.accumulation, false}};
  if (!c.upper.empty()) feeds.push_back({"path_upper", c.upper, "vehicles", c.accumulation, false});
  return RunPlugin("attainment", c.frequency, c.parameters, feeds, &context, window);
}

// A baseline from the series in 2015 and a final point.
Case ToTarget(v1::TargetRelation relation, int64_t period, double target) {
  Case c;
  c.relation = relation;
  c.baseline_period = 2015;
  c.target_period = period;
  c.path = {{2015, {}}, {period, target}};
  return c;
}

Case Linear(Case c) {
  c.parameters = R"({"method": "linear_pace"})";
  return c;
}

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
  EXPECT_EQ(run->Value("expected", 2020), 150);
  EXPECT_NEAR(run->Value("projected", 2020), 196, 1e-9);
  EXPECT_EQ(run->Value("required_pace", 2020), 12);
}

TEST(OpenSdgTest, LessIsWanted) {
  const auto run =
      Judge(ToTarget(v1::TARGET_RELATION_AT_MOST, 2025, 50), {{2015, 100}, {2019, 80}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2019), kModerate);
  EXPECT_NEAR(run->Value("ratio", 2019), 0.810225695338422, 1e-12);
  EXPECT_NEAR(run->Value("score", 2019), 1.50166111923281, 1e-11);
  EXPECT_EQ(run->Value("required_pace", 2019), -5);
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
  EXPECT_EQ(run->Value("status", 2021), kOnTrack);  // near 0 is not 0
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

TEST(BaselineTest, MissingYearTakesTheNextLater) {
  const auto run = Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200),
                         {{2014, 50}, {2015, {}}, {2016, 100}, {2020, 140}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("baseline", 2020), 100);
  EXPECT_EQ(run->Reason("status", 2015), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Reason("status", 2016), v1::MISSING_REASON_TOO_FEW_POINTS);
}

TEST(BaselineTest, StatedValueWins) {
  Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200);
  c.path[0].value = 80;
  const auto run = Judge(c, {{2015, 100}, {2020, 140}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("baseline", 2020), 80);
  EXPECT_EQ(run->Value("expected", 2020), 140);
}

TEST(BaselineTest, WithoutOneTheFirstValueCounts) {
  Case c;
  c.target_period = 2025;
  c.path = {{2025, 200}};
  const auto run = Judge(c, {{2014, {}}, {2015, 100, kEstimated}, {2020, 140, kImputed}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("baseline", 2020), 100);
  EXPECT_EQ(run->Value("status", 2020), kOnTrack);
  EXPECT_EQ(run->FlagsAt("status", 2020), kEstimated);
  EXPECT_EQ(run->FlagsAt("baseline", 2020), kEstimated);
}

TEST(BaselineTest, OnePointIsTooFewUnlessTheTargetIsMet) {
  const auto few = Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200), {{2015, 100}});
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_EQ(few->Reason("status", 2015), v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_EQ(few->Value("required_pace", 2015), 10);
  const auto met = Judge(ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200), {{2015, 200}});
  ASSERT_TRUE(met.ok()) << met.status();
  EXPECT_EQ(met->Value("status", 2015), kAchieved);
  EXPECT_EQ(met->Value("score", 2015), 5);
  EXPECT_EQ(met->Value("required_pace", 2015), 0);
}

TEST(BaselineTest, OpenSdgNeedsAYear) {
  Case c;
  c.frequency = v1::FREQUENCY_MONTH;
  c.target_period = 24060;
  c.path = {{24060, 200}};
  const std::vector<Point> values = {{24000, 100}, {24011, 110}, {24012, 120}};
  const auto run = Judge(c, values);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("status", 24011), v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_EQ(run->Value("status", 24012), kOnTrack);
  const auto linear = Judge(Linear(c), values);
  ASSERT_TRUE(linear.ok()) << linear.status();
  EXPECT_EQ(linear->Value("status", 24011), kModerate);  // 10 of 18.3
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

TEST(RelationTest, AboutHasATolerance) {
  Case c = ToTarget(v1::TARGET_RELATION_ABOUT, 2025, 120);
  c.tolerance = 5;
  const auto run =
      Judge(Linear(c), {{2015, 100}, {2020, 110}, {2021, 114}, {2022, 126}, {2023, 130}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2020), kOnTrack);
  EXPECT_EQ(run->Value("status", 2021), kAchieved);  // exactly 5 % below
  EXPECT_EQ(run->Value("status", 2022), kAchieved);
  EXPECT_EQ(run->Value("status", 2023), kDeteriorating);  // shot past it
  EXPECT_EQ(run->Value("required_pace", 2023), -5);
  const auto down = Judge(c, {{2015, 200}, {2020, 150}});
  ASSERT_TRUE(down.ok()) << down.status();
  EXPECT_EQ(down->Value("status", 2020), kOnTrack);
}

TEST(RelationTest, WithinARange) {
  Case c = ToTarget(v1::TARGET_RELATION_WITHIN, 2025, 40);
  c.upper = {{2025, 60}};
  const auto run = Judge(Linear(c), {{2015, 20}, {2019, 30}, {2020, 40}, {2021, 60}, {2022, 61}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2019), kOnTrack);
  EXPECT_EQ(run->Value("expected", 2020), 30);
  EXPECT_EQ(run->Value("status", 2020), kAchieved);
  EXPECT_EQ(run->Value("status", 2021), kAchieved);
  EXPECT_EQ(run->Value("status", 2022), kDeteriorating);
  const auto above = Judge(Linear(c), {{2015, 100}, {2020, 90}});
  ASSERT_TRUE(above.ok()) << above.status();
  EXPECT_EQ(above->Value("status", 2020), kModerate);
  EXPECT_EQ(above->Value("expected", 2020), 80);
  EXPECT_EQ(above->Value("required_pace", 2020), -6);
  c.upper.clear();
  EXPECT_EQ(ReasonOf(Judge(c, {{2015, 20}}).status()), reason::kParametersInvalid);
}

TEST(PathTest, ExpectedFollowsTheInterimPoints) {
  Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200);
  c.path = {{2015, {}}, {2020, 120}, {2025, 200}};
  const auto run = Judge(c, {{2015, 100}, {2016, 101}, {2020, 110}, {2022, {}}, {2027, 150}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("expected", 2015), 100);
  EXPECT_EQ(run->Value("expected", 2016), 104);
  EXPECT_EQ(run->Value("expected", 2020), 120);
  EXPECT_EQ(run->Value("expected", 2022), 152);  // also where the value is missing
  EXPECT_EQ(run->Reason("status", 2022), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Value("expected", 2027), 200);
  EXPECT_EQ(run->Reason("projected", 2027), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("required_pace", 2027), v1::MISSING_REASON_UNDEFINED);
}

TEST(BreakTest, IsNotCrossedUnlessTold) {
  Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200);
  const std::vector<Point> values = {
      {2015, 100, kBreak}, {2018, 120}, {2019, 150, kBreak}, {2020, 140}};
  const auto run = Judge(c, values);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("status", 2018), kModerate);
  EXPECT_EQ(run->FlagsAt("status", 2018), kNormal);
  for (const char* output : {"status", "score", "ratio", "projected", "required_pace"}) {
    EXPECT_EQ(run->Reason(output, 2019), v1::MISSING_REASON_SERIES_BREAK) << output;
    EXPECT_EQ(run->Reason(output, 2020), v1::MISSING_REASON_SERIES_BREAK) << output;
  }
  EXPECT_EQ(run->FlagsAt("expected", 2020), kBreak);
  c.parameters = R"({"across_breaks": true})";
  const auto told = Judge(c, values);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->Value("status", 2020), kOnTrack);
  EXPECT_EQ(told->FlagsAt("status", 2020), kBreak);
}

TEST(YearToDateTest, OnlyTheSamePartOfTheYearCompares) {
  Case c;
  c.frequency = v1::FREQUENCY_MONTH;
  c.accumulation = v1::ACCUMULATION_YEAR_TO_DATE;
  c.baseline_period = 24011;
  c.target_period = 24047;
  c.path = {{24011, {}}, {24047, 200}};
  const auto run = Judge(c, {{24011, 100}, {24017, 300}, {24023, 130}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("status", 24017), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("expected", 24017), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Value("status", 24023), kOnTrack);
  c.frequency = v1::FREQUENCY_WEEK;
  EXPECT_EQ(ReasonOf(Judge(c, {{24011, 100}}).status()), reason::kParametersInvalid);
}

// A revision of the baseline flips the status.
TEST(RevisionTest, OfTheBaselineFlipsTheStatus) {
  const Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200);
  const auto before = Judge(c, {{2015, 100}, {2020, 140}});
  const auto after = Judge(c, {{2015, 110}, {2020, 140}});
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->Value("status", 2020), kOnTrack);
  EXPECT_EQ(after->Value("status", 2020), kModerate);
}

// Judged as of each period: what comes later changes nothing.
TEST(AsOfTest, LaterValuesChangeNothing) {
  const Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 200);
  const auto full = Judge(c, {{2015, 100}, {2018, 120}, {2020, 140}, {2021, 90}});
  const auto early = Judge(c, {{2015, 100}, {2018, 120}});
  const auto window = Judge(c, {{2015, 100}, {2018, 120}, {2020, 140}, {2021, 90}}, {2018, 2018});
  ASSERT_TRUE(full.ok() && early.ok() && window.ok());
  for (const auto& [name, columns] : early->outputs) {
    EXPECT_TRUE(SameData(columns, full->outputs.at(name).Slice({2015, 2018}))) << name;
    EXPECT_TRUE(SameData(window->outputs.at(name), columns.Slice({2018, 2018}))) << name;
  }
}

TEST(SetupTest, RefusesWhatCannotBeJudged) {
  Case about;
  about.relation = v1::TARGET_RELATION_ABOUT;
  EXPECT_EQ(ReasonOf(Judge(about, {{2015, 1}}).status()), reason::kParametersInvalid);
  Case linear;
  EXPECT_EQ(ReasonOf(Judge(Linear(linear), {{2015, 1}}).status()), reason::kParametersInvalid);
  Case unknown;
  unknown.parameters = R"({"method": "guess"})";
  const auto run = Judge(unknown, {{2015, 1}});
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid);
  EXPECT_EQ(MetadataOf(run.status(), "field"), "parameters.method");
}

}  // namespace
}  // namespace policytrack::plugins
