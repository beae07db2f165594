// Datasets and indicators: what is checked of them, and that references hold
// both ways.
#include <algorithm>

#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

class DatasetServiceTest : public ServerFixture {
 protected:
  v1::Dataset Good() {
    return Text<v1::Dataset>(R"(
      display_name: "D" unit: "vehicles" frequency: FREQUENCY_MONTH
      accumulation: ACCUMULATION_FLOW dimensions { id: "region" })");
  }
  v1::Indicator GoodIndicator() {
    return Text<v1::Indicator>(R"(
      display_name: "I" plugin: "plugins/growth" group_by: "region"
      inputs { slot: "value" source: "datasets/sales" })");
  }
  grpc::Status Create(const std::string& id, const v1::Dataset& dataset) {
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    *request.mutable_dataset() = dataset;
    v1::Dataset response;
    return CALL(datasets_, CreateDataset, request, &response);
  }
  grpc::Status Update(const v1::Dataset& dataset, const std::string& path) {
    v1::UpdateDatasetRequest request;
    *request.mutable_dataset() = dataset;
    request.mutable_update_mask()->add_paths(path);
    v1::Dataset response;
    return CALL(datasets_, UpdateDataset, request, &response);
  }
  grpc::Status Delete(const std::string& name) {
    v1::DeleteDatasetRequest request;
    request.set_name(name);
    v1::Dataset response;
    return CALL(datasets_, DeleteDataset, request, &response);
  }
  grpc::Status CreateIndicator(const std::string& id, const v1::Indicator& indicator) {
    v1::CreateIndicatorRequest request;
    request.set_indicator_id(id);
    *request.mutable_indicator() = indicator;
    v1::Indicator response;
    return CALL(indicators_, CreateIndicator, request, &response);
  }
  std::string Refused(const v1::Dataset& dataset) {
    const grpc::Status status = Create("refused", dataset);
    return CodeOf(status) + " " + MetadataOf(status, "field");
  }
  std::string Refused(const v1::Indicator& indicator) {
    const grpc::Status status = CreateIndicator("refused", indicator);
    return CodeOf(status) + " " + MetadataOf(status, "field");
  }
};

TEST_F(DatasetServiceTest, RefusesBadDefinitions) {
  v1::Dataset dataset = Good();
  dataset.set_unit("bananas");
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID dataset.unit");
  dataset = Good();
  dataset.clear_unit();
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_REQUIRED dataset.unit");
  dataset = Good();
  dataset.set_unit_multiplier(99);
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID dataset.unit_multiplier");
  dataset = Good();
  dataset.clear_frequency();
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_REQUIRED dataset.frequency");
  dataset = Good();
  dataset.mutable_dimensions(0)->set_id("Region");
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID dataset.dimensions[0].id");
  dataset = Good();
  dataset.add_dimensions()->set_id("region");
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID dataset.dimensions[1].id");
  dataset = Good();
  dataset.mutable_dimensions(0)->add_values()->set_code("_T");
  EXPECT_EQ(Refused(dataset),
            "INVALID_ARGUMENT FIELD_INVALID dataset.dimensions[0].values[0].code");
  dataset = Good();
  dataset.mutable_allowed_range()->set_minimum(2);
  dataset.mutable_allowed_range()->set_maximum(1);
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID dataset.allowed_range.maximum");
  dataset = Good();
  dataset.set_frequency(v1::FREQUENCY_WEEK);
  dataset.set_year_start_month(4);
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID dataset.year_start_month");
  const std::string joint = "INVALID_ARGUMENT FIELD_INVALID dataset.january_february_joint";
  dataset = Good();
  dataset.set_january_february_joint(true);
  dataset.set_accumulation(v1::ACCUMULATION_STOCK);
  EXPECT_EQ(Refused(dataset), joint);
  dataset = Good();
  dataset.set_january_february_joint(true);
  dataset.set_frequency(v1::FREQUENCY_QUARTER);
  EXPECT_EQ(Refused(dataset), joint);
  dataset = Good();
  dataset.set_january_february_joint(true);
  dataset.set_year_start_month(2);
  EXPECT_EQ(Refused(dataset), joint);
}

TEST_F(DatasetServiceTest, TotalsAreValuesOnceAndWritten) {
  const std::string first = "dataset.dimensions[0].total_codes[0]";
  v1::Dataset dataset = Good();
  v1::Dimension& region = *dataset.mutable_dimensions(0);
  region.add_total_codes("_T");
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID " + first);
  region.set_total_codes(0, " World");
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID " + first);
  region.set_total_codes(0, "World");
  region.add_values()->set_code("China");
  EXPECT_EQ(Refused(dataset), "INVALID_ARGUMENT FIELD_INVALID " + first) << "not a listed value";
  region.add_values()->set_code("World");
  region.add_total_codes("World");
  EXPECT_EQ(Refused(dataset),
            "INVALID_ARGUMENT FIELD_INVALID dataset.dimensions[0].total_codes[1]");
  // In NFC, as rows carry it: e and a combining accent.
  region.set_total_codes(1, "Am\u0065\u0301rique");
  region.add_values()->set_code("Am\u00e9rique");
  v1::CreateDatasetRequest request;
  request.set_dataset_id("totals");
  *request.mutable_dataset() = dataset;
  v1::Dataset made;
  ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, request, &made)), "OK");
  EXPECT_EQ(made.dimensions(0).total_codes(1), "Am\u00e9rique");
}

TEST_F(DatasetServiceTest, WhatWeighsIsInUse) {
  MakeDataset();
  ASSERT_EQ(CodeOf(Create("weights", Good())), "OK");
  v1::Indicator indicator = GoodIndicator();
  indicator.set_plugin("plugins/level");
  indicator.clear_group_by();
  indicator.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_WEIGHTED_MEAN);
  indicator.mutable_inputs(0)->set_weight_source("datasets/weights");
  ASSERT_EQ(CodeOf(CreateIndicator("mean", indicator)), "OK");
  const grpc::Status status = Delete("datasets/weights");
  EXPECT_EQ(CodeOf(status), "FAILED_PRECONDITION RESOURCE_IN_USE");
  EXPECT_EQ(MetadataOf(status, "referrer"), "indicators/mean");
}

// A plugin that takes parts is fed with them, by those who call too.
TEST_F(DatasetServiceTest, PartsThroughTheWholeService) {
  MakeDataset();
  v1::Indicator indicator = GoodIndicator();
  indicator.set_plugin("plugins/concentration");
  indicator.clear_group_by();
  EXPECT_EQ(Refused(indicator), "INVALID_ARGUMENT FIELD_REQUIRED indicator.inputs[0].spread_by");
  indicator.mutable_inputs(0)->set_spread_by("region");
  ASSERT_EQ(CodeOf(CreateIndicator("hhi", indicator)), "OK");
  PushRow("sales", "CN-HA", "2024-01", 1);
  PushRow("sales", "CN-BJ", "2024-01", 3);
  v1::ListObservationsRequest request;
  request.set_parent("indicators/hhi");
  request.set_filter("output = \"hhi\"");
  request.set_at_least_revision(PushRow("sales", "CN-SH", "2024-01", 4));
  v1::ListObservationsResponse rows;
  ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, request, &rows)), "OK");
  ASSERT_EQ(rows.observations_size(), 1);
  EXPECT_NEAR(rows.observations(0).value(), 1e4 * (1 + 9 + 16) / 64, 1e-9);
}

TEST_F(DatasetServiceTest, WhatCannotChange) {
  ASSERT_EQ(CodeOf(Create("d", Good())), "OK");
  v1::Dataset dataset = Good();
  dataset.set_name("datasets/d");
  dataset.set_unit("pieces");
  const grpc::Status status = Update(dataset, "unit");
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(MetadataOf(status, "field"), "dataset.unit");
  EXPECT_EQ(MetadataOf(Update(dataset, "no_such"), "field"), "update_mask");
  dataset = Good();
  dataset.set_name("datasets/d");
  dataset.mutable_dimensions(0)->set_id("area");
  EXPECT_EQ(CodeOf(Update(dataset, "dimensions")), "INVALID_ARGUMENT FIELD_INVALID");
}

TEST_F(DatasetServiceTest, AnAppendedDimensionGivesOldRowsTheTotal) {
  MakeDataset();
  PushRow("sales", "CN-HA", "2024-01", 1);
  auto dataset = Text<v1::Dataset>(
      R"(name: "datasets/sales" dimensions { id: "region" } dimensions { id: "powertrain" })");
  ASSERT_EQ(CodeOf(Update(dataset, "dimensions")), "OK");
  v1::ListObservationsRequest request;
  request.set_parent("datasets/sales");
  v1::ListObservationsResponse rows;
  ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, request, &rows)), "OK");
  ASSERT_EQ(rows.observations_size(), 1);
  EXPECT_EQ(rows.observations(0).dimensions().at("powertrain"), "_T");
  // Values in use cannot be left out of a list.
  dataset.mutable_dimensions(0)->add_values()->set_code("CN-BJ");
  EXPECT_EQ(CodeOf(Update(dataset, "dimensions")), "INVALID_ARGUMENT FIELD_INVALID");
  dataset.mutable_dimensions(0)->add_values()->set_code("CN-HA");
  EXPECT_EQ(CodeOf(Update(dataset, "dimensions")), "OK");
}

TEST_F(DatasetServiceTest, ADatasetInUseCannotGo) {
  MakeDataset();
  MakeIndicator();
  const grpc::Status status = Delete("datasets/sales");
  EXPECT_EQ(CodeOf(status), "FAILED_PRECONDITION RESOURCE_IN_USE");
  EXPECT_EQ(MetadataOf(status, "referrer"), "indicators/level");
  v1::DeleteIndicatorRequest request;
  request.set_name("indicators/level");
  v1::Indicator response;
  ASSERT_EQ(CodeOf(CALL(indicators_, DeleteIndicator, request, &response)), "OK");
  EXPECT_EQ(CodeOf(Delete("datasets/sales")), "OK");
  EXPECT_EQ(CodeOf(Delete("datasets/sales")), "NOT_FOUND RESOURCE_NOT_FOUND");
}

TEST_F(DatasetServiceTest, AnIndicatorInUseCannotGo) {
  MakePlan();
  MakeDataset();
  MakeIndicator();
  v1::CreateMeasureRequest create;
  create.set_measure_id("m");
  *create.mutable_measure() = MeasureOf();
  *create.mutable_measure()->add_targets() = Text<v1::Target>(R"(
    id: "t" display_name: "T" indicator: "indicators/level" output: "value"
    group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST
    unit: "vehicles" assessment { plugin: "plugins/attainment" })");
  v1::Measure measure;
  ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, create, &measure)), "OK");
  v1::DeleteIndicatorRequest request;
  request.set_name("indicators/level");
  v1::Indicator response;
  EXPECT_EQ(CodeOf(CALL(indicators_, DeleteIndicator, request, &response)),
            "FAILED_PRECONDITION RESOURCE_IN_USE");
  // Nor may it change so that the target no longer fits.
  v1::UpdateIndicatorRequest update;
  update.mutable_indicator()->set_name("indicators/level");
  update.mutable_update_mask()->add_paths("group_by");
  (*update.mutable_indicator()->mutable_inputs()).Clear();
  const grpc::Status status = CALL(indicators_, UpdateIndicator, update, &response);
  EXPECT_EQ(CodeOf(status), "FAILED_PRECONDITION RESOURCE_IN_USE");
  EXPECT_EQ(MetadataOf(status, "referrer"), "measures/m");
}

TEST_F(DatasetServiceTest, IndicatorsAreCheckedAgainstWhatTheyName) {
  MakeDataset();
  v1::Indicator indicator = GoodIndicator();
  EXPECT_EQ(CodeOf(CreateIndicator("good", indicator)), "OK");
  indicator.mutable_inputs(0)->set_source("datasets/none");
  EXPECT_EQ(Refused(indicator), "NOT_FOUND RESOURCE_NOT_FOUND ");
  indicator = GoodIndicator();
  indicator.set_plugin("plugins/none");
  EXPECT_EQ(Refused(indicator), "NOT_FOUND RESOURCE_NOT_FOUND ");
  indicator = GoodIndicator();
  indicator.set_plugin("growth");
  EXPECT_EQ(Refused(indicator), "INVALID_ARGUMENT NAME_INVALID indicator.plugin");
  indicator = GoodIndicator();
  indicator.add_group_by("powertrain");
  EXPECT_EQ(Refused(indicator), "INVALID_ARGUMENT FIELD_INVALID indicator.group_by[1]");
  indicator = GoodIndicator();
  (*indicator.mutable_parameters()->mutable_fields())["method"].set_string_value("magic");
  EXPECT_EQ(CodeOf(CreateIndicator("refused", indicator)), "INVALID_ARGUMENT PARAMETERS_INVALID");
  indicator = GoodIndicator();
  indicator.set_frequency(v1::FREQUENCY_DAY);
  EXPECT_EQ(Refused(indicator), "INVALID_ARGUMENT FIELD_INVALID indicator.inputs[0].source");
}

TEST_F(DatasetServiceTest, ACycleIsRefused) {
  MakeDataset();
  MakeIndicator("a");
  auto b = Text<v1::Indicator>(R"(
    display_name: "B" plugin: "plugins/level" group_by: "region"
    inputs { slot: "value" source: "indicators/a" output: "value" })");
  ASSERT_EQ(CodeOf(CreateIndicator("b", b)), "OK");
  v1::UpdateIndicatorRequest request;
  request.mutable_indicator()->set_name("indicators/a");
  *request.mutable_indicator()->add_inputs() =
      Text<v1::IndicatorInput>(R"(slot: "value" source: "indicators/b" output: "value")");
  request.mutable_update_mask()->add_paths("inputs");
  v1::Indicator response;
  EXPECT_EQ(CodeOf(CALL(indicators_, UpdateIndicator, request, &response)),
            "FAILED_PRECONDITION INDICATOR_CYCLE");
}

TEST_F(DatasetServiceTest, PreviewStoresNothing) {
  MakeDataset();
  PushRow("sales", "CN-HA", "2023-01", 10);
  PushRow("sales", "CN-HA", "2024-01", 15);
  v1::PreviewIndicatorRequest request;
  *request.mutable_indicator() = GoodIndicator();
  v1::PreviewIndicatorResponse response;
  ASSERT_EQ(CodeOf(CALL(indicators_, PreviewIndicator, request, &response)), "OK");
  // One series an output of the plugin.
  const auto growth = std::find_if(response.series().begin(), response.series().end(),
                                   [](const auto& series) { return series.output() == "growth"; });
  ASSERT_NE(growth, response.series().end());
  ASSERT_EQ(growth->values_size(), 2);
  EXPECT_EQ(growth->values(1), 50.0);
  v1::ListIndicatorsRequest list;
  v1::ListIndicatorsResponse listed;
  ASSERT_EQ(CodeOf(CALL(indicators_, ListIndicators, list, &listed)), "OK");
  EXPECT_EQ(listed.indicators_size(), 0);
  // What could not be created has no preview.
  request.mutable_indicator()->set_language_code("no tag");
  const grpc::Status status = CALL(indicators_, PreviewIndicator, request, &response);
  EXPECT_EQ(CodeOf(status) + " " + MetadataOf(status, "field"),
            "INVALID_ARGUMENT FIELD_INVALID indicator.language_code");
  request.clear_indicator();
  EXPECT_EQ(CodeOf(CALL(indicators_, PreviewIndicator, request, &response)),
            "INVALID_ARGUMENT FIELD_REQUIRED");
}

}  // namespace
}  // namespace policytrack::rpc_test
