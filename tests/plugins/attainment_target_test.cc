// The traps of `attainment` around its formulas: baselines, relations, paths,
// breaks, time.
#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/attainment_case.h"

namespace policytrack::plugins {
namespace {

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
  EXPECT_NEAR(run->Value("expected", 2020), 126.491106406735173, 1e-12);
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
  EXPECT_NEAR(few->Value("required_pace", 2015), 7.17734625362931642, 1e-12);
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
  const std::vector<Point> values = {
      {2015, 100}, {2016, 101}, {2020, 110}, {2022, {}}, {2027, 150}};
  const auto growth = Judge(c, values);
  ASSERT_TRUE(growth.ok()) << growth.status();
  EXPECT_EQ(growth->Value("expected", 2015), 100);
  EXPECT_NEAR(growth->Value("expected", 2016), 103.713728933664810, 1e-12);
  EXPECT_EQ(growth->Value("expected", 2020), 120);
  EXPECT_NEAR(growth->Value("expected", 2022), 147.204384563566662, 1e-12);
  EXPECT_EQ(growth->Value("expected", 2027), 200);
  const auto run = Judge(Linear(c), values);
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

// A part of a way without growth is straight; the others are not.
TEST(PathTest, AnInterimPointOfTheOtherSignIsReachedStraight) {
  Case c = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2025, 40);
  c.path = {{2015, {}}, {2019, 10}, {2021, 0}, {2025, 40}};
  const auto run = Judge(c, {{2015, -10}, {2017, {}}, {2020, {}}, {2023, {}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("expected", 2017), 0);
  EXPECT_NEAR(run->Value("expected", 2020), 0.1, 1e-15);
  EXPECT_NEAR(run->Value("expected", 2023), 0.2, 1e-15);
}

TEST(PathTest, NothingIsExpectedWithoutAFinalPoint) {
  Case c;
  c.baseline_period = 2015;
  c.path = {{2015, {}}, {2018, 110}};
  const auto run = Judge(c, {{2015, 100}, {2017, 105}, {2018, 111}, {2019, 112}});
  ASSERT_TRUE(run.ok()) << run.status();
  for (const int64_t year : {2015, 2017, 2018, 2019}) {
    for (const char* output : {"expected", "required_pace"}) {
      EXPECT_EQ(run->Reason(output, year), v1::MISSING_REASON_UNDEFINED) << output << year;
    }
  }
  EXPECT_EQ(run->Value("status", 2019), kOnTrack);
}

TEST(PathTest, NothingIsExpectedWhenTheBaselineMeetsTheTarget) {
  const Case c = ToTarget(v1::TARGET_RELATION_AT_MOST, 2025, 5);
  for (const Case& of : {c, Linear(c)}) {
    const auto run = Judge(of, {{2015, 4}, {2020, 4.2}, {2021, 6}, {2026, 4}});
    ASSERT_TRUE(run.ok()) << run.status();
    for (const int64_t year : {2015, 2020, 2021, 2026}) {
      EXPECT_EQ(run->Reason("expected", year), v1::MISSING_REASON_UNDEFINED) << year;
    }
    EXPECT_EQ(run->Value("status", 2020), kAchieved);
    EXPECT_EQ(run->Value("required_pace", 2020), 0);
    EXPECT_LT(run->Value("required_pace", 2021), 0);
  }
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
