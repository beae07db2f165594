// Parts of a whole: what a spread slot sees, when parts come and go, references
// that all groups share, and means that are weighted by other figures.
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/compute.h"
#include "services/app/resolve.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

// What a spread input of an indicator sees in a group: "east 2020:1 2021:-; west
// ...", `-` for no part yet and `?` for a part that is missing.
std::string PartsOf(EvaluationWorld& world, const std::string& indicator,
                    const std::vector<std::string>& group = {}, size_t input = 0,
                    PeriodRange range = {}) {
  std::string text;
  const absl::Status status = world.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
    HistoryFigures figures(&tx, &world.engine(), storage::kPresent);
    PT_ASSIGN_OR_RETURN(const Calculation calculation, figures.Resolve(indicator));
    PT_ASSIGN_OR_RETURN(const Group found, FindGroup(calculation, figures, group));
    PT_ASSIGN_OR_RETURN(const GroupInputs inputs, ReadGroup(calculation, figures, found, range));
    for (const plugins::Part& part : inputs.inputs[input]->parts) {
      text += (text.empty() ? "" : "; ") + part.name;
      EXPECT_EQ(part.columns.periods, inputs.inputs[input]->column.periods);
      for (size_t i = 0; i < part.columns.size(); ++i) {
        const Flags flags = part.columns.flags[i];
        const std::string value = !IsMissing(flags) ? absl::StrCat(part.columns.values[i])
                                  : ReasonOfFlags(flags) == v1::MISSING_REASON_PART_MISSING ? "?"
                                                                                            : "-";
        text += absl::StrCat(" ", part.columns.periods[i], ":", value);
      }
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return text;
}

// That what is stored is what the pure function gives.
void ExpectPure(EvaluationWorld& world, const std::string& parent) {
  const ComputedView stored = world.Read(parent);
  const absl::Status status = world.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
    HistoryFigures figures(&tx, &world.engine(), storage::kPresent);
    PT_ASSIGN_OR_RETURN(Calculation calculation, figures.Resolve(parent));
    PT_RETURN_IF_ERROR(BindPlugin(parent, &calculation));
    PT_ASSIGN_OR_RETURN(const ComputedOutputs whole, ComputeAll(calculation, figures));
    EXPECT_EQ(stored.series.size(), whole.series.size()) << parent;
    size_t i = 0;
    for (const auto& [series, columns] : whole.series) {
      if (i >= stored.series.size()) break;
      EXPECT_TRUE(SameData(stored.series[i++].columns, columns)) << parent << " " << series.first;
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

class SpreadTest : public testing::Test {
 protected:
  SpreadTest() {
    world_.Put(MakeDataset("datasets/sales", {"region", "fuel"}));
    indicator_ =
        MakeIndicator("indicators/x", "plugins/parts", {{"value", "datasets/sales"}}, {"region"});
    input().set_spread_by("fuel");
  }
  v1::IndicatorInput& input() { return *indicator_.mutable_inputs(0); }
  void Evaluate() {
    world_.Put(indicator_);
    world_.Evaluate();
  }

  EvaluationWorld world_;
  v1::Indicator indicator_;
};

TEST_F(SpreadTest, TheColumnIsTheSumOfThePartsAndNotTheTotal) {
  world_.Push("datasets/sales", {{{"east", "petrol"}, 2020, 2},
                                 {{"east", "electric"}, 2020, 1},
                                 {{"east", "_T"}, 2020, 4},
                                 {{"west", "petrol"}, 2020, 10}});
  Evaluate();
  EXPECT_EQ(PartsOf(world_, "indicators/x", {"east"}), "electric 2020:1; petrol 2020:2");
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}), "2020:3");
  EXPECT_EQ(world_.Text("indicators/x", "value", {"west"}), "2020:10");
}

TEST_F(SpreadTest, APartCountsFromItsFirstValueOn) {
  world_.Push("datasets/sales", {{{"east", "a"}, 2020, 1},
                                 {{"east", "a"}, 2021, 1},
                                 {{"east", "a"}, 2022, 1},
                                 {{"east", "b"}, 2021, 5},
                                 {{"east", "b"}, 2023, 6}});
  Evaluate();
  EXPECT_EQ(PartsOf(world_, "indicators/x", {"east"}),
            "a 2020:1 2021:1 2022:1 2023:?; b 2020:- 2021:5 2022:? 2023:6");
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}),
            "2020:1 2021:6 2022:missing(2) 2023:missing(2)");
  // A window knows what came before it, and the parts that come after it.
  EXPECT_EQ(PartsOf(world_, "indicators/x", {"east"}, 0, {2022, 2022}), "a 2022:1; b 2022:?");
  EXPECT_EQ(PartsOf(world_, "indicators/x", {"east"}, 0, {2020, 2020}), "a 2020:1; b 2020:-");
}

TEST_F(SpreadTest, APartThatComesLaterOrGoesIsPickedUp) {
  Evaluate();
  world_.Push("datasets/sales", {{{"east", "b"}, 2020, 1}, {{"east", "b"}, 2021, 1}});
  world_.Evaluate();
  const std::string before = world_.Text("indicators/x", "trace", {"east"});
  const int64_t then = world_.Push("datasets/sales", {{{"east", "a"}, 2021, 3}}) - 1;
  world_.Evaluate();
  ExpectPure(world_, "indicators/x");
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}), "2020:1 2021:4");
  EXPECT_NE(world_.Text("indicators/x", "trace", {"east"}).substr(0, 8), before.substr(0, 8))
      << "the list of parts changed at every period";
  EXPECT_EQ(world_.Text("indicators/x", "trace", {"east"}, then), before) << "but not then";
  world_.Push("datasets/sales", {Gone({"east", "a"}, 2021)});
  world_.Evaluate();
  ExpectPure(world_, "indicators/x");
  EXPECT_EQ(world_.Text("indicators/x", "trace", {"east"}), before);
}

TEST_F(SpreadTest, SelectedPartsAndOthersAggregatedWithinEach) {
  indicator_.clear_group_by();
  input().set_spread_by("region");
  input().set_aggregation(v1::AGGREGATION_SUM);
  (*input().mutable_selection())["region"].add_values("west");
  (*input().mutable_selection())["region"].add_values("east");
  world_.Push("datasets/sales", {{{"east", "petrol"}, 2020, 2},
                                 {{"east", "electric"}, 2020, 1},
                                 {{"west", "petrol"}, 2020, 10},
                                 {{"north", "petrol"}, 2020, 100}});
  Evaluate();
  EXPECT_EQ(PartsOf(world_, "indicators/x"), "east 2020:3; west 2020:10");
  EXPECT_EQ(world_.Text("indicators/x", "value"), "2020:13");
}

TEST_F(SpreadTest, PartsAreScaledLikeTheirColumn) {
  v1::Dataset dataset = MakeDataset("datasets/mass", {"region", "fuel"});
  dataset.set_unit("tonnes");
  dataset.set_unit_multiplier(4);
  world_.Put(dataset);
  input().set_source("datasets/mass");
  world_.Push("datasets/mass", {{{"east", "a"}, 2020, 0.3}, {{"east", "b"}, 2020, 0.1}});
  Evaluate();
  EXPECT_EQ(PartsOf(world_, "indicators/x", {"east"}), "a 2020:3000; b 2020:1000");
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}), "2020:4000");
}

TEST_F(SpreadTest, PercentagesDoNotAddUpButHaveParts) {
  v1::Dataset dataset = MakeDataset("datasets/rate", {"region", "fuel"});
  dataset.set_unit("percent");
  world_.Put(dataset);
  input().set_source("datasets/rate");
  world_.Push("datasets/rate", {{{"east", "a"}, 2020, 30}, {{"east", "b"}, 2020, 40}});
  Evaluate();
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}), "2020:missing(4)");
  EXPECT_EQ(PartsOf(world_, "indicators/x", {"east"}), "a 2020:30; b 2020:40");
  EXPECT_EQ(world_.Text("indicators/x", "rise", {"east"}), "2020:40");
}

TEST_F(SpreadTest, AProvisionalPartMarksTheResult) {
  world_.Push("datasets/sales", {{{"east", "a"}, 2020, 1},
                                 {{"east", "b"}, 2020, 2, kProvisional},
                                 {{"east", "a"}, 2021, 1, kEstimated},
                                 {{"east", "b"}, 2021, 1}});
  Evaluate();
  const ComputedView view = world_.Read("indicators/x");
  for (const ComputedSeries& series : view.series) {
    EXPECT_EQ(series.columns.flags[0], kProvisional) << series.output;
    EXPECT_EQ(series.columns.flags[1], kEstimated) << series.output;
  }
}

TEST_F(SpreadTest, TotalsAreNoPartsEvenThroughAnIndicator) {
  v1::Dataset dataset = MakeDataset("datasets/sales", {"region", "fuel"});
  dataset.mutable_dimensions(0)->add_total_codes("world");
  world_.Put(dataset);
  v1::Indicator sum =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/sales"}}, {"region"});
  sum.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  world_.Put(sum);
  v1::Indicator all =
      MakeIndicator("indicators/all", "plugins/copy", {{"value", "datasets/sales"}});
  all.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  world_.Put(all);
  indicator_ = MakeIndicator("indicators/x", "plugins/parts", {{"value", "indicators/sum#value"}});
  input().set_spread_by("region");
  world_.Push("datasets/sales", {{{"east", "a"}, 2020, 1},
                                 {{"east", "b"}, 2020, 2},
                                 {{"west", "a"}, 2020, 4},
                                 {{"world", "a"}, 2020, 7}});
  Evaluate();
  EXPECT_EQ(world_.Text("indicators/sum", "value", {"world"}), "2020:7") << "it is a group";
  EXPECT_EQ(world_.Text("indicators/all", "value"), "2020:7") << "and nothing is counted twice";
  EXPECT_EQ(PartsOf(world_, "indicators/x"), "east 2020:3; west 2020:4");
  // What is no longer declared a total is a part, also of what is stored.
  dataset.mutable_dimensions(0)->clear_total_codes();
  world_.Put(dataset);
  world_.Evaluate();
  EXPECT_EQ(PartsOf(world_, "indicators/x"), "east 2020:3; west 2020:4; world 2020:7");
  EXPECT_EQ(world_.Text("indicators/x", "value"), "2020:14");
  EXPECT_EQ(world_.Text("indicators/all", "value"), "2020:14");
}

// Declaring a total may take a selection its sense: the last good figures stay, and
// the evaluation says why they are stale.
TEST_F(SpreadTest, ASelectionThatATotalMakesAmbiguousFailsAloud) {
  (*input().mutable_selection())["fuel"].add_values("all");
  (*input().mutable_selection())["fuel"].add_values("petrol");
  world_.Push("datasets/sales", {{{"east", "petrol"}, 2020, 2}, {{"east", "all"}, 2020, 3}});
  Evaluate();
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}), "2020:5");
  v1::Dataset dataset = MakeDataset("datasets/sales", {"region", "fuel"});
  dataset.mutable_dimensions(1)->add_total_codes("all");
  world_.Put(dataset);
  world_.Evaluate();
  const ComputedView view = world_.Read("indicators/x");
  EXPECT_EQ(view.evaluation.failure_reason(), "FIELD_INVALID");
  EXPECT_THAT(view.evaluation.failure_message(), testing::HasSubstr("declared a total over fuel"));
  EXPECT_EQ(world_.Text("indicators/x", "value", {"east"}), "2020:5");
}

// Every region is held against all regions; each change concerns all of them.
TEST(ReferenceTest, AllGroupsSeeAllParts) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/rate", {"region"}));
  v1::Indicator place =
      MakeIndicator("indicators/p", "plugins/place",
                    {{"value", "datasets/rate"}, {"set", "datasets/rate"}}, {"region"});
  place.mutable_inputs(1)->set_spread_by("region");
  world.Put(place);
  world.Push("datasets/rate",
             {{{"east"}, 2020, 5}, {{"north"}, 2020, 7}, {{"west"}, 2020, 6}, {{"west"}, 2019, 1}});
  world.Evaluate();
  EXPECT_EQ(PartsOf(world, "indicators/p", {"east"}, 1),
            "east 2019:- 2020:5; north 2019:- 2020:7; west 2019:1 2020:6");
  EXPECT_EQ(world.Text("indicators/p", "value", {"east"}), "2020:0")
      << "the reference has periods of its own";
  EXPECT_EQ(world.Text("indicators/p", "value", {"north"}), "2020:2");
  EXPECT_EQ(world.Text("indicators/p", "value", {"west"}), "2019:0 2020:1");
  world.Push("datasets/rate", {{{"east"}, 2020, 8}});
  world.Evaluate();
  ExpectPure(world, "indicators/p");
  EXPECT_EQ(world.Text("indicators/p", "value", {"north"}), "2020:1");
  EXPECT_EQ(world.Text("indicators/p", "value", {"west"}), "2019:0 2020:0");
  // A region that is new joins the reference of all.
  world.Push("datasets/rate", {{{"south"}, 2020, 0}});
  world.Evaluate();
  ExpectPure(world, "indicators/p");
  EXPECT_EQ(world.Text("indicators/p", "value", {"west"}), "2019:0 2020:1");
  EXPECT_EQ(world.Text("indicators/p", "value", {"south"}), "2020:0");
}

// A total held against its parts would get a score as if it were one of them.
TEST(ReferenceTest, TotalsAreNoGroupOfThem) {
  EvaluationWorld world;
  v1::Dataset dataset = MakeDataset("datasets/rate", {"region"});
  dataset.mutable_dimensions(0)->add_total_codes("all");
  world.Put(dataset);
  v1::Indicator place =
      MakeIndicator("indicators/p", "plugins/place",
                    {{"value", "datasets/rate"}, {"set", "datasets/rate"}}, {"region"});
  place.mutable_inputs(1)->set_spread_by("region");
  world.Put(place);
  world.Push("datasets/rate",
             {{{"_T"}, 2020, 12}, {{"all"}, 2020, 12}, {{"east"}, 2020, 5}, {{"west"}, 2020, 7}});
  world.Evaluate();
  ExpectPure(world, "indicators/p");
  EXPECT_EQ(world.Text("indicators/p", "value", {"east"}), "2020:0");
  EXPECT_EQ(world.Text("indicators/p", "value", {"west"}), "2020:1");
  EXPECT_EQ(world.Text("indicators/p", "value", {"_T"}), "");
  EXPECT_EQ(world.Text("indicators/p", "value", {"all"}), "");
}

// Within a fuel the regions are held against one another; other fuels see nothing
// of it.
TEST(ReferenceTest, OtherGroupsKeepTheirParts) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales", {"region", "fuel"}));
  v1::Indicator place =
      MakeIndicator("indicators/p", "plugins/place",
                    {{"value", "datasets/sales"}, {"set", "datasets/sales"}}, {"region", "fuel"});
  place.mutable_inputs(1)->set_spread_by("region");
  world.Put(place);
  world.Push("datasets/sales", {{{"east", "a"}, 2020, 5},
                                {{"west", "a"}, 2020, 6},
                                {{"east", "b"}, 2020, 7},
                                {{"west", "b"}, 2020, 7}});
  world.Evaluate();
  EXPECT_EQ(PartsOf(world, "indicators/p", {"west", "a"}, 1), "east 2020:5; west 2020:6");
  EXPECT_EQ(PartsOf(world, "indicators/p", {"east", "b"}, 1), "east 2020:7; west 2020:7");
  world.Push("datasets/sales", {{{"east", "a"}, 2020, 9}});
  world.Evaluate();
  ExpectPure(world, "indicators/p");
  EXPECT_EQ(world.Text("indicators/p", "value", {"west", "a"}), "2020:0");
  EXPECT_EQ(world.Text("indicators/p", "value", {"east", "a"}), "2020:1");
  EXPECT_EQ(world.Text("indicators/p", "value", {"west", "b"}), "2020:0");
}

class WeightedMeanTest : public testing::Test {
 protected:
  WeightedMeanTest() {
    v1::Dataset rate = MakeDataset("datasets/rate", {"region", "fuel"});
    rate.set_unit("percent");
    world_.Put(rate);
    world_.Put(MakeDataset("datasets/cars", {"fuel", "region"}));
    mean_ =
        MakeIndicator("indicators/mean", "plugins/copy", {{"value", "datasets/rate"}}, {"fuel"});
    mean_.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_WEIGHTED_MEAN);
    mean_.mutable_inputs(0)->set_weight_source("datasets/cars");
    world_.Push("datasets/rate", {{{"east", "a"}, 2020, 10},
                                  {{"west", "a"}, 2020, 40},
                                  {{"east", "a"}, 2021, 10},
                                  {{"west", "a"}, 2021, 40}});
    world_.Push(
        "datasets/cars",
        {{{"a", "east"}, 2020, 300}, {{"a", "west"}, 2020, 100}, {{"a", "east"}, 2021, 300}});
  }
  EvaluationWorld world_;
  v1::Indicator mean_;
};

TEST_F(WeightedMeanTest, PercentagesAreWeightedByTheirBase) {
  world_.Put(mean_);
  world_.Evaluate();
  EXPECT_EQ(world_.Text("indicators/mean", "value", {"a"}), "2020:17.5 2021:missing(2)")
      << "west has no weight in 2021";
  world_.Push("datasets/cars", {{{"a", "west"}, 2021, 300}, {{"a", "east"}, 2020, 0}});
  world_.Evaluate();
  ExpectPure(world_, "indicators/mean");
  EXPECT_EQ(world_.Text("indicators/mean", "value", {"a"}), "2020:40 2021:25");
  world_.Push("datasets/cars", {Gone({"a", "west"}, 2020)});
  world_.Evaluate();
  ExpectPure(world_, "indicators/mean");
  EXPECT_EQ(world_.Text("indicators/mean", "value", {"a"}), "2020:missing(2) 2021:25");
}

TEST_F(WeightedMeanTest, WeightsMayBeComputed) {
  world_.Put(MakeIndicator("indicators/weights", "plugins/copy", {{"value", "datasets/cars"}},
                           {"fuel", "region"}));
  mean_.mutable_inputs(0)->set_weight_source("indicators/weights");
  mean_.mutable_inputs(0)->set_weight_output("value");
  world_.Put(mean_);
  world_.Evaluate();
  EXPECT_EQ(world_.Text("indicators/mean", "value", {"a"}), "2020:17.5 2021:missing(2)");
  world_.Push("datasets/cars", {{{"a", "west"}, 2021, 300}});
  world_.Evaluate();
  ExpectPure(world_, "indicators/mean");
  EXPECT_EQ(world_.Text("indicators/mean", "value", {"a"}), "2020:17.5 2021:25");
}

TEST_F(WeightedMeanTest, QualityAndRevisionsAreThoseOfTheWeightsToo) {
  world_.Put(mean_);
  const int64_t revision =
      world_.Push("datasets/cars", {{{"a", "west"}, 2021, 300, kProvisional | kBreak}});
  world_.Evaluate();
  EXPECT_EQ(world_.Text("indicators/mean", "value", {"a"}), "2020:17.5 2021:25PB");
  const absl::Status status =
      world_.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
        HistoryFigures figures(&tx, &world_.engine(), storage::kPresent);
        PT_ASSIGN_OR_RETURN(const Calculation calculation, figures.Resolve("indicators/mean"));
        PT_ASSIGN_OR_RETURN(const Group group, FindGroup(calculation, figures, {"a"}));
        PT_ASSIGN_OR_RETURN(const Columns columns, ReadInput(calculation, figures, group, 0, {}));
        EXPECT_EQ(columns.revisions[1], revision);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace policytrack::app
