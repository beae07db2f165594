// What a script cannot do: loop, eat memory, take for ever in a pattern, swallow an
// error, reach out, keep something, or give other results the next time.
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/script_runner.h"

namespace policytrack::plugins {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

const std::vector<Feed> kOne = {{"a", {{2024 * 12, 1.0}}}};

// What a script that must fail says, within a time that no loop for ever has.
std::string FailureOf(const absl::StatusOr<Run>& run) {
  EXPECT_FALSE(run.ok());
  EXPECT_EQ(ReasonOf(run.status()), reason::kPluginFailed) << run.status();
  return std::string(run.status().message());
}

double ValueOf(const std::string& body) {
  const auto run = RunCode("function compute(a)\n" + body + "\nend", kOne);
  EXPECT_TRUE(run.ok()) << body << ": " << run.status();
  return run.ok() ? run->Value("value", 2024 * 12) : -1;
}

std::string BodyFailure(const std::string& body) {
  return FailureOf(RunCode("function compute(a)\n" + body + "\nend", kOne));
}

TEST(LuaSandboxTest, AnEndlessLoopIsStopped) {
  EXPECT_THAT(BodyFailure("while true do end"),
              HasSubstr("line 2: it takes more than 1000000 steps"));
  EXPECT_THAT(BodyFailure("local function f() return f() end\nreturn f()"), HasSubstr("steps"));
  EXPECT_THAT(BodyFailure("for i = 1, math.huge do local t = {} end"), HasSubstr("steps"));
  EXPECT_THAT(FailureOf(RunCode("repeat until false", kOne)), HasSubstr("line 1: it takes more"));
  // What loops inside a function of Lua's own.
  EXPECT_EQ(ValueOf("return #string.rep('', 9e18)"), 0);
  EXPECT_THAT(BodyFailure("while true do local x = table.unpack({}, 1, 200000) end"),
              HasSubstr("steps"));
}

TEST(LuaSandboxTest, ABombOfMemoryIsStopped) {
  EXPECT_THAT(BodyFailure("local s = 'x'\nwhile true do\ns = s .. s\nend"),
              HasSubstr("line 4: it needs more than 16 MiB of memory"));
  EXPECT_THAT(BodyFailure("local t = {}\nfor i = 1, 1e9 do t[i] = {i} end"),
              AnyOf(HasSubstr("16 MiB"), HasSubstr("steps")));
  EXPECT_THAT(
      BodyFailure("local s = string.rep('x', 1000000)\nwhile true do local t = s .. 'y' end"),
      HasSubstr("line 3: it makes more than 64 MiB of values"));
  EXPECT_THAT(BodyFailure("return #string.rep('x', 1e15)"),
              HasSubstr("line 2: string.rep would make"));
  EXPECT_THAT(BodyFailure("return #(('x'):rep(9e18, 'yy'))"), HasSubstr("string.rep would make"));
  EXPECT_THAT(BodyFailure("local function f(x) return 1 + f(x) end\nreturn f(1)"),
              AnyOf(HasSubstr("stack overflow"), HasSubstr("16 MiB"), HasSubstr("steps")));
  // The one after it has what it needs.
  EXPECT_EQ(ValueOf("return a"), 1);
}

TEST(LuaSandboxTest, APatternThatBacktracksForEverIsNotTried) {
  EXPECT_THAT(
      BodyFailure("local s = string.rep('a', 30)\nreturn s:find(string.rep('a*', 20) .. 'b') or 0"),
      HasSubstr("line 3: a pattern with 20 repetitions on a text of 30 bytes may take too long"));
  EXPECT_THAT(BodyFailure("return #string.gsub(string.rep('a', 10000), '.-b', '')"),
              HasSubstr("may take too long"));
  EXPECT_EQ(ValueOf("return tonumber(period():match('^(%d+)-'))"), 2024);
  EXPECT_EQ(ValueOf("return (('a-b'):gsub('%-', '+')) == 'a+b' and 1 or 0"), 1);
}

TEST(LuaSandboxTest, ErrorsCannotBeSwallowed) {
  for (const char* name : {"pcall", "xpcall", "coroutine", "setmetatable", "getmetatable"}) {
    EXPECT_THAT(BodyFailure(std::string("return ") + name + "(function() while true do end end)"),
                HasSubstr(std::string("line 2: `") + name + "` is not there"));
  }
  EXPECT_THAT(BodyFailure("local x <close> = {}\nreturn 1"), HasSubstr("non-closable"));
}

TEST(LuaSandboxTest, NothingLeadsOut) {
  for (const char* name : {"io", "os", "load", "loadstring", "dofile", "loadfile", "require",
                           "package", "debug", "print", "collectgarbage", "rawset", "rawget",
                           "rawequal", "rawlen", "next", "_G", "warn", "utf8"}) {
    EXPECT_THAT(BodyFailure(std::string("return ") + name),
                HasSubstr(std::string("`") + name + "` is not there"))
        << name;
  }
  for (const char* name :
       {"string.dump", "math.random", "math.randomseed", "table.move", "string.pack"}) {
    EXPECT_THAT(BodyFailure(std::string("return ") + name + "(1)"),
                HasSubstr("there is no function"));
  }
  EXPECT_THAT(BodyFailure("return ('x').dump"), HasSubstr("no function `dump`"));
}

TEST(LuaSandboxTest, TheFunctionsThatThereAreCannotBeChanged) {
  EXPECT_THAT(BodyFailure("math.abs = nil"), HasSubstr("cannot be changed"));
  EXPECT_THAT(BodyFailure("string.format = math.abs"), HasSubstr("cannot be changed"));
  EXPECT_THAT(BodyFailure("table.insert(math, 1)\nreturn 1"), HasSubstr("cannot be changed"));
  EXPECT_THAT(BodyFailure("('x').y = 1"), HasSubstr("attempt to index a string"));
  EXPECT_THAT(FailureOf(RunExpression("(function() b = 1 return b end)()", kOne)),
              HasSubstr("`b` cannot be set"));
  EXPECT_THAT(FailureOf(RunExpression("table.insert(_ENV, 1)", kOne)), HasSubstr("cannot be set"));
}

TEST(LuaSandboxTest, AnExpressionKeepsNothing) {
  const Feed feed{"a", {{2024 * 12, 1.0}, {2024 * 12 + 1, 1.0}, {2024 * 12 + 2, 1.0}}};
  const auto run = RunExpression(
      "(function() local e = _ENV\n_ENV = {n = (type(e.a) == 'number') and e.a or 0}\nreturn n "
      "end)()",
      {feed});
  EXPECT_THAT(FailureOf(run), HasSubstr("`a` is not there"));
  const auto counted =
      RunExpression("(function(t) t[1] = (t[1] or 0) + 1 return t[1] end)({})", {feed});
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->Value("value", 2024 * 12 + 2), 1);
}

TEST(LuaSandboxTest, NoAddressIsSeen) {
  EXPECT_EQ(ValueOf("return tostring({}) == 'table' and 1 or 0"), 1);
  EXPECT_EQ(ValueOf("return tostring(math.abs) == 'function' and 1 or 0"), 1);
  EXPECT_THAT(BodyFailure("return #string.format('%p', 'x')"), HasSubstr("no %p"));
  EXPECT_THAT(BodyFailure("return #string.format('%-20p', 'x')"), HasSubstr("no %p"));
  EXPECT_THAT(BodyFailure("return #string.format('%s', {})"), HasSubstr("not a table"));
  EXPECT_THAT(BodyFailure("error({})"), HasSubstr("an error that is not a text"));
}

TEST(LuaSandboxTest, TablesHaveAnOrder) {
  EXPECT_EQ(
      ValueOf("local text = ''\n"
              "for k, v in pairs({zeta = 1, alpha = 2, [10] = 3, [2.5] = 4, 5, beta = 6}) do\n"
              "text = text .. k .. '=' .. v .. ';' end\n"
              "return text == '1=5;2.5=4;10=3;alpha=2;beta=6;zeta=1;' and 1 or #text"),
      1);
  EXPECT_EQ(ValueOf("local t = {}\nfor i = 1, 500 do t[i] = {i * 7919 % 50, i} end\n"
                    "table.sort(t, function(x, y) return x[1] < y[1] end)\n"
                    "for i = 2, 500 do\n"
                    "if t[i][1] < t[i-1][1] or (t[i][1] == t[i-1][1] and t[i][2] < t[i-1][2]) then "
                    "return i end\n"
                    "end\nreturn 0"),
            0);
  EXPECT_EQ(ValueOf("local t = {3, 1, 2}\ntable.sort(t)\nreturn t[1] * 100 + t[2] * 10 + t[3]"),
            123);
  EXPECT_THAT(BodyFailure("for k in pairs({[{}] = 1}) do end"),
              HasSubstr("keys that are numbers or texts"));
}

TEST(LuaSandboxTest, ATrialIsOverWithinSeconds) {
  const std::string code =
      "function compute(a)\nlocal x, y = string.rep('x', 1000000), string.rep('x', 1000000)\n"
      "local n = 0\nfor i = 1, 200000 do\nif x <= y then n = n + 1 end\nend\nreturn n\nend";
  google::protobuf::Struct parameters;
  (*parameters.mutable_fields())["code"].set_string_value(code);
  (*parameters.mutable_fields())["trial"].set_bool_value(true);
  const absl::Time start = absl::Now();
  EXPECT_THAT(FailureOf(RunScript(v1::FREQUENCY_MONTH, parameters, kOne)),
              HasSubstr("it takes too long for a trial"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(15));
}

TEST(LuaSandboxTest, ADeadlineStopsAScriptThatIsOnlySlow) {
  const std::unique_ptr<Engine> engine = OpenShippedWithLua(absl::Milliseconds(200));
  ASSERT_NE(engine, nullptr);
  // Below the bound of each period, and too many periods.
  auto instance = engine->MakeInstance(
      "plugins/lua",
      Parameters(
          R"({"inputs": "a", "code": "function compute(a) for i = 1, 200000 do end return a end"})"),
      {{"a", v1::FREQUENCY_DAY, v1::ACCUMULATION_FLOW, "vehicles"}}, nullptr);
  ASSERT_TRUE(instance.ok()) << instance.status();
  Columns column;
  for (int64_t day = 0; day < 100000; ++day) column.Append(day, 1, kNormal);
  const auto run = (*instance)->Compute(column.periods, {&column}, {});
  EXPECT_EQ(ReasonOf(run.status()), reason::kPluginTimeout) << run.status();
}

TEST(LuaSandboxTest, ItIsNotHostedInTheServersProcess) {
  const std::unique_ptr<Engine> engine = OpenShipped();
  ASSERT_NE(engine, nullptr);
  const auto lua = engine->GetPlugin("plugins/lua");
  ASSERT_TRUE(lua.ok()) << lua.status();
  EXPECT_NE(lua->state(), v1::PLUGIN_STATE_ACTIVE);
  EXPECT_THAT(lua->state_message(), HasSubstr("runs in a worker process only"));
  EXPECT_TRUE(lua->plugin_descriptor().runs_scripts());
}

}  // namespace
}  // namespace policytrack::plugins
