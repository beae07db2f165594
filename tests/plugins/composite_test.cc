// Golden figures of `composite`, with their sources, and the traps. Where no
// publication has figures they were computed apart from the plugin, with Python's
// decimal module at 40 digits; the comment says from what.
#include <cmath>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr int64_t kAt = 2020;

Feed One(const std::string& slot, std::optional<double> value, Flags flags = kNormal) {
  Feed feed{slot, {{kAt, value, flags}}, "index", v1::ACCUMULATION_LEVEL};
  return feed;
}

Feed Reference(const std::string& slot, const std::map<std::string, std::vector<Point>>& parts) {
  Feed feed{slot, {}, "index", v1::ACCUMULATION_LEVEL, false};
  feed.parts = parts;
  return feed;
}

absl::StatusOr<Run> Compose(const std::string& parameters, const std::vector<Feed>& feeds,
                            PeriodRange window = {}) {
  return RunPlugin("composite", kYear, parameters, feeds, nullptr, window);
}

double IndexOf(const std::string& parameters, const std::vector<Feed>& feeds) {
  const auto run = Compose(parameters, feeds);
  EXPECT_TRUE(run.ok()) << run.status();
  return run.ok() ? run->Value("index", kAt) : std::nan("");
}

v1::MissingReason ReasonIn(const std::string& parameters, const std::vector<Feed>& feeds) {
  const auto run = Compose(parameters, feeds);
  EXPECT_TRUE(run.ok()) << run.status();
  return run.ok() ? run->Reason("index", kAt) : v1::MISSING_REASON_UNSPECIFIED;
}

void ExpectRefused(const std::string& parameters, const std::vector<Feed>& feeds,
                   const std::string& message) {
  const auto run = Compose(parameters, feeds);
  EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << parameters;
  EXPECT_THAT(std::string(run.status().message()), testing::HasSubstr(message));
}

// The example of the Oxford COVID-19 Government Response Tracker, "Methodology for
// calculating indices", version 3.6 of 5 May 2021: one territory on one day, with
// the score of each indicator and the indices made from them.
struct Policy {
  std::optional<double> value;
  std::optional<double> flag;
  int levels;
  bool has_flag;
  double score;
};
const std::vector<Policy> kContainment = {
    {2, 1, 3, true, 66.67}, {{}, {}, 3, true, 0},   {2, 0, 2, true, 75}, {2, 0, 4, true, 37.5},
    {0, {}, 2, true, 0},    {1, 0, 3, true, 16.67}, {1, 1, 2, true, 50}, {3, {}, 4, false, 75}};
const std::vector<Policy> kHealth = {{2, 0, 2, true, 75},    {3, {}, 3, false, 100},
                                     {2, {}, 2, false, 100}, {2, 0, 4, true, 37.5},
                                     {2, 1, 5, true, 40},    {2, 1, 3, true, 66.66}};
const std::vector<Policy> kEconomic = {{2, 0, 2, true, 75}, {2, {}, 2, false, 100}};

double PolicyIndex(const std::vector<Policy>& policies) {
  std::string parameters = R"({"normalisation": "ordinal", "missing_components": "zero")";
  std::vector<Feed> feeds;
  for (size_t i = 0; i < policies.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    parameters += ", \"n_" + number + "\": " + std::to_string(policies[i].levels);
    parameters += ", \"f_" + number + "\": " + (policies[i].has_flag ? "1" : "0");
    feeds.push_back(One("c" + number, policies[i].value));
    if (policies[i].has_flag) feeds.push_back(One("f" + number, policies[i].flag));
  }
  return IndexOf(parameters + "}", feeds);
}

TEST(OrdinalTest, TheScoresOfTheOxfordTracker) {
  for (const auto& policies : {kContainment, kHealth, kEconomic}) {
    for (const Policy& policy : policies) {
      if (!policy.value.has_value()) continue;  // alone it has no index
      EXPECT_NEAR(PolicyIndex({policy}), policy.score, 0.01);
    }
  }
  EXPECT_NEAR(PolicyIndex(kEconomic), 87.5, 1e-12);
}

// Its larger indices have more components than eight: they are indices of indices,
// weighted by how many components each has.
TEST(OrdinalTest, TheNestedIndicesOfTheOxfordTracker) {
  const auto nested = [](const std::vector<std::pair<double, double>>& indices) {
    std::string parameters = "{\"normalisation\": \"none\"";
    std::vector<Feed> feeds;
    for (size_t i = 0; i < indices.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      parameters += ", \"weight_" + number + "\": " + std::to_string(indices[i].second);
      feeds.push_back(One("c" + number, indices[i].first));
    }
    return IndexOf(parameters + "}", feeds);
  };
  const double containment = PolicyIndex(kContainment);
  const double health = PolicyIndex(kHealth);
  EXPECT_NEAR(nested({{containment, 8}, {PolicyIndex({kHealth[0]}), 1}}), 43.98, 0.005);
  EXPECT_NEAR(nested({{containment, 8}, {health, 6}}), 52.86, 0.005);
  EXPECT_NEAR(nested({{containment, 8}, {health, 6}, {PolicyIndex(kEconomic), 2}}), 57.18, 0.01);
}

TEST(OrdinalTest, LevelsAndFlagsAreWholeAndInTheScale) {
  const std::string parameters = R"({"normalisation": "ordinal", "n_1": 3})";
  for (const double value : {-1.0, 4.0, 1.5}) {
    EXPECT_EQ(ReasonIn(parameters, {One("c1", value)}), v1::MISSING_REASON_UNDEFINED) << value;
  }
  EXPECT_EQ(ReasonIn(parameters, {One("c1", 2), One("f1", 0.5)}), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(ReasonIn(parameters, {One("c1", 2), One("f1", {})}), v1::MISSING_REASON_INPUT_MISSING)
      << "the scope of a policy that there is must be known";
  EXPECT_EQ(IndexOf(parameters, {One("c1", 0), One("f1", {})}), 0);
  EXPECT_EQ(IndexOf(R"({"normalisation": "ordinal", "n_1": 4, "direction_1": "lower", "scale": 1})",
                    {One("c1", 1)}),
            0.75);
}

// Sudan 2019 in the Human Development Report 2020, table 1: life expectancy 65.3
// years, expected 7.9 and mean 3.8 years of schooling, income 3829 dollars: HDI
// 0.510. Formulas and goalposts: its technical note 1.
TEST(GoalpostsTest, TheHumanDevelopmentIndex) {
  const double education = IndexOf(
      R"({"normalisation": "goalposts", "scale": 1, "clip": true,
          "min_1": 0, "max_1": 18, "min_2": 0, "max_2": 15})",
      {One("c1", 7.9), One("c2", 3.8)});
  EXPECT_NEAR(education, 0.346111111111111, 1e-15);
  const double index = IndexOf(
      R"({"scale": 1, "clip": true, "mean": "geometric",
          "normalisation_1": "goalposts", "min_1": 20, "max_1": 85,
          "normalisation_3": "log_goalposts", "min_3": 100, "max_3": 75000})",
      {One("c1", 65.3), One("c2", education), One("c3", 3829)});
  EXPECT_NEAR(index, 0.510, 0.0005);
  EXPECT_NEAR(index, 0.510214197478115796, 1e-15);
  // The dimension indices of the technical note's own example.
  EXPECT_NEAR(IndexOf(R"({"mean": "geometric"})",
                      {One("c1", 0.6971), One("c2", 0.3447), One("c3", 0.5506)}),
              0.510, 0.0005);
}

TEST(GoalpostsTest, BeyondThem) {
  const std::string posts = R"("normalisation": "goalposts", "min_1": 10, "max_1": 20)";
  EXPECT_EQ(IndexOf("{" + posts + "}", {One("c1", 25)}), 150);
  EXPECT_EQ(IndexOf("{" + posts + R"(, "clip": true})", {One("c1", 25)}), 100);
  EXPECT_EQ(IndexOf("{" + posts + R"(, "clip": true})", {One("c1", 5)}), 0);
  EXPECT_EQ(IndexOf("{" + posts + R"(, "direction_1": "lower"})", {One("c1", 12)}), 80);
  const std::string logs = R"({"normalisation": "log_goalposts", "min_1": 1, "max_1": 100})";
  EXPECT_NEAR(IndexOf(logs, {One("c1", 10)}), 50, 1e-12);
  EXPECT_EQ(ReasonIn(logs, {One("c1", 0)}), v1::MISSING_REASON_UNDEFINED);
}

// Five countries with 3, 7.5, 12, 1.5 and 6: smallest 1.5, largest 12, mean 6,
// standard deviation sqrt(13.5).
const std::map<std::string, std::vector<Point>> kFive = {{"a", {{kAt, 3}}},
                                                         {"b", {{kAt, 7.5}}},
                                                         {"c", {{kAt, 12}}},
                                                         {"d", {{kAt, 1.5}}},
                                                         {"e", {{kAt, 6}}}};

TEST(ReferenceTest, MinMaxAndZScores) {
  const std::pair<double, std::pair<double, double>> cases[] = {
      {3, {14.2857142857142857, -0.816496580927726033}},
      {7.5, {57.1428571428571429, 0.408248290463863016}},
      {12, {100, 1.632993161855452065}},
      {1.5, {0, -1.224744871391589049}},
      {6, {42.8571428571428571, 0}}};
  for (const auto& [value, wanted] : cases) {
    EXPECT_NEAR(
        IndexOf(R"({"normalisation": "min_max"})", {One("c1", value), Reference("r1", kFive)}),
        wanted.first, 1e-12);
    EXPECT_NEAR(IndexOf(R"({"normalisation": "min_max", "direction_1": "lower", "scale": 1})",
                        {One("c1", value), Reference("r1", kFive)}),
                1 - wanted.first / 100, 1e-14);
    EXPECT_NEAR(
        IndexOf(R"({"normalisation": "z_score"})", {One("c1", value), Reference("r1", kFive)}),
        wanted.second, 1e-14);
    EXPECT_NEAR(IndexOf(R"({"normalisation": "z_score", "direction_1": "lower"})",
                        {One("c1", value), Reference("r1", kFive)}),
                -wanted.second, 1e-14);
  }
}

TEST(ReferenceTest, LargeValuesCloseTogetherKeepTheirSpread) {
  std::map<std::string, std::vector<Point>> parts;
  for (int i = 0; i < 5; ++i) parts[std::to_string(i)] = {{kAt, 1e9 + i}};
  // sqrt(2) is the deviation of 0, 1, 2, 3, 4.
  EXPECT_NEAR(
      IndexOf(R"({"normalisation": "z_score"})", {One("c1", 1e9 + 4), Reference("r1", parts)}),
      std::sqrt(2.0), 1e-14);
}

TEST(ReferenceTest, TooFewAndAllTheSame) {
  const std::string min_max = R"({"normalisation": "min_max"})";
  EXPECT_EQ(ReasonIn(min_max, {One("c1", 1), Reference("r1", {{"a", {{kAt, 1}}}})}),
            v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_EQ(ReasonIn(min_max, {One("c1", 1), Reference("r1", {{"a", {{2019, 1}}}})}),
            v1::MISSING_REASON_TOO_FEW_POINTS)
      << "nothing at the same period";
  EXPECT_EQ(ReasonIn(R"({"normalisation": "min_max", "min_reference": 6})",
                     {One("c1", 1), Reference("r1", kFive)}),
            v1::MISSING_REASON_TOO_FEW_POINTS);
  for (const char* way : {"min_max", "z_score"}) {
    EXPECT_EQ(ReasonIn(std::string(R"({"normalisation": ")") + way + "\"}",
                       {One("c1", 1), Reference("r1", {{"a", {{kAt, 1}}}, {"b", {{kAt, 1}}}})}),
              v1::MISSING_REASON_ZERO_BASE);
  }
}

// a: 0, 10, 4; b: 5, 5 and, after a break, 6. Up to 2020 the pool has 0..10; from
// 2021 on b has only what is from its break on.
TEST(ReferenceTest, AllPeriodsUpToNowButNotAcrossABreak) {
  const Feed reference = Reference("r1", {{"a", {{2019, 0}, {2020, 10}, {2021, 4, kProvisional}}},
                                          {"b", {{2019, -5}, {2020, 5}, {2021, 6, kBreak}}}});
  const Feed component{"c1",
                       {{2018, 1}, {2019, 0}, {2020, 2.5}, {2021, 5}, {2022, 5}},
                       "index",
                       v1::ACCUMULATION_LEVEL};
  const auto run =
      Compose(R"({"normalisation": "min_max", "reference": "up_to_now"})", {component, reference});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("index", 2018), v1::MISSING_REASON_TOO_FEW_POINTS);
  EXPECT_EQ(run->Value("index", 2019), 100) << "of -5 to 0";
  EXPECT_EQ(run->Value("index", 2020), 50) << "of -5 to 10";
  EXPECT_EQ(run->Value("index", 2021), 50) << "of 0 to 10";
  EXPECT_EQ(run->FlagsAt("index", 2021), kProvisional);
  EXPECT_EQ(run->Value("index", 2022), 50) << "the set is what is known by then";
  EXPECT_EQ(run->FlagsAt("index", 2020), kNormal);
  // A window sees the whole reference.
  const auto window = Compose(R"({"normalisation": "min_max", "reference": "up_to_now"})",
                              {component, reference}, {2021, 2022});
  ASSERT_TRUE(window.ok()) << window.status();
  EXPECT_TRUE(SameData(window->outputs.at("index"), run->outputs.at("index").Slice({2021, 2022})));
}

// 0.6, 0.75 and 0.9 with weights 2, 1 and 1/2.
TEST(MeanTest, WeightedArithmeticAndGeometric) {
  const std::vector<Feed> feeds = {One("c1", 0.6), One("c2", 0.75), One("c3", 0.9)};
  const std::string weights = R"("weight_1": 2, "weight_2": 1, "weight_3": 0.5)";
  EXPECT_NEAR(IndexOf("{" + weights + "}", feeds), 2.4 / 3.5, 1e-15);
  EXPECT_NEAR(IndexOf("{" + weights + R"(, "mean": "geometric"})", feeds), 0.67763482894311953,
              1e-15);
}

TEST(MeanTest, AGeometricMeanNeedsScoresAboveZero) {
  const std::string geometric = R"({"mean": "geometric"})";
  EXPECT_EQ(ReasonIn(geometric, {One("c1", 4), One("c2", 0)}), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(ReasonIn(geometric, {One("c1", 4), One("c2", -1)}), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(IndexOf(R"({"mean": "geometric", "weight_2": 0})", {One("c1", 4), One("c2", 0)}), 4)
      << "what has no weight says nothing";
}

TEST(MissingTest, ThreeRules) {
  const std::vector<Feed> feeds = {One("c1", 30), One("c2", {}), One("c3", 60)};
  EXPECT_EQ(ReasonIn("{}", feeds), v1::MISSING_REASON_INPUT_MISSING) << "rejected unless told";
  EXPECT_EQ(IndexOf(R"({"missing_components": "zero"})", feeds), 30);
  EXPECT_EQ(IndexOf(R"({"missing_components": "reweight", "weight_3": 2})", feeds), 50);
  EXPECT_EQ(IndexOf(R"({"min_components": 2})", feeds), 45);
  EXPECT_EQ(ReasonIn(R"({"min_components": 3})", feeds), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(ReasonIn(R"({"missing_components": "zero", "min_components": 3})", feeds),
            v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(Compose("{\"min_components\": 2}", feeds)->Value("components", kAt), 2);
}

TEST(MissingTest, AnIndexWithoutOneOfItsComponentsIsEstimated) {
  const std::vector<Feed> whole = {One("c1", 30), One("c2", 50), One("c3", 60)};
  std::vector<Feed> part = whole;
  part[1] = One("c2", {});
  for (const char* parameters :
       {R"({"missing_components": "zero"})", R"({"missing_components": "reweight"})",
        R"({"min_components": 2})"}) {
    EXPECT_EQ(Compose(parameters, whole)->FlagsAt("index", kAt), kNormal) << parameters;
    EXPECT_EQ(Compose(parameters, part)->FlagsAt("index", kAt), kEstimated) << parameters;
  }
  EXPECT_EQ(Compose(R"({"weight_2": 0})", part)->FlagsAt("index", kAt), kNormal)
      << "what has no weight says nothing";
}

TEST(MissingTest, WithoutAnyComponentThereIsNoIndexAndNotZero) {
  for (const char* rule : {"reject", "zero", "reweight"}) {
    const auto run = Compose(std::string(R"({"missing_components": ")") + rule + "\"}",
                             {One("c1", {}), One("c2", {})});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Reason("index", kAt), v1::MISSING_REASON_INPUT_MISSING) << rule;
    EXPECT_EQ(run->Value("components", kAt), 0);
  }
}

TEST(QualityTest, WorstOfComponentsFlagsAndReferences) {
  auto parts = kFive;
  parts["e"] = {{kAt, 6, kForecast}};
  EXPECT_EQ(Compose(R"({"normalisation": "min_max"})", {One("c1", 3), Reference("r1", parts)})
                ->FlagsAt("index", kAt),
            kForecast);
  EXPECT_EQ(
      Compose(R"({"normalisation": "ordinal", "n_1": 2})", {One("c1", 1), One("f1", 1, kEstimated)})
          ->FlagsAt("index", kAt),
      kEstimated);
  EXPECT_EQ(Compose("{}", {One("c1", 3, kBreak), One("c2", 3, kImputed)})->FlagsAt("index", kAt),
            kBreak | kImputed);
}

TEST(RefusalTest, Weights) {
  ExpectRefused(R"({"weight_1": 0})", {One("c1", 1)}, "sum to 0");
  ExpectRefused(R"({"weight_1": -1})", {One("c1", 1)}, "at least 0");
}

TEST(RefusalTest, WhatGoesOnlyWithAnotherNormalisation) {
  const std::vector<Feed> one = {One("c1", 1)};
  ExpectRefused(R"({"min_1": 1})", one, "min_1 goes only with normalisation goalposts");
  ExpectRefused(R"({"max_1": 1})", one, "max_1 goes only with normalisation goalposts");
  ExpectRefused(R"({"n_1": 1})", one, "n_1 goes only with normalisation ordinal");
  ExpectRefused(R"({"f_1": 1})", one, "f_1 goes only with normalisation ordinal");
  ExpectRefused("{}", {One("c1", 1), One("f1", 1)}, "slot f1 goes only with");
  ExpectRefused("{}", {One("c1", 1), Reference("r1", kFive)}, "slot r1 goes only with");
  ExpectRefused(R"({"direction_1": "lower"})", one, "turns a score round");
}

TEST(RefusalTest, WhatANormalisationNeeds) {
  const std::vector<Feed> one = {One("c1", 1)};
  ExpectRefused(R"({"normalisation": "min_max"})", one, "slot r1 must be given");
  ExpectRefused(R"({"normalisation": "z_score"})", one, "slot r1 must be given");
  ExpectRefused(R"({"normalisation": "goalposts", "max_1": 1})", one, "min_1 must be given");
  ExpectRefused(R"({"normalisation": "goalposts", "min_1": 2, "max_1": 2})", one, "must be below");
  ExpectRefused(R"({"normalisation": "log_goalposts", "min_1": 0, "max_1": 2})", one,
                "must be above 0");
  ExpectRefused(R"({"normalisation": "ordinal"})", one, "n_1 must be given");
  ExpectRefused(R"({"normalisation": "ordinal", "n_1": 2, "f_1": 1})", one, "slot f1 is not fed");
  ExpectRefused(R"({"normalisation": "ordinal", "n_1": 2, "f_1": 0})", {One("c1", 1), One("f1", 1)},
                "f_1 is 0");
}

TEST(RefusalTest, WhatIsStatedOfAComponentThatIsNotFed) {
  ExpectRefused(R"({"weight_2": 1})", {One("c1", 1)}, "weight_2 is given, but slot c2 is not fed");
  ExpectRefused("{}", {One("c1", 1), Reference("r2", kFive)}, "slot r2 is fed, but slot c2");
  ExpectRefused("{}", {One("c1", 1), One("f2", 1)}, "slot f2 is fed, but slot c2");
}

TEST(RefusalTest, MeansAndCounts) {
  ExpectRefused(R"({"mean": "geometric", "missing_components": "zero"})", {One("c1", 1)},
                "no place for zeros");
  ExpectRefused(R"({"mean": "geometric", "normalisation": "z_score"})",
                {One("c1", 1), Reference("r1", kFive)}, "both sides");
  ExpectRefused(R"({"min_components": 2, "weight_2": 0})", {One("c1", 1), One("c2", 1)},
                "only 1 components");
}

}  // namespace
}  // namespace policytrack::plugins
