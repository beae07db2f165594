// Inputs that are spread, weighted or have totals beside their parts: every way
// in which they can be wrong is refused by field.
#include "tests/app/resolve_fixture.h"

namespace policytrack::app {
namespace {

class ResolveInputTest : public ResolveTest {
 protected:
  ResolveInputTest() {
    indicator_.set_plugin("plugins/parts");
    input().set_spread_by("fuel");
    v1::Dataset rate = MakeDataset("datasets/rate", {"region", "fuel"});
    rate.set_unit("percent");
    world_.Put(rate);
    weighted_ = MakeIndicator("indicators/w", "plugins/copy", {{"value", "datasets/rate"}});
    weighted_.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_WEIGHTED_MEAN);
    weighted_.mutable_inputs(0)->set_weight_source("datasets/sales");
  }

  v1::IndicatorInput& input() { return *indicator_.mutable_inputs(0); }
  v1::IndicatorInput& weighted_input() { return *weighted_.mutable_inputs(0); }
  void Totals(const std::string& dataset, const std::vector<std::string>& codes) {
    v1::Dataset with = MakeDataset(dataset, {"region", "fuel"});
    for (const std::string& code : codes) with.mutable_dimensions(1)->add_total_codes(code);
    world_.Put(with);
  }

  v1::Indicator weighted_;
};

TEST_F(ResolveInputTest, ASpreadSlotNeedsADimensionAndOthersTakeNone) {
  EXPECT_TRUE(Resolve(indicator_).ok()) << Resolve(indicator_);
  input().clear_spread_by();
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].spread_by", "must name the dimension");
  EXPECT_EQ(ReasonOf(Resolve(indicator_)), "FIELD_REQUIRED");
  input().set_spread_by("colour");
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].spread_by",
                "\"colour\" is not a dimension of datasets/sales, which has region, fuel");
  indicator_.set_plugin("plugins/copy");
  input().set_spread_by("fuel");
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].spread_by", "does not take parts");
}

TEST_F(ResolveInputTest, ADimensionOfGroupByIsSpreadOnlyAsAReference) {
  indicator_.add_group_by("fuel");
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].spread_by", "one of group_by");
  v1::Indicator place =
      MakeIndicator("indicators/p", "plugins/place",
                    {{"value", "datasets/sales"}, {"set", "datasets/sales"}}, {"region"});
  place.mutable_inputs(1)->set_spread_by("region");
  EXPECT_TRUE(Resolve(place).ok()) << Resolve(place);
}

TEST_F(ResolveInputTest, PartsAreSelectedWithoutTheirTotal) {
  Select("fuel", {"_T"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.fuel", "not a part");
  input().clear_selection();
  Select("fuel", {"electric", "_T"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.fuel", "not a part");
  input().clear_selection();
  Select("fuel", {"electric", "petrol"});
  EXPECT_TRUE(Resolve(indicator_).ok()) << Resolve(indicator_);
  Select("region", {"east", "west"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.region", "need an aggregation");
  input().set_aggregation(v1::AGGREGATION_SUM);
  EXPECT_TRUE(Resolve(indicator_).ok()) << "summed within each part: " << Resolve(indicator_);
}

TEST_F(ResolveInputTest, ATotalIsNotPutTogetherWithOtherValues) {
  Totals("datasets/fuels", {"all", "fossil"});
  input().set_source("datasets/fuels");
  const std::string field = "indicator.inputs[0].selection.fuel";
  Select("fuel", {"fossil", "electric"});
  ExpectInvalid(Resolve(indicator_), field, "\"fossil\", which is declared a total over fuel");
  v1::Indicator sum = MakeIndicator("indicators/s", "plugins/copy", {{"value", "datasets/fuels"}});
  sum.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  *sum.mutable_inputs(0)->mutable_selection() = input().selection();
  ExpectInvalid(Resolve(sum), field, "select either");
  // One alone is no sum, and groups stand side by side.
  (*sum.mutable_inputs(0)->mutable_selection())["fuel"].mutable_values()->RemoveLast();
  EXPECT_TRUE(Resolve(sum).ok()) << Resolve(sum);
  sum.add_group_by("fuel");
  (*sum.mutable_inputs(0)->mutable_selection())["fuel"].add_values("electric");
  EXPECT_TRUE(Resolve(sum).ok()) << Resolve(sum);
}

TEST_F(ResolveInputTest, TotalsAreInheritedFromWhatFeedsAnIndicator) {
  Totals("datasets/fuels", {"all"});
  v1::Indicator sum =
      MakeIndicator("indicators/s", "plugins/copy", {{"value", "datasets/fuels"}}, {"fuel"});
  world_.Put(sum);
  const v1::Indicator copy =
      MakeIndicator("indicators/c", "plugins/copy", {{"value", "indicators/s#value"}}, {"fuel"});
  world_.Put(copy);
  input().set_source("indicators/c");
  input().set_output("value");
  EXPECT_TRUE(Resolve(indicator_).ok()) << Resolve(indicator_);
  Select("fuel", {"all", "electric"});
  ExpectInvalid(Resolve(indicator_), "indicator.inputs[0].selection.fuel", "declared a total");
}

TEST_F(ResolveInputTest, OnlyAWeightedMeanHasWeights) {
  EXPECT_TRUE(Resolve(weighted_).ok()) << Resolve(weighted_);
  weighted_input().set_aggregation(v1::AGGREGATION_MEAN);
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].weight_source",
                "only for AGGREGATION_WEIGHTED_MEAN");
  weighted_input().clear_weight_source();
  weighted_input().set_weight_output("value");
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].weight_output",
                "only for AGGREGATION_WEIGHTED_MEAN");
  weighted_input().clear_weight_output();
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].aggregation",
                "not aggregated save by AGGREGATION_WEIGHTED_MEAN");
  weighted_input().set_aggregation(v1::AGGREGATION_WEIGHTED_MEAN);
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].weight_source", "must name where");
  EXPECT_EQ(ReasonOf(Resolve(weighted_)), "FIELD_REQUIRED");
}

TEST_F(ResolveInputTest, CodeNumbersAreNotAggregatedAndDoNotWeigh) {
  v1::Dataset codes = MakeDataset("datasets/codes", {"region", "fuel"});
  codes.set_unit("code");
  world_.Put(codes);
  weighted_input().set_weight_source("datasets/codes");
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].weight_source", "do not weigh");
  weighted_input().set_source("datasets/codes");
  weighted_input().set_weight_source("datasets/sales");
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].aggregation", "code numbers");
}

TEST_F(ResolveInputTest, WeightsFitWhatTheyWeigh) {
  const std::string field = "indicator.inputs[0].weight_source";
  weighted_input().set_weight_source("datasets/absent");
  EXPECT_EQ(ReasonOf(Resolve(weighted_)), "RESOURCE_NOT_FOUND");
  weighted_input().set_weight_source("datasets/stock");
  ExpectInvalid(Resolve(weighted_), field, "datasets/stock has region, but datasets/rate has");
  world_.Put(MakeDataset("datasets/more", {"region", "fuel", "maker"}));
  weighted_input().set_weight_source("datasets/more");
  ExpectInvalid(Resolve(weighted_), field, "datasets/more has region, fuel, maker");
  v1::Dataset other = MakeDataset("datasets/other", {"fuel", "region"});
  world_.Put(other);
  weighted_input().set_weight_source("datasets/other");
  EXPECT_TRUE(Resolve(weighted_).ok()) << "the order does not matter: " << Resolve(weighted_);
  weighted_input().set_weight_output("value");
  ExpectInvalid(Resolve(weighted_), "indicator.inputs[0].weight_output", "only for indicators");
  weighted_input().clear_weight_output();
  other.set_year_start_month(4);
  world_.Put(other);
  ExpectInvalid(Resolve(weighted_), field, "starts in month 4");
  other.set_year_start_month(1);
  other.set_accumulation(v1::ACCUMULATION_YEAR_TO_DATE);
  world_.Put(other);
  ExpectInvalid(Resolve(weighted_), field, "do not weigh one another");
  other.set_accumulation(v1::ACCUMULATION_FLOW);
  other.set_frequency(v1::FREQUENCY_MONTH);
  world_.Put(other);
  ExpectInvalid(Resolve(weighted_), field, "the frequency of what they weigh");
}

TEST_F(ResolveInputTest, AWeightSourceIsAReferenceAndMayCloseACycle) {
  EXPECT_THAT(ReferencesOf(weighted_), testing::ElementsAre("datasets/rate", "datasets/sales"));
  v1::Indicator sum =
      MakeIndicator("indicators/s", "plugins/copy", {{"value", "indicators/w#value"}});
  world_.Put(weighted_);
  world_.Put(sum);
  weighted_input().set_weight_source("indicators/s");
  weighted_input().set_weight_output("value");
  const absl::Status cycle = world_.store().Read(
      [&](storage::ReadTransaction& tx) { return CheckNoCycle(tx, weighted_); });
  EXPECT_EQ(ReasonOf(cycle), "INDICATOR_CYCLE") << cycle;
}

TEST_F(ResolveInputTest, SomethingMustFormGroups) {
  v1::Indicator place = MakeIndicator("indicators/p", "plugins/loose", {{"set", "datasets/sales"}});
  place.mutable_inputs(0)->set_spread_by("fuel");
  v1::PluginDescriptor loose;
  loose.set_id("loose");
  loose.set_version("1.0.0");
  loose.set_abi_major(1);
  loose.set_abi_minor(1);
  loose.set_kind(v1::PLUGIN_KIND_CALCULATOR);
  loose.set_summary("One slot with periods of its own.");
  v1::PluginInput& slot = *loose.add_inputs();
  slot.set_slot("set");
  slot.set_spread(true);
  slot.set_unaligned(true);
  v1::PluginOutput& output = *loose.add_outputs();
  output.set_name("value");
  output.set_unit("ratio");
  ASSERT_TRUE(world_.engine()
                  .AddPlugin(loose, {},
                             [](const auto&, const auto&, auto, const auto&) {
                               return std::vector<Columns>(1);
                             })
                  .ok());
  ExpectInvalid(Resolve(place), "indicator.inputs", "periods of their own");
}

}  // namespace
}  // namespace policytrack::app
