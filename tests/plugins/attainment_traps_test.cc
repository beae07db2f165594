// The traps that figures set, for every method of `attainment`: what each says of
// them, worked out by hand from its formula.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/plugins/attainment_case.h"

namespace policytrack::plugins {
namespace {

// A status, or the reason why there is none, as a negative number.
constexpr int kUndefined = -static_cast<int>(v1::MISSING_REASON_UNDEFINED);
constexpr int kTooFew = -static_cast<int>(v1::MISSING_REASON_TOO_FEW_POINTS);
constexpr int kBroken = -static_cast<int>(v1::MISSING_REASON_SERIES_BREAK);

int Answer(const Run& run, int64_t period) {
  if (IsMissing(run.FlagsAt("status", period))) return -run.Reason("status", period);
  return static_cast<int>(run.Value("status", period));
}

struct Trap {
  std::string name;
  Case target;
  std::vector<Point> series;
  std::vector<int> answers;  // in the order of Methods(), at the last period
};

std::vector<Trap> Traps() {
  std::vector<Trap> traps = {
      {"base 0", AtLeast(10), From2015({0, 0.2, 0.4, 0.6, 0.8, 1}), {4, 2, 4, 4, 4, 3, 3, 2}},
      {"base 0 and no change",
       AtLeast(10),
       From2015({0, 0, 0, 0, 0, -0.0}),
       {2, 2, 2, 2, 2, 1, 1, 1}},
      {"target 0", AtMost(0), From2015({40, 30, 24, 18, 13, 10}), {2, 4, 2, 2, 3, 4, 4, 4}},
      {"target 0 met by -0.0",
       AtMost(0),
       From2015({40, 30, 20, 10, 5, -0.0}),
       {5, 5, 5, 5, 5, 5, 5, 5}},
      {"target 0 nearly met",
       AtMost(0),
       From2015({40, 30, 20, 10, 5, 0.0005}),
       {4, 4, 4, 4, 4, 4, 4, 4}},
      {"sign change on the way",
       AtLeast(10),
       From2015({4, 3, 2, 1, 0, -1}),
       {kUndefined, 1, kUndefined, kUndefined, kUndefined, 1, 1, 1}},
      {"target of the other sign",
       AtLeast(10),
       From2015({-10, -8, -6, -4, -2, -0.0}),
       {kUndefined, 4, kUndefined, kUndefined, kUndefined, 4, 4, 4}},
      {"base beyond the target, fell back",
       AtLeast(90),
       From2015({100, 98, 95, 90, 85, 80}),
       {1, 1, 1, 1, 1, 1, 1, 1}},
      {"base beyond the target, still is",
       AtLeast(90),
       From2015({100, 98, 95, 94, 93, 92}),
       {5, 5, 5, 5, 5, 5, 5, 5}},
      {"base is the target, fell back",
       AtLeast(100),
       From2015({100, 100, 100, 100, 100, 99}),
       {1, 1, 1, 1, 1, 1, 1, 1}},
      {"base year missing",
       AtLeast(200),
       {{2014, 50}, {2015, {}}, {2016, 100}, {2017, 110}, {2018, 120}, {2019, 130}, {2020, 140}},
       {4, 3, 4, 4, 4, 3, 4, 4}},
      {"one point",
       AtLeast(200),
       {{2015, 100}},
       {kTooFew, kTooFew, kTooFew, kTooFew, kTooFew, kTooFew, kTooFew, kTooFew}},
      {"one point that meets the target", AtLeast(200), {{2015, 200}}, {5, 5, 5, 5, 5, 5, 5, 5}},
      {"two points", AtLeast(200), {{2015, 100}, {2016, 110}}, {4, 4, 4, 4, 4, 4, 4, kTooFew}},
      {"four points", AtLeast(200), From2015({100, 110, 120, 130}), {4, 4, 4, 4, 4, 4, 4, 4}},
      {"after the target's time",
       AtLeast(200),
       {{2015, 100}, {2018, 130}, {2021, 160}, {2026, 199}},
       {3, 3, 3, 3, 3, 3, 4, 2}},
  };
  Trap broken{"a break on the way", AtLeast(200), From2015({100, 110, 120, 130, 140, 150}),
              std::vector<int>(8, kBroken)};
  broken.series[3].flags = kBreak;
  traps.push_back(broken);
  broken.name = "a break that meets the target";
  broken.series[5].value = 300;
  traps.push_back(broken);
  Trap begins{"a break at the baseline",
              AtLeast(200),
              From2015({100, 110, 120, 130, 140, 150}),
              {4, 4, 4, 4, 4, 4, 4, 4}};
  begins.series[0].flags = kBreak;
  begins.series.insert(begins.series.begin(), {2014, 500});
  traps.push_back(begins);
  Trap short_since{"too few points since a break before the baseline",
                   AtLeast(200),
                   {{2012, 90}, {2013, 92}, {2014, 94, kBreak}, {2015, 100}, {2016, 110}},
                   {4, 4, 4, 4, 4, 4, 3, kBroken}};
  traps.push_back(short_since);
  return traps;
}

TEST(TrapsTest, EveryMethodAnswersEveryTrap) {
  for (const Trap& trap : Traps()) {
    ASSERT_EQ(trap.answers.size(), Methods().size()) << trap.name;
    for (size_t m = 0; m < Methods().size(); ++m) {
      SCOPED_TRACE(absl::StrCat(trap.name, ", ", Methods()[m]));
      const auto run = Judge(By(Methods()[m], trap.target), trap.series);
      ASSERT_TRUE(run.ok()) << run.status();
      const int64_t period = trap.series.back().period;
      EXPECT_EQ(Answer(*run, period), trap.answers[m]);
      const bool judged = trap.answers[m] > 0;
      for (const char* output : {"score", "rests_on_provisional"}) {
        EXPECT_EQ(IsMissing(run->FlagsAt(output, period)), !judged) << output;
      }
      if (judged) continue;
      for (const char* output : {"flip_change", "flip_status", "ratio"}) {
        EXPECT_TRUE(IsMissing(run->FlagsAt(output, period))) << output;
      }
    }
  }
}

TEST(TrapsTest, TheBaselineIsTheNextLaterWhereItsYearIsMissing) {
  for (const std::string& method : Methods()) {
    const auto run = Judge(By(method, AtLeast(200)),
                           {{2014, 50}, {2015, {}}, {2016, 100}, {2017, 110}, {2018, 120}});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("baseline", 2018), 100) << method;
    EXPECT_EQ(run->Reason("status", 2014), v1::MISSING_REASON_TOO_FEW_POINTS) << method;
    EXPECT_EQ(run->Reason("status", 2015), v1::MISSING_REASON_INPUT_MISSING) << method;
  }
}

TEST(TrapsTest, ABaseThatIsTheTargetHasNoRatio) {
  for (const std::string& method : Methods()) {
    const auto run = Judge(By(method, AtLeast(100)), From2015({100, 100, 100, 100, 100, 99}));
    ASSERT_TRUE(run.ok()) << run.status();
    if (method == "weather") continue;  // which looks at the gap that is left
    EXPECT_EQ(run->Value("score", 2020), -5) << method;
    EXPECT_EQ(run->Reason("ratio", 2020), v1::MISSING_REASON_UNDEFINED) << method;
  }
}

// Just below each threshold, on it, and just above it.
struct Threshold {
  std::string method;
  Case target;
  std::vector<Point> before;
  int64_t period;
  double value;
  int below, at, above;
};

std::vector<Threshold> Thresholds() {
  // Growth of 10 % a year is required; in two years to 121.
  const Case ten = ToTarget(v1::TARGET_RELATION_AT_LEAST, 2017, 121);
  const std::vector<Point> hundred = {{2015, 100}};
  Case direction = Direction();
  // 110 in 2016 leads to 121 in 2017.
  const auto un = [](double ratio) {
    return ToTarget(v1::TARGET_RELATION_AT_LEAST, 2017, 100 + 21 / ratio);
  };
  const Case hundred_in_ten = AtLeast(100);
  const std::vector<Point> nothing = {{2015, 0}};
  // From 0 in 2015 to v in 2020 in six points, five years before the target: of the
  // gap to v + 100, v closes.
  const auto gap = [](double value) { return AtLeast(value + 100); };
  const std::vector<Point> level = {{2015, 0}, {2016, 0}, {2017, 0}, {2018, 0}, {2019, 0}};
  return {
      {"open_sdg", ten, hundred, 2016, 109.5, 3, 4, 4},
      {"open_sdg", ten, hundred, 2016, 106, 2, 3, 3},
      {"open_sdg", ten, hundred, 2016, 100, 1, 2, 2},
      {"open_sdg", ten, hundred, 2016, 121, 4, 5, 5},
      {"open_sdg", direction, hundred, 2016, 101.5, 3, 4, 4},
      {"open_sdg", direction, hundred, 2016, 100.5, 2, 3, 3},
      {"eurostat", ten, hundred, 2016, 109.5, 3, 3, 4},
      {"eurostat", ten, hundred, 2016, 106, 2, 3, 3},
      {"eurostat", ten, hundred, 2016, 100, 1, 2, 2},
      {"eurostat", direction, hundred, 2016, 101, 3, 3, 4},
      {"eurostat", direction, hundred, 2016, 100.1, 2, 3, 3},
      {"eurostat", direction, hundred, 2016, 99.9, 1, 2, 2},
      {"eurostat_2017", ten, hundred, 2016, 109.5, 3, 3, 4},
      {"eurostat_2017", direction, hundred, 2016, 101, 3, 3, 4},
      {"eurostat_2017", direction, hundred, 2016, 100, 1, 3, 3},
      {"un_progress_chart", un(0.95), hundred, 2016, 110, 3, 4, 4},
      {"un_progress_chart", un(0.10), hundred, 2016, 110, 2, 3, 3},
      {"un_progress_chart", un(0.95), hundred, 2016, 100, 1, 2, 2},
      {"un_progress_chart", direction, hundred, 2016, 102, 3, 4, 4},
      {"un_progress_chart", direction, hundred, 2016, 100.5, 2, 3, 3},
      {"un_progress_chart", direction, hundred, 2016, 100, 1, 2, 2},
      {"linear_pace", hundred_in_ten, nothing, 2020, 45, 3, 3, 4},
      {"linear_pace", hundred_in_ten, nothing, 2020, 25, 2, 3, 3},
      {"linear_pace", hundred_in_ten, nothing, 2020, 0, 1, 2, 2},
      {"escap_current", hundred_in_ten, nothing, 2020, 50, 3, 4, 4},
      {"escap_current", hundred_in_ten, nothing, 2020, 0, 1, 1, 3},
      // Through two points the line is theirs: 9 a year lead to 90 of 100.
      {"escap_anticipated", hundred_in_ten, nothing, 2016, 9, 3, 3, 4},
      {"escap_anticipated", hundred_in_ten, nothing, 2016, 0, 1, 1, 3},
      {"weather", gap(95), level, 2020, 95, 3, 3, 4},
      {"weather", gap(80), level, 2020, 80, 2, 3, 3},
      {"weather", gap(80), level, 2020, 0, 1, 1, 2},
  };
}

TEST(TrapsTest, OnAThresholdAndASideOfIt) {
  for (const Threshold& t : Thresholds()) {
    const std::vector<std::pair<double, int>> cases = {
        {t.value - 1e-5, t.below}, {t.value, t.at}, {t.value + 1e-5, t.above}};
    for (const auto& [value, wanted] : cases) {
      std::vector<Point> series = t.before;
      series.push_back({t.period, value});
      const auto run = Judge(By(t.method, t.target), series);
      ASSERT_TRUE(run.ok()) << run.status();
      EXPECT_EQ(Answer(*run, t.period), wanted) << t.method << " at " << value;
    }
  }
}

// The bands of scores meet where those of open_sdg do, so that a score tells its
// status; Eurostat's scores without a target are its own.
TEST(TrapsTest, AScoreTellsItsStatus) {
  for (const std::string& method : Methods()) {
    for (double last = -20; last <= 199; last += 0.5) {
      const auto run = Judge(By(method, AtLeast(200)), From2015({100, 104, 107, 112, 120, last}));
      ASSERT_TRUE(run.ok()) << run.status();
      const int status = Answer(*run, 2020);
      if (status < 0) continue;
      const double score = run->Value("score", 2020);
      const int told = score > 2.5 ? 4 : score > 0 ? 3 : score > -2.5 ? 2 : 1;
      const bool on_an_edge = score == 2.5 || score == 0 || score == -2.5;
      EXPECT_TRUE(told == status || (on_an_edge && told + 1 == status))
          << method << " at " << last << ": " << status << ", " << score;
    }
  }
}

TEST(TrapsTest, EurostatScoresWithoutATarget) {
  Case direction = Direction();
  for (const std::string method : {"eurostat", "eurostat_2017"}) {
    for (const auto& [value, score] : std::vector<std::pair<double, double>>{
             {102, 5}, {103, 5}, {101, 2.5}, {100, 0}, {99.5, -1.25}, {98, -5}, {90, -5}}) {
      const auto run = Judge(By(method, direction), {{2015, 100}, {2016, value}});
      ASSERT_TRUE(run.ok()) << run.status();
      EXPECT_NEAR(run->Value("score", 2016), score, 1e-10) << method << " at " << value;
    }
  }
}

TEST(TrapsTest, ABaseEqualToTheNaturalLimitIsKept) {
  Case direction = Direction();
  const std::map<std::string, int> wanted = {
      {"open_sdg", 4}, {"eurostat", 2}, {"eurostat_2017", 3}, {"un_progress_chart", 2}};
  for (const auto& [method, status] : wanted) {
    direction.parameters = absl::StrCat("{\"method\": \"", method, "\", \"natural_limit\": 100}");
    const auto run = Judge(direction, {{2015, 100}, {2020, 100}});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(Answer(*run, 2020), status) << method;
  }
}

TEST(TrapsTest, AcrossABreakWhenTold) {
  for (const std::string& method : Methods()) {
    std::vector<Point> series = From2015({100, 110, 120, 130, 140, 150});
    series[3].flags = kBreak;
    Case c = AtLeast(200);
    c.parameters = absl::StrCat("{\"method\": \"", method, "\", \"across_breaks\": true}");
    const auto run = Judge(c, series);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(Answer(*run, 2020), 4) << method;
    for (const char* output : {"status", "score", "flip_change", "rests_on_provisional"}) {
      EXPECT_EQ(run->FlagsAt(output, 2020), kBreak) << method << output;
    }
    // The best pace is not taken across it all the same.
    EXPECT_EQ(run->Value("best_pace", 2020), 10) << method;
    series[3].value = 400;
    EXPECT_EQ(Judge(c, series)->Value("best_pace", 2020), 10) << method;
  }
}

// A break before the baseline lies among the points that some methods look at.
TEST(TrapsTest, ABreakBeforeTheBaselineMarksWhatRestsOnItWhenTold) {
  for (const std::string& method : Methods()) {
    Case c = AtLeast(200);
    c.parameters = absl::StrCat("{\"method\": \"", method, "\", \"across_breaks\": true}");
    const auto run =
        Judge(c, {{2013, 90}, {2014, 95, kBreak}, {2015, 100}, {2016, 110}, {2017, 120}});
    ASSERT_TRUE(run.ok()) << run.status();
    const bool rests = method == "weather" || method == "escap_anticipated";
    EXPECT_EQ(run->FlagsAt("status", 2017), rests ? kBreak : kNormal) << method;
  }
}

// 29 February is a day like others; a year has passed after 365 of them.
TEST(TrapsTest, LeapDays) {
  constexpr int64_t kFebruary29Of2024 = 19782;
  for (const std::string& method : Methods()) {
    Case c;
    c.frequency = v1::FREQUENCY_DAY;
    c.baseline_period = kFebruary29Of2024 - 365;
    c.target_period = kFebruary29Of2024 + 3 * 365;
    c.path = {{*c.baseline_period, {}}, {*c.target_period, 200}};
    const int64_t start = *c.baseline_period;
    const auto run = Judge(By(method, c), {{start, 100},
                                           {start + 100, 106.9},
                                           {start + 200, 113.7},
                                           {start + 364, 125},
                                           {start + 365, 125},
                                           {start + 366, 125.1}});
    ASSERT_TRUE(run.ok()) << run.status();
    const bool growth = IsGrowth(method);
    EXPECT_EQ(Answer(*run, start + 364), growth ? kTooFew : kOnTrack) << method;
    EXPECT_EQ(Answer(*run, start + 365), kOnTrack) << method;
    EXPECT_EQ(Answer(*run, start + 366), kOnTrack) << method;
  }
}

TEST(TrapsTest, WithoutAFinalPointOnlyGrowthJudges) {
  Case direction = Direction();
  for (const std::string& method : Methods()) {
    const bool growth = IsGrowth(method);
    const auto run = Judge(By(method, direction), {{2015, 100}, {2016, 103}});
    ASSERT_EQ(run.ok(), growth) << method;
    if (!growth) {
      EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid);
      continue;
    }
    EXPECT_EQ(Answer(*run, 2016), kOnTrack) << method;
    EXPECT_LT(run->Value("flip_change", 2016), 0) << method;
    EXPECT_EQ(run->Value("flip_status", 2016), kModerate) << method;
    for (const char* output : {"best_pace", "out_of_reach", "required_pace", "projected"}) {
      EXPECT_EQ(run->Reason(output, 2016), v1::MISSING_REASON_UNDEFINED) << method << output;
    }
  }
}

}  // namespace
}  // namespace policytrack::plugins
