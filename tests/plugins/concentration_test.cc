// Golden figures of `concentration`, with their sources, and the traps.
#include <cmath>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {
namespace {

constexpr v1::Frequency kYear = v1::FREQUENCY_YEAR;
constexpr int64_t kAt = 2024;

using PartValues = std::map<std::string, double>;

Feed Value(const PartValues& values) {
  Feed feed{"value", {}};
  for (const auto& [name, value] : values) feed.parts[name] = {{kAt, value}};
  return feed;
}

absl::StatusOr<Run> Measure(const PartValues& values, const std::string& parameters = "{}") {
  return RunPlugin("concentration", kYear, parameters, {Value(values)});
}

// "For a market consisting of four firms with shares of 30, 30, 20, and 20
// percent, the HHI is 2,600 (30^2 + 30^2 + 20^2 + 20^2 = 2,600)": U.S. Department
// of Justice, Antitrust Division, page Herfindahl-Hirschman Index.
TEST(ConcentrationTest, TheExampleOfTheDepartmentOfJustice) {
  const auto run = Measure({{"a", 30}, {"b", 20}, {"c", 30}, {"d", 20}}, R"({"n": 2})");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("hhi", kAt), 2600, 1e-9);
  EXPECT_NEAR(run->Value("hhi_lower", kAt), 2600, 1e-9);
  EXPECT_NEAR(run->Value("hhi_upper", kAt), 2600, 1e-9);
  EXPECT_NEAR(run->Value("cr", kAt), 60, 1e-12);
  EXPECT_EQ(run->Value("parts", kAt), 4);
}

// Six firms with 15 % and ten with 1 % each: H = 6 * 0.0225 + 10 * 0.0001 = 0.136,
// (0.136 - 1/16) / (1 - 1/16) = 0.0784; worked out by hand in fractions: 17/125 and
// 49/625.
TEST(ConcentrationTest, SixLargeAndTenSmallFirms) {
  PartValues values;
  for (int i = 0; i < 6; ++i) values["large-" + std::to_string(i)] = 1500;
  for (int i = 0; i < 10; ++i) values["small-" + std::to_string(i)] = 100;
  const auto run = Measure(values);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("hhi", kAt), 1360, 1e-9);
  EXPECT_NEAR(run->Value("hhi_normalised", kAt), 0.0784, 1e-14);
  EXPECT_NEAR(run->Value("cr", kAt), 60, 1e-12);
  EXPECT_EQ(run->Value("parts", kAt), 16);
}

TEST(ConcentrationTest, AMonopolyAndEqualParts) {
  const auto one = Measure({{"a", 0.1}, {"idle", 0}});
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->Value("hhi", kAt), 10000);
  EXPECT_EQ(one->Value("hhi_normalised", kAt), 1);
  EXPECT_EQ(one->Value("cr", kAt), 100) << "fewer than n parts are all of them";
  EXPECT_EQ(one->Value("parts", kAt), 1) << "a part without share is not in the market";
  const auto equal = Measure({{"a", 0.1}, {"b", 0.1}, {"c", 0.1}, {"d", 0.1}, {"e", 0.1}});
  ASSERT_TRUE(equal.ok()) << equal.status();
  EXPECT_NEAR(equal->Value("hhi", kAt), 2000, 1e-9);
  EXPECT_NEAR(equal->Value("hhi_normalised", kAt), 0, 1e-15);
}

// 40 and 30 percent, and buckets of 10 and 20: 1600 + 900 = 2500 when nobody in the
// buckets is large, 100 + 400 more when each is one firm.
TEST(ConcentrationTest, AnOtherBucketIsNotOneFirm) {
  const auto run = Measure({{"a", 4}, {"b", 3}, {"rest", 1}, {"others", 2}},
                           R"({"n": 2, "other": "rest, others"})");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("hhi", kAt), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(run->Reason("hhi_normalised", kAt), v1::MISSING_REASON_UNDEFINED);
  EXPECT_NEAR(run->Value("hhi_lower", kAt), 2500, 1e-9);
  EXPECT_NEAR(run->Value("hhi_upper", kAt), 2500 + 100 + 400, 1e-9);
  EXPECT_NEAR(run->Value("cr", kAt), 70, 1e-12);
  EXPECT_EQ(run->Value("parts", kAt), 2);
  const auto three = Measure({{"a", 4}, {"b", 3}, {"rest", 3}}, R"({"n": 3, "other": "rest"})");
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_EQ(three->Reason("cr", kAt), v1::MISSING_REASON_TOO_FEW_POINTS)
      << "the third largest may be in the bucket";
  const auto empty = Measure({{"a", 4}, {"b", 3}, {"rest", 0}}, R"({"other": "rest,unknown"})");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_NEAR(empty->Value("hhi", kAt), 1e4 * 25 / 49, 1e-9) << "an empty bucket is none";
  const auto only = Measure({{"rest", 3}}, R"({"other": "rest"})");
  ASSERT_TRUE(only.ok()) << only.status();
  EXPECT_EQ(only->Value("hhi_lower", kAt), 0);
  EXPECT_EQ(only->Value("hhi_upper", kAt), 10000);
}

// Codes of dimensions may hold commas and quotes.
TEST(ConcentrationTest, ABucketMayHaveACommaInItsCode) {
  for (const std::string& code : std::vector<std::string>{
           "Others, domestic", "\"others\"", "a \"b\", c", ",", "\"", "the \"rest\""}) {
    std::string quoted;
    for (const char c : code) quoted += c == '"' ? R"(\"\")" : std::string(1, c);
    for (const std::string& list :
         std::vector<std::string>{R"(\")" + quoted + R"(\")", R"(x, \")" + quoted + R"(\" ,y)"}) {
      const auto run =
          Measure({{"a", 4}, {"b", 3}, {code, 3}}, R"({"n": 2, "other": ")" + list + "\"}");
      ASSERT_TRUE(run.ok()) << run.status();
      EXPECT_EQ(run->Value("parts", kAt), 2) << list;
      EXPECT_NEAR(run->Value("hhi_lower", kAt), 2500, 1e-9) << list;
    }
  }
  // Quotes within a code that does not begin with one are its own.
  const auto plain = Measure({{"a", 4}, {"the \"rest\"", 3}}, R"({"other": "the \"rest\""})");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->Value("parts", kAt), 1);
}

TEST(ConcentrationTest, AgainstATotalTheRestIsABucket) {
  const auto measure = [](double total) {
    return RunPlugin("concentration", kYear, R"({"n": 1})",
                     {Value({{"a", 40}, {"b", 30}}), {"total", {{kAt, total}}}});
  };
  const auto rest = measure(100);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_NEAR(rest->Value("cr", kAt), 40, 1e-12);
  EXPECT_NEAR(rest->Value("hhi_lower", kAt), 2500, 1e-9);
  EXPECT_NEAR(rest->Value("hhi_upper", kAt), 3400, 1e-9);
  EXPECT_EQ(rest->Reason("hhi", kAt), v1::MISSING_REASON_UNDEFINED);
  const auto all = measure(70);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_NEAR(all->Value("hhi", kAt), 1e4 * 25 / 49, 1e-9);
  EXPECT_EQ(measure(69)->Reason("cr", kAt), v1::MISSING_REASON_UNDEFINED)
      << "parts are not more than the whole";
  EXPECT_EQ(measure(-70)->Reason("cr", kAt), v1::MISSING_REASON_UNDEFINED);
  const auto none =
      RunPlugin("concentration", kYear, "{}", {Value({{"a", 0}}), {"total", {{kAt, 0}}}});
  EXPECT_EQ(none->Reason("hhi", kAt), v1::MISSING_REASON_ZERO_BASE);
  const auto unknown =
      RunPlugin("concentration", kYear, "{}", {Value({{"a", 1}}), {"total", {{kAt, {}}}}});
  EXPECT_EQ(unknown->Reason("hhi", kAt), v1::MISSING_REASON_INPUT_MISSING);
}

// Charging points in China in November 2025 in ten thousands: 463 public and 1470
// private, 1932 in all (National Energy Administration). The gap of one is rounding,
// neither an error nor a rest.
TEST(ConcentrationTest, RoundedPartsFillARoundedTotal) {
  const auto measure = [](double total, const std::string& parameters) {
    return RunPlugin("concentration", kYear, parameters,
                     {Value({{"public", 463}, {"private", 1470}}), {"total", {{kAt, total}}}});
  };
  const double exact = 1e4 * (463.0 * 463 + 1470.0 * 1470) / (1933.0 * 1933);
  for (const double total : {1931.5, 1932.0, 1933.0, 1934.0, 1934.5}) {
    const auto run = measure(total, R"({"rounded_to": 1})");
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_NEAR(run->Value("hhi", kAt), exact, 1e-9) << total;
    EXPECT_NEAR(run->Value("cr", kAt), 100, 1e-12) << total;
  }
  const auto less = measure(1931, R"({"rounded_to": 1})");
  ASSERT_TRUE(less.ok()) << less.status();
  EXPECT_EQ(less->Reason("hhi_lower", kAt), v1::MISSING_REASON_UNDEFINED)
      << "1.5 is rounding, 2 not";
  const auto more = measure(1935, R"({"rounded_to": 1})");
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ(more->Reason("hhi", kAt), v1::MISSING_REASON_UNDEFINED) << "there is a rest of 2";
  EXPECT_GT(more->Value("hhi_upper", kAt), more->Value("hhi_lower", kAt));
  const auto strict = measure(1932, "{}");
  ASSERT_TRUE(strict.ok()) << strict.status();
  EXPECT_EQ(strict->Reason("hhi_lower", kAt), v1::MISSING_REASON_UNDEFINED);
  EXPECT_THAT(Measure({{"a", 1}}, R"({"rounded_to": 1})").status().message(),
              testing::HasSubstr("slot total, which is not fed"));
}

TEST(ConcentrationTest, PartsInAnotherUnitOfTheKindOfTheTotal) {
  Feed value = Value({{"a", 1}, {"b", 3}});
  value.unit = "mwh";
  const auto run =
      RunPlugin("concentration", kYear, "{}", {value, {"total", {{kAt, 4000}}, "kwh"}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("hhi", kAt), 6250, 1e-9);
}

// Shares that are given as such do not add up as a column, but their parts are
// there.
TEST(ConcentrationTest, SharesInPercent) {
  Feed value = Value({{"a", 50}, {"b", 25}, {"c", 25}});
  value.unit = "percent";
  const auto run = RunPlugin("concentration", kYear, "{}", {value});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_NEAR(run->Value("hhi", kAt), 3750, 1e-9);
}

// b begins in 2021 and is late in 2022; nobody reports in 2019.
Feed Changing() {
  Feed feed{"value", {}};
  feed.parts["a"] = {{2019, {}}, {2020, 1}, {2021, 1}, {2022, 1}, {2023, {}}};
  feed.parts["b"] = {{2021, 1}, {2023, {}}};
  return feed;
}

TEST(ConcentrationTest, AMissingPartIsNotZero) {
  const auto run = RunPlugin("concentration", kYear, "{}", {Changing()});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("hhi", 2019), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->Value("hhi", 2020), 10000) << "b is no part yet";
  EXPECT_NEAR(run->Value("hhi", 2021), 5000, 1e-9);
  for (const char* output : {"cr", "hhi", "hhi_lower", "hhi_upper", "hhi_normalised", "parts"}) {
    EXPECT_EQ(run->Reason(output, 2022), v1::MISSING_REASON_PART_MISSING) << output;
  }
  const auto exclude =
      RunPlugin("concentration", kYear, R"({"missing_parts": "exclude"})", {Changing()});
  ASSERT_TRUE(exclude.ok()) << exclude.status();
  EXPECT_EQ(exclude->Value("hhi", 2022), 10000);
  EXPECT_EQ(exclude->Reason("hhi", 2023), v1::MISSING_REASON_PART_MISSING) << "nothing is left";
}

TEST(ConcentrationTest, NegativeAndZeroWholes) {
  EXPECT_EQ(Measure({{"a", 2}, {"b", -1}})->Reason("hhi", kAt), v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(Measure({{"a", 2}, {"b", -1}}, R"({"other": "b"})")->Reason("hhi_lower", kAt),
            v1::MISSING_REASON_UNDEFINED);
  EXPECT_EQ(Measure({{"a", 0}, {"b", 0}})->Reason("cr", kAt), v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(Measure({{"a", 1.7e308}, {"b", 1.7e308}})->Reason("hhi", kAt),
            v1::MISSING_REASON_UNDEFINED);
}

// Squares of large and small values neither overflow nor vanish, and rounding does
// not lift the index over its range.
TEST(ConcentrationTest, AnySizeOfValues) {
  for (const double size : {1e300, 1e-300, 1.0 / 3}) {
    const auto run = Measure({{"a", 3 * size}, {"b", size}});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_NEAR(run->Value("hhi", kAt), 6250, 1e-9) << size;
  }
  const auto dominant = Measure({{"a", 1}, {"b", 1e-17}, {"c", 1e-17}});
  ASSERT_TRUE(dominant.ok()) << dominant.status();
  EXPECT_EQ(dominant->Value("hhi", kAt), 10000);
}

TEST(ConcentrationTest, TheWorstQualityAndAnyBreakOfPartsThatCount) {
  Feed feed{"value", {}};
  feed.parts["a"] = {{2020, 1, kEstimated}, {2021, 1}};
  feed.parts["b"] = {{2020, 1}, {2021, 1, kProvisional | kBreak}};
  const auto run =
      RunPlugin("concentration", kYear, "{}", {feed, {"total", {{2020, 2, kForecast}, {2021, 2}}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->FlagsAt("hhi", 2020), kForecast);
  EXPECT_EQ(run->FlagsAt("cr", 2021), kProvisional | kBreak);
}

TEST(ConcentrationTest, AWindowGivesWhatTheWholeDoes) {
  const auto whole = RunPlugin("concentration", kYear, "{}", {Changing()});
  const auto window = RunPlugin("concentration", kYear, "{}", {Changing()}, nullptr, {2021, 2022});
  ASSERT_TRUE(whole.ok() && window.ok());
  for (const auto& [name, columns] : window->outputs) {
    EXPECT_TRUE(SameData(columns, whole->outputs.at(name).Slice({2021, 2022}))) << name;
  }
}

TEST(ConcentrationTest, RefusesWhatDoesNotFit) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"n": 0})", "at least 1"},
      {R"({"n": 1.5})", "whole number"},
      {R"({"missing_parts": "zero"})", "must be one of refuse, exclude"},
      {R"({"other": "a,,b"})", "empty code"},
      {R"({"other": "a,"})", "empty code"},
      {R"({"other": "a, b, a"})", "names a twice"},
      {R"({"other": "a, \"a\""})", "names a twice"},
      {R"({"other": "\"\""})", "empty code"},
      {R"({"other": "\"a, b"})", "a quote that does not end"},
      {R"({"other": "\"a\" b"})", "goes on after the quotes around a"}};
  for (const auto& [parameters, message] : cases) {
    const auto run = Measure({{"a", 1}}, parameters);
    EXPECT_EQ(ReasonOf(run.status()), reason::kParametersInvalid) << parameters;
    EXPECT_THAT(std::string(run.status().message()), testing::HasSubstr(message));
  }
}

}  // namespace
}  // namespace policytrack::plugins
