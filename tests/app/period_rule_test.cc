// What several periods become where an input says so: the average of a stock, the
// last of a percentage; and what is refused.
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/compute.h"
#include "services/app/resolve.h"
#include "tests/app/evaluation_world.h"
#include "tests/app/resolve_fixture.h"

namespace policytrack::app {
namespace {

int64_t Month(int year, int month) { return year * 12 + month - 1; }

class PeriodRuleTest : public ResolveTest {
 protected:
  PeriodRuleTest() {
    Monthly("datasets/rate", v1::ACCUMULATION_LEVEL, "percent");
    Monthly("datasets/price", v1::ACCUMULATION_LEVEL, "yuan");
    Monthly("datasets/fleet", v1::ACCUMULATION_STOCK, "vehicles");
    Monthly("datasets/output", v1::ACCUMULATION_FLOW, "vehicles");
    Monthly("datasets/output-to-date", v1::ACCUMULATION_YEAR_TO_DATE, "vehicles");
  }

  void Monthly(const std::string& name, v1::Accumulation accumulation, const std::string& unit) {
    v1::Dataset dataset = MakeDataset(name);
    dataset.set_frequency(v1::FREQUENCY_MONTH);
    dataset.set_accumulation(accumulation);
    dataset.set_unit(unit);
    world_.Put(dataset);
  }

  // By quarter, of one dataset.
  static v1::Indicator Quarters(const std::string& dataset, v1::PeriodRule rule,
                                const std::string& name = "indicators/q") {
    v1::Indicator indicator = MakeIndicator(name, "plugins/copy", {{"value", dataset}});
    indicator.set_frequency(v1::FREQUENCY_QUARTER);
    indicator.mutable_inputs(0)->set_period_rule(rule);
    return indicator;
  }

  void ExpectPure(const std::string& parent) {
    const ComputedView stored = world_.Read(parent);
    const absl::Status status =
        world_.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
          HistoryFigures figures(&tx, &world_.engine(), storage::kPresent);
          PT_ASSIGN_OR_RETURN(Calculation calculation, figures.Resolve(parent));
          PT_RETURN_IF_ERROR(BindPlugin(parent, &calculation));
          PT_ASSIGN_OR_RETURN(const ComputedOutputs whole, ComputeAll(calculation, figures));
          EXPECT_TRUE(SameData(stored.series.at(0).columns, whole.series.begin()->second));
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
  }
};

TEST_F(PeriodRuleTest, EachRuleIsForFiguresThatItSuits) {
  const std::string field = "indicator.inputs[0].period_rule";
  const auto resolve = [&](const std::string& dataset, v1::PeriodRule rule) {
    return Resolve(Quarters(dataset, rule));
  };
  for (const char* dataset : {"datasets/price", "datasets/fleet"}) {
    EXPECT_TRUE(resolve(dataset, v1::PERIOD_RULE_MEAN).ok()) << dataset;
    EXPECT_TRUE(resolve(dataset, v1::PERIOD_RULE_LAST).ok()) << dataset;
    ExpectInvalid(resolve(dataset, v1::PERIOD_RULE_SUM), field, "PERIOD_RULE_SUM");
  }
  EXPECT_TRUE(resolve("datasets/output", v1::PERIOD_RULE_SUM).ok());
  ExpectInvalid(resolve("datasets/output", v1::PERIOD_RULE_MEAN), field, "ACCUMULATION_FLOW");
  ExpectInvalid(resolve("datasets/output", v1::PERIOD_RULE_LAST), field, "ACCUMULATION_FLOW");
  EXPECT_TRUE(resolve("datasets/output-to-date", v1::PERIOD_RULE_LAST).ok());
  ExpectInvalid(resolve("datasets/output-to-date", v1::PERIOD_RULE_MEAN), field,
                "ACCUMULATION_YEAR_TO_DATE");
  ExpectInvalid(resolve("datasets/output-to-date", v1::PERIOD_RULE_SUM), field,
                "ACCUMULATION_YEAR_TO_DATE");
  // Percentages have a last value and no mean.
  EXPECT_TRUE(resolve("datasets/rate", v1::PERIOD_RULE_LAST).ok());
  ExpectInvalid(resolve("datasets/rate", v1::PERIOD_RULE_MEAN), "indicator.inputs[0].source",
                "no mean over periods");
}

TEST_F(PeriodRuleTest, WithoutALowerFrequencyThereIsNothingToRule) {
  v1::Indicator same = Quarters("datasets/price", v1::PERIOD_RULE_LAST);
  same.set_frequency(v1::FREQUENCY_MONTH);
  ExpectInvalid(Resolve(same), "indicator.inputs[0].period_rule", "stays by month");
  same.clear_frequency();
  ExpectInvalid(Resolve(same), "indicator.inputs[0].period_rule", "stays by month");
}

TEST_F(PeriodRuleTest, AStockOnAverageIsALevel) {
  v1::Indicator mean = Quarters("datasets/fleet", v1::PERIOD_RULE_MEAN);
  mean.mutable_inputs(0)->set_accumulation(v1::ACCUMULATION_STOCK);
  ExpectInvalid(Resolve(mean), "indicator.inputs[0].accumulation", "cannot become");
  mean.mutable_inputs(0)->clear_accumulation();
  world_.Put(mean);
  // So its years have a mean, where those of a stock would have a last value.
  v1::Indicator years =
      MakeIndicator("indicators/y", "plugins/copy", {{"value", "indicators/q#value"}});
  years.set_frequency(v1::FREQUENCY_YEAR);
  world_.Put(years);
  std::vector<Figure> figures;
  for (int month = 1; month <= 12; ++month)
    figures.push_back({{}, Month(2024, month), 1.0 * month});
  world_.Push("datasets/fleet", figures);
  world_.Evaluate();
  const int64_t first = 2024 * 4;
  EXPECT_EQ(world_.Text("indicators/q", "value"),
            absl::StrCat(first, ":2 ", first + 1, ":5 ", first + 2, ":8 ", first + 3, ":11"));
  EXPECT_EQ(world_.Text("indicators/y", "value"), "2024:6.5");
}

TEST_F(PeriodRuleTest, TheLastOfAPercentageIsFollowedAsItComes) {
  world_.Put(Quarters("datasets/rate", v1::PERIOD_RULE_LAST));
  world_.Push("datasets/rate", {{{}, Month(2024, 1), 30}, {{}, Month(2024, 2), 32}});
  world_.Evaluate();
  const std::string quarter = absl::StrCat(2024 * 4);
  EXPECT_EQ(world_.Text("indicators/q", "value"),
            absl::StrCat(quarter, ":missing(", v1::MISSING_REASON_PERIOD_INCOMPLETE, ")"))
      << "March has not come";
  world_.Push("datasets/rate", {{{}, Month(2024, 3), 35, kProvisional}});
  world_.Evaluate();
  EXPECT_EQ(world_.Text("indicators/q", "value"), quarter + ":35P");
  ExpectPure("indicators/q");
  // What came before the last does not matter.
  const int64_t then = world_.store().revision();
  world_.Push("datasets/rate", {{{}, Month(2024, 2), 99}});
  world_.Evaluate();
  EXPECT_EQ(world_.Text("indicators/q", "value"), quarter + ":35P");
  world_.Push("datasets/rate", {{{}, Month(2024, 3), 36}});
  world_.Evaluate();
  EXPECT_EQ(world_.Text("indicators/q", "value"), quarter + ":36");
  EXPECT_EQ(world_.Text("indicators/q", "value", {}, then), quarter + ":35P");
  ExpectPure("indicators/q");
}

}  // namespace
}  // namespace policytrack::app
