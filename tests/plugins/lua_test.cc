// What scripts compute: expressions and code over named inputs, missing values,
// quality, breaks, look-back, and the words of what is wrong with one.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/script_runner.h"

namespace policytrack::plugins {
namespace {

using testing::HasSubstr;

constexpr int64_t kFirst = 2024 * 12;  // 2024-01

Feed Monthly(const std::string& slot, const std::vector<std::optional<double>>& values) {
  Feed feed{slot, {}};
  for (size_t i = 0; i < values.size(); ++i) {
    feed.points.push_back({kFirst + static_cast<int64_t>(i), values[i]});
  }
  return feed;
}

std::string MessageOf(const absl::StatusOr<Run>& run) {
  EXPECT_FALSE(run.ok());
  return std::string(run.status().message());
}

google::protobuf::Struct Code(const std::string& code, bool handles_missing, double look_back = 0) {
  google::protobuf::Struct parameters;
  auto& fields = *parameters.mutable_fields();
  fields["code"].set_string_value(code);
  fields["handles_missing"].set_bool_value(handles_missing);
  fields["look_back"].set_number_value(look_back);
  return parameters;
}

google::protobuf::Struct Expression(const std::string& expression, bool handles_missing,
                                    double look_back = 0) {
  google::protobuf::Struct parameters = Code("", handles_missing, look_back);
  parameters.mutable_fields()->erase("code");
  (*parameters.mutable_fields())["expression"].set_string_value(expression);
  return parameters;
}

TEST(LuaTest, AnExpressionOverNamedInputs) {
  const auto run = RunExpression("100 * sales / total",
                                 {Monthly("sales", {10, 30, 0}), Monthly("total", {40, 60, 80})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", kFirst), 25);
  EXPECT_EQ(run->Value("value", kFirst + 1), 50);
  EXPECT_EQ(run->Value("value", kFirst + 2), 0);
}

TEST(LuaTest, CodeTakesInputsByTheNamesOfItsParameters) {
  const std::string code = R"(
    local function share(part, whole) return 100 * part / whole end
    function compute(total, sales)
      return share(sales, total)
    end)";
  const auto run = RunCode(code, {Monthly("sales", {10, 30}), Monthly("total", {40, 60})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", kFirst), 25);
  EXPECT_EQ(run->Value("value", kFirst + 1), 50);
}

TEST(LuaTest, MissingInputsGiveMissingValuesUnlessTheScriptHandlesThem) {
  const std::vector<Feed> feeds = {Monthly("a", {1, std::nullopt, 3}), Monthly("b", {1, 1, 1})};
  // Even where nothing would be computed from it.
  for (const char* expression : {"a + b", "a == 7 and 1 or 2", "b"}) {
    const auto run = RunScript(v1::FREQUENCY_MONTH, Expression(expression, false), feeds);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Reason("value", kFirst + 1), v1::MISSING_REASON_INPUT_MISSING) << expression;
    EXPECT_FALSE(std::isnan(run->Value("value", kFirst))) << expression;
  }
  const auto run = RunScript(v1::FREQUENCY_MONTH, Expression("or_else(a, 0) + b", true), feeds);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", kFirst + 1), 1);
}

TEST(LuaTest, AMissingValueGoesThroughWhatIsComputedFromIt) {
  const std::vector<Feed> feeds = {Monthly("a", {std::nullopt})};
  for (const char* expression :
       {"a", "-a", "a + 1", "2 ^ a", "a // 2", "math.max(1, a)", "math.abs(a) * 2", "missing",
        "a > 1 and 1 or 0", "1 <= a and 1 or 0", "tonumber(a)"}) {
    const auto run = RunScript(v1::FREQUENCY_MONTH, Expression(expression, true), feeds);
    ASSERT_TRUE(run.ok()) << expression << ": " << run.status();
    EXPECT_EQ(run->Reason("value", kFirst), v1::MISSING_REASON_INPUT_MISSING) << expression;
  }
  const auto run =
      RunScript(v1::FREQUENCY_MONTH,
                Expression("is_missing(a) and #(type(a) .. tostring(a)) or 0", true), feeds);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", kFirst), 14);
}

TEST(LuaTest, AMissingValueThatNoInputExplainsIsUndefined) {
  for (const char* expression : {"missing", "0 / 0", "1 / 0", "math.log(-1)", "math.huge"}) {
    const auto run = RunExpression(expression, {Monthly("a", {1})});
    ASSERT_TRUE(run.ok()) << expression << ": " << run.status();
    EXPECT_EQ(run->Reason("value", kFirst), v1::MISSING_REASON_UNDEFINED) << expression;
  }
}

TEST(LuaTest, AnOpenInputIsMissing) {
  google::protobuf::Struct parameters = Expression("a + or_else(extra, 10)", true);
  (*parameters.mutable_fields())["inputs"].set_string_value("a,extra");
  const auto run = RunScript(v1::FREQUENCY_MONTH, parameters, {Monthly("a", {1})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", kFirst), 11);
}

TEST(LuaTest, AValueHasTheWorstQualityOfWhatItRestsOn) {
  Feed a = Monthly("a", {1, 2, 3});
  a.points[0].flags = kProvisional;
  a.points[1].flags = kEstimated;
  const auto run = RunScript(v1::FREQUENCY_MONTH, Expression("a - lag(\"a\", 1)", false, 1), {a});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Reason("value", kFirst), v1::MISSING_REASON_INPUT_MISSING);
  EXPECT_EQ(run->FlagsAt("value", kFirst + 1), kProvisional);
  EXPECT_EQ(run->FlagsAt("value", kFirst + 2), kEstimated);
}

TEST(LuaTest, LagDoesNotCrossABreak) {
  Feed a = Monthly("a", {1, 2, 4, 8});
  a.points[2].flags = kBreak;
  const auto run = RunScript(v1::FREQUENCY_MONTH, Expression("a / lag(\"a\", 1)", false, 1), {a});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", kFirst + 1), 2);
  EXPECT_EQ(run->Reason("value", kFirst + 2), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(run->Value("value", kFirst + 3), 2);
  const auto same = RunExpression("a", {a});
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->FlagsAt("value", kFirst + 2), kBreak);
}

TEST(LuaTest, LookBackIsTheWindowAndItsBound) {
  google::protobuf::Struct parameters = Expression("a - lag(\"a\", 3)", false, 2);
  EXPECT_THAT(
      MessageOf(RunScript(v1::FREQUENCY_MONTH, parameters, {Monthly("a", {1, 2, 3, 4})})),
      HasSubstr("at 2024-01, line 1: lag looks 3 periods back, but look_back allows 1 to 2"));
  const auto window =
      WindowOf("lua", v1::FREQUENCY_MONTH, R"({"expression": "a", "inputs": "a", "look_back": 12})",
               {Monthly("a", {1})});
  ASSERT_TRUE(window.ok()) << window.status();
  EXPECT_EQ(window->look_back, 12);
  EXPECT_EQ(window->look_ahead, 0);
}

TEST(LuaTest, AWindowGivesWhatTheWholeGives) {
  std::vector<std::optional<double>> values;
  for (int i = 0; i < 60; ++i) values.emplace_back(i * i % 17);
  const std::string code = R"(
    seen = 0
    local cache = {}
    function compute(a)
      seen = seen + 1
      cache[#cache + 1] = a
      return a + lag("a", 2) + 100 * seen + 1000 * #cache
    end)";
  const auto whole = RunScript(v1::FREQUENCY_MONTH, Code(code, false, 2), {Monthly("a", values)});
  const auto part = RunScript(v1::FREQUENCY_MONTH, Code(code, false, 2), {Monthly("a", values)},
                              {kFirst + 40, kFirst + 50});
  ASSERT_TRUE(whole.ok() && part.ok()) << whole.status() << part.status();
  EXPECT_EQ(part->outputs.at("value").size(), 11u);
  for (int64_t period = kFirst + 40; period <= kFirst + 50; ++period) {
    EXPECT_EQ(part->Value("value", period), whole->Value("value", period));
  }
  // Nothing is left from one period for the next one.
  EXPECT_EQ(whole->Value("value", kFirst + 59) - 59 * 59 % 17 - 57 * 57 % 17, 1100);
}

TEST(LuaTest, PeriodsAreKnownByTextAndYear) {
  const struct {
    v1::Frequency frequency;
    int64_t period;
    const char* text;
  } kCases[] = {{v1::FREQUENCY_DAY, 19782, "2024-02-29"},
                {v1::FREQUENCY_MONTH, 2024 * 12 + 1, "2024-02"},
                {v1::FREQUENCY_QUARTER, 2024 * 4 + 3, "2024-Q4"},
                {v1::FREQUENCY_HALF_YEAR, 4048, "2024-S1"},
                {v1::FREQUENCY_YEAR, 2024, "2024"}};
  for (const auto& one : kCases) {
    const std::string expression = std::string("period() == \"") + one.text + "\" and year() or 0";
    const auto run =
        RunScript(one.frequency, Expression(expression, false), {{"a", {{one.period, 1.0}}}});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->Value("value", one.period), 2024) << one.text;
  }
  const int64_t week = Ordinal(v1::FREQUENCY_WEEK, "2024-W07");
  const auto run =
      RunScript(v1::FREQUENCY_WEEK, Expression("period() == \"2024-W07\" and 1 or 0", false),
                {{"a", {{week, 1.0}}}});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->Value("value", week), 1);
}

TEST(LuaTest, WhatDoesNotParseIsRefusedWithItsLine) {
  EXPECT_THAT(MessageOf(RunExpression("100 * (a", {Monthly("a", {1})})),
              HasSubstr("refuses: line 1: ')' expected near <eof>"));
  EXPECT_THAT(MessageOf(RunCode("function compute(a)\n  return a +\nend", {Monthly("a", {1})})),
              HasSubstr("refuses: line 3: unexpected symbol near 'end'"));
  EXPECT_THAT(MessageOf(RunExpression("1; os.exit()", {Monthly("a", {1})})),
              HasSubstr("<eof> expected"));
  EXPECT_THAT(MessageOf(RunCode("\x1bLua", {Monthly("a", {1})})), HasSubstr("refuses"));
  EXPECT_THAT(MessageOf(RunExpression("1", {Monthly("end", {1})})),
              HasSubstr("`end` has the name"));
  EXPECT_THAT(MessageOf(RunExpression("1", {Monthly("lag", {1})})),
              HasSubstr("`lag` has the name"));
  EXPECT_THAT(MessageOf(RunExpression("1", {Monthly("a-b", {1})})),
              HasSubstr("`a-b` is not a name"));
}

TEST(LuaTest, WhatIsNotThereIsNamed) {
  EXPECT_THAT(
      MessageOf(RunExpression("100 * a / totl", {Monthly("a", {1}), Monthly("total", {1})})),
      HasSubstr("at 2024-01, line 1: `totl` is not there; the inputs are a, total"));
  EXPECT_THAT(MessageOf(RunCode("function compute(a, b)\n return a + b\nend", {Monthly("a", {1})})),
              HasSubstr("compute has a parameter `b`, which is no input; the inputs are a"));
  EXPECT_THAT(MessageOf(RunCode("function calculate(a) return a end", {Monthly("a", {1})})),
              HasSubstr("no function `compute`; write `function compute(a)`"));
  google::protobuf::Struct parameters = Expression("lag(\"b\", 1)", false, 1);
  EXPECT_THAT(MessageOf(RunScript(v1::FREQUENCY_MONTH, parameters, {Monthly("a", {1})})),
              HasSubstr("lag names `b`, which is no input"));
}

TEST(LuaTest, AResultIsOneNumber) {
  const std::vector<Feed> a = {Monthly("a", {1})};
  EXPECT_THAT(MessageOf(RunExpression("\"12\"", a)),
              HasSubstr("the expression gives a string, not a number"));
  EXPECT_THAT(MessageOf(RunExpression("a > 0", a)), HasSubstr("gives a boolean"));
  EXPECT_THAT(MessageOf(RunExpression("nil", a)), HasSubstr("gives a nil"));
  EXPECT_THAT(MessageOf(RunExpression("{a}", a)), HasSubstr("gives a table"));
  EXPECT_THAT(MessageOf(RunExpression("a, a", a)), HasSubstr("gives several values"));
  EXPECT_THAT(MessageOf(RunCode("function compute(a)\nend", a)),
              HasSubstr("compute gives nothing"));
  EXPECT_THAT(MessageOf(RunExpression("\"1\" + a", a)), HasSubstr("arithmetic on a string"));
}

TEST(LuaTest, AnErrorOfTheScriptNamesPeriodAndLine) {
  const std::string code =
      "function compute(a)\n  if a > 2 then\n    error(\"too much\")\n  end\n  return a\nend";
  EXPECT_THAT(MessageOf(RunCode(code, {Monthly("a", {1, 2, 3})})),
              HasSubstr("plugins/lua failed: at 2024-03, line 3: too much"));
  EXPECT_THAT(MessageOf(RunExpression("a.b", {Monthly("a", {1})})),
              HasSubstr("line 1: attempt to index a number value (local 'a')"));
}

}  // namespace
}  // namespace policytrack::plugins
