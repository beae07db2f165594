// Calls into modules that break the rules: the service answers with a reason
// and goes on.
#include <cfenv>
#include <cmath>
#include <limits>
#include <thread>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/plugins/plugin_directory.h"

namespace policytrack::plugins {
namespace {

using testing::HasSubstr;

const std::vector<int64_t> kAxis = {2020, 2021, 2022, 2023};
constexpr PeriodRange kWindow = {2021, 2023};

Columns Input() {
  Columns column;
  column.Append(2020, 1, kNormal);
  column.Append(2021, 2, kProvisional);
  column.Append(2022, 3, kBreak);
  column.Append(2023, 0, MissingFlags(v1::MISSING_REASON_PART_MISSING));
  return column;
}

absl::StatusOr<std::unique_ptr<Instance>> Make(Engine* engine, const std::string& name) {
  return engine->MakeInstance("plugins/" + name, {},
                              {{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles"}},
                              nullptr);
}

// What a module's computation gives.
absl::StatusOr<std::vector<Columns>> Call(const std::string& name, const Columns& input = Input(),
                                          absl::Duration deadline = absl::Seconds(30)) {
  PluginDirectory directory;
  directory.AddModule(name);
  const auto engine = directory.Open(deadline);
  auto instance = Make(engine.get(), name);
  if (!instance.ok()) return instance.status();
  return (*instance)->Compute(kAxis, {&input}, kWindow);
}

void ExpectRefused(const std::string& name, const std::string& message) {
  const auto result = Call(name);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(result.status()), reason::kResultRefused) << result.status();
  const std::string text(result.status().message());
  EXPECT_THAT(text, HasSubstr("plugins/" + name));
  EXPECT_THAT(text, HasSubstr("output `value`"));
  EXPECT_THAT(text, HasSubstr(message));
}

TEST(CallTest, AnHonestModule) {
  const auto result = Call("honest");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->size(), 1u);
  EXPECT_TRUE(SameData((*result)[0], Input().Slice(kWindow)));
}

TEST(CallTest, ModulesInCAgainstThePresentHeaderAndTheFrozenOne) {
  for (const char* name : {"in-c", "abi-1-0"}) {
    const auto result = Call(name);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].values, (std::vector<double>{1, 1, 1}));
  }
}

TEST(CallTest, AModuleOf12SeesInWhichMonthTheYearBegins) {
  PluginDirectory directory;
  directory.AddModule("abi-1-2");
  const auto engine = directory.Open();
  for (const int month : {1, 4}) {
    InputMeta meta{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles", false};
    meta.year_start_month = month;
    auto instance = engine->MakeInstance("plugins/abi-1-2", {}, {meta}, nullptr);
    ASSERT_TRUE(instance.ok()) << instance.status();
    const Columns input = Input();
    const auto result = (*instance)->Compute(kAxis, {&input}, kWindow);
    ASSERT_TRUE(result.ok()) << result.status();
    const Columns wanted = input.Slice(kWindow);
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_EQ((*result)[0].values[i], wanted.values[i] * month);
    }
  }
}

// Parts a and b of a column, which is their sum.
struct Spread {
  Columns column;
  std::vector<Part> parts = {{"a", {}}, {"b", {}}};
};

Spread Parts() {
  Spread spread;
  for (const int64_t period : kAxis) {
    const double value = static_cast<double>(period - 2019);
    spread.column.Append(period, value + 1, kNormal);
    spread.parts[0].columns.Append(period, value, kNormal);
    spread.parts[1].columns.Append(period, 1, kNormal);
  }
  spread.parts[1].columns.values[2] = 0;
  spread.parts[1].columns.flags[2] = MissingFlags(v1::MISSING_REASON_PART_MISSING);
  return spread;
}

absl::StatusOr<std::vector<Columns>> CallWithParts(const Spread& spread,
                                                   const std::string& unit = "vehicles",
                                                   const std::string& module = "parts-in-c") {
  PluginDirectory directory;
  directory.AddModule(module);
  const auto engine = directory.Open();
  auto instance = engine->MakeInstance(
      "plugins/" + module, {}, {{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, unit, true}},
      nullptr);
  if (!instance.ok()) return instance.status();
  return (*instance)->Compute(kAxis, {{&spread.column, &spread.parts}}, kWindow);
}

TEST(PartsTest, ModulesInCAgainstThePresentHeaderAndTheFrozenOneSeeThemByName) {
  for (const char* module : {"parts-in-c", "abi-1-1"}) {
    const auto result = CallWithParts(Parts(), "vehicles", module);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].values, (std::vector<double>{2 * 'a' + 'b', 3 * 'a', 4 * 'a' + 'b'}));
  }
}

TEST(PartsTest, AnInputWithoutParts) {
  Spread spread = Parts();
  spread.parts.clear();
  const auto result = CallWithParts(spread);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].values, (std::vector<double>{0, 0, 0}));
}

TEST(PartsTest, PartsThatDoNotBelongTogetherAreTheCallersError) {
  Spread unsorted = Parts();
  std::swap(unsorted.parts[0], unsorted.parts[1]);
  Spread twice = Parts();
  twice.parts[1].name = "a";
  Spread shorter = Parts();
  shorter.parts[1].columns = shorter.parts[1].columns.Slice({2021, 2023});
  for (const Spread& spread : {unsorted, twice, shorter}) {
    const auto result = CallWithParts(spread);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal) << result.status();
    EXPECT_EQ(ReasonOf(result.status()), "");
  }
}

TEST(PartsTest, AModuleOf10TakesNone) {
  PluginDirectory directory;
  directory.AddModule("abi-1-0");
  const auto engine = directory.Open();
  const auto spread = engine->MakeInstance(
      "plugins/abi-1-0", {},
      {{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles", true}}, nullptr);
  EXPECT_EQ(ReasonOf(spread.status()), reason::kFieldInvalid) << spread.status();
  EXPECT_THAT(std::string(spread.status().message()), HasSubstr("does not take parts"));
  auto instance = Make(engine.get(), "abi-1-0");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const Spread parts = Parts();
  EXPECT_EQ((*instance)->Compute(kAxis, {{&parts.column, &parts.parts}}, {}).status().code(),
            absl::StatusCode::kInternal);
}

TEST(CallTest, TheTemplate) {
  const auto result = Call("my-plugin");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].values, (std::vector<double>{4, 6, 0}));
  EXPECT_EQ((*result)[0].flags[0], kProvisional);
  EXPECT_TRUE(IsMissing((*result)[0].flags[2]));
}

TEST(GateTest, RefusesWhatIsWrongAndSaysWhere) {
  ExpectRefused("not-a-number", "at period 2022 the value nan");
  ExpectRefused("unsorted", "period 2021 after period 2021");
  ExpectRefused("off-the-axis", "period 2024, which is not on the axis");
  ExpectRefused("outside-the-window", "period 2020, which is not in the window");
  ExpectRefused("undefined-flags", "at period 2022 undefined flags 40");
  ExpectRefused("undefined-quality", "at period 2022 undefined quality 5");
  ExpectRefused("out-of-range", "at period 2022 the value 1001");
  ExpectRefused("too-many", "more points than the 4 periods");
  ExpectRefused("overruns-buffer", "more points than the 4 periods");
  ExpectRefused("stray-reason", "a reason for missing on a point that has a value");
}

TEST(GateTest, ZeroesAreCleaned) {
  const auto result = Call("negative-zero");
  ASSERT_TRUE(result.ok()) << result.status();
  const Columns& column = (*result)[0];
  EXPECT_EQ(column.values[0], 0);
  EXPECT_FALSE(std::signbit(column.values[0]));
  EXPECT_TRUE(IsMissing(column.flags[1]));
  EXPECT_EQ(column.values[1], 0);
}

TEST(FailureTest, ExceptionsAndFailuresStopAtTheBorder) {
  const auto threw = Call("throws");
  EXPECT_EQ(ReasonOf(threw.status()), reason::kPluginFailed) << threw.status();
  EXPECT_THAT(std::string(threw.status().message()), HasSubstr("exception"));
  const auto failed = Call("fails");
  EXPECT_EQ(ReasonOf(failed.status()), reason::kPluginFailed) << failed.status();
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("out of luck"));
  EXPECT_EQ(ReasonOf(Call("throws-in-create").status()), reason::kPluginFailed);
  EXPECT_EQ(ReasonOf(Call("bad-window").status()), reason::kPluginFailed);
}

TEST(FailureTest, ARefusalIsCutAndMadeText) {
  const auto result = Call("long-refusal");
  EXPECT_EQ(ReasonOf(result.status()), reason::kParametersInvalid) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("\xef\xbf\xbd"));
  EXPECT_LT(result.status().message().size(), 4096u);
}

TEST(DeadlineTest, TheCancelWordStopsAModuleThatPolls) {
  const auto result = Call("waits-for-cancel", Input(), absl::Milliseconds(20));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(result.status()), reason::kPluginTimeout) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("20ms"));
}

TEST(DeadlineTest, AResultThatComesTooLateIsNoResult) {
  const auto result = Call("ignores-cancel", Input(), absl::Milliseconds(20));
  EXPECT_EQ(ReasonOf(result.status()), reason::kPluginTimeout) << result.status();
}

TEST(DeadlineTest, AnInstanceGoesOnAfterATimeout) {
  PluginDirectory directory;
  directory.AddModule("waits-for-cancel");
  directory.AddModule("honest");
  const auto engine = directory.Open(absl::Milliseconds(20));
  auto waits = Make(engine.get(), "waits-for-cancel");
  auto honest = Make(engine.get(), "honest");
  ASSERT_TRUE(waits.ok() && honest.ok());
  const Columns input = Input();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto own = Make(engine.get(), "waits-for-cancel");
      EXPECT_EQ(ReasonOf((*own)->Compute(kAxis, {&input}, {}).status()), reason::kPluginTimeout);
    });
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ReasonOf((*waits)->Compute(kAxis, {&input}, {}).status()), reason::kPluginTimeout);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE((*honest)->Compute(kAxis, {&input}, {}).ok());
}

TEST(NegotiationTest, ASlotBeyondTheTableIsAbsent) {
  for (const char* name : {"old-table", "no-window"}) {
    PluginDirectory directory;
    directory.AddModule(name);
    const auto engine = directory.Open();
    auto instance = Make(engine.get(), name);
    ASSERT_TRUE(instance.ok()) << instance.status();
    EXPECT_EQ((*instance)->window().look_back, kUnbounded) << name;
    EXPECT_EQ((*instance)->window().look_ahead, kUnbounded) << name;
    const Columns input = Input();
    EXPECT_TRUE((*instance)->Compute(kAxis, {&input}, {}).ok());
  }
}

TEST(FloatTest, EveryCallStartsFromTheDefaultAndEndsWhereItWas) {
  Columns input;
  input.Append(2020, 1, kNormal);
  input.Append(2021, 1, kNormal);
  input.Append(2022, 3 * std::numeric_limits<double>::denorm_min(), kNormal);
  input.Append(2023, 1, kNormal);
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  const auto tiny = Call("tiny", input);
  const auto changed = Call("changes-rounding", input);
  const int rounding = std::fegetround();
  ASSERT_EQ(std::fesetround(FE_TONEAREST), 0);
  EXPECT_EQ(rounding, FE_UPWARD);
  ASSERT_TRUE(tiny.ok()) << tiny.status();
  ASSERT_TRUE(changed.ok()) << changed.status();
  // 1.5 rounds to the even 2 in the default mode and is not flushed to 0.
  EXPECT_EQ((*tiny)[0].values[1], 2 * std::numeric_limits<double>::denorm_min());
}

TEST(InstanceTest, OutlivesItsEngine) {
  PluginDirectory directory;
  directory.AddModule("honest");
  auto engine = directory.Open();
  auto instance = Make(engine.get(), "honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  engine.reset();
  const Columns input = Input();
  EXPECT_TRUE((*instance)->Compute(kAxis, {&input}, {}).ok());
}

TEST(InstanceTest, InputsThatAreNotAlignedAreTheCallersError) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const auto engine = directory.Open();
  auto instance = Make(engine.get(), "honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  Columns input = Input();
  const auto result = (*instance)->Compute({2020, 2021}, {&input}, {});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(result.status()), "");
  EXPECT_EQ((*instance)->Compute(kAxis, {}, {}).status().code(), absl::StatusCode::kInternal);
}

TEST(InstanceTest, AnEmptyAxisGivesNothing) {
  PluginDirectory directory;
  directory.AddModule("honest");
  const auto engine = directory.Open();
  auto instance = Make(engine.get(), "honest");
  ASSERT_TRUE(instance.ok()) << instance.status();
  const Columns input;
  const auto result = (*instance)->Compute({}, {&input}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE((*result)[0].empty());
}

}  // namespace
}  // namespace policytrack::plugins
