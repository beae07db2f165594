// Definitions that cannot be judged by: each is refused with code, reason and words,
// as it is created and as a good one is changed into it, and nothing has changed.
#include <functional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

class BadDefinitionsTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    MakePlan();
    MakeDataset();
    MakeIndicator();
    AddDataset("money", R"(unit: "yuan" frequency: FREQUENCY_MONTH
                           accumulation: ACCUMULATION_FLOW)");
    AddDataset("prices", R"(unit: "yuan" frequency: FREQUENCY_MONTH
                            accumulation: ACCUMULATION_LEVEL)");
    AddDataset("years", R"(unit: "vehicles" frequency: FREQUENCY_YEAR
                           accumulation: ACCUMULATION_FLOW)");
    Add("good", Level());
    v1::Measure measure = MeasureOf();
    *measure.add_targets() = GoodTarget();
    Add("good", measure);
  }

  void AddDataset(const std::string& id, const std::string& fields) {
    Add(id, Text<v1::Dataset>(
                absl::StrCat(R"(display_name: "D" dimensions { id: "region" } )", fields)));
  }
  static v1::Indicator Level() {
    return Text<v1::Indicator>(R"(display_name: "I" plugin: "plugins/level" group_by: "region"
                                  inputs { slot: "value" source: "datasets/sales" })");
  }
  // Slots to sources.
  static v1::Indicator Of(const std::string& plugin,
                          const std::vector<std::pair<std::string, std::string>>& inputs,
                          const std::string& parameters = "{}") {
    auto indicator = Text<v1::Indicator>(R"(display_name: "I" group_by: "region")");
    indicator.set_plugin("plugins/" + plugin);
    for (const auto& [slot, source] : inputs) {
      v1::IndicatorInput& input = *indicator.add_inputs();
      input.set_slot(slot);
      input.set_source("datasets/" + source);
    }
    SetParameters(parameters, indicator.mutable_parameters());
    return indicator;
  }
  static void SetParameters(const std::string& json, google::protobuf::Struct* parameters) {
    parameters->Clear();
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, parameters).ok()) << json;
  }
  static v1::Target GoodTarget() {
    return Text<v1::Target>(R"(
      id: "t" display_name: "T" indicator: "indicators/level" output: "value"
      group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST
      baseline { period: "2024-01" } final_point { period: "2025-12" value: 150 }
      unit: "vehicles" unit_multiplier: 4 assessment { plugin: "plugins/attainment" })");
  }

  // All that a client can read: documents and how many commits there are.
  std::string Everything() {
    std::string all;
    v1::ListIndicatorsRequest indicators;
    v1::ListIndicatorsResponse listed;
    EXPECT_EQ(CodeOf(CALL(indicators_, ListIndicators, indicators, &listed)), "OK");
    v1::ListMeasuresRequest measures;
    v1::ListMeasuresResponse listed_measures;
    EXPECT_EQ(CodeOf(CALL(measures_, ListMeasures, measures, &listed_measures)), "OK");
    v1::ListDatasetsRequest datasets;
    v1::ListDatasetsResponse listed_datasets;
    EXPECT_EQ(CodeOf(CALL(datasets_, ListDatasets, datasets, &listed_datasets)), "OK");
    for (const std::string name : {"sales", "money", "years"}) {
      v1::ListObservationsRequest observations;
      observations.set_parent("datasets/" + name);
      v1::ListObservationsResponse rows;
      EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, observations, &rows)), "OK");
      rows.clear_revision();
      absl::StrAppend(&all, rows.DebugString());
    }
    // The evaluator makes commits of its own.
    listed.clear_revision();
    listed_measures.clear_revision();
    listed_datasets.clear_revision();
    v1::ListCommitsRequest commits;
    commits.set_filter("kind != COMMIT_KIND_EVALUATION");
    v1::ListCommitsResponse made;
    EXPECT_EQ(CodeOf(CALL(events_, ListCommits, commits, &made)), "OK");
    return absl::StrCat(all, listed.DebugString(), listed_measures.DebugString(),
                        listed_datasets.DebugString(), made.commits_size());
  }

  void ExpectRefused(const std::function<grpc::Status()>& call, const std::string& wanted,
                     const std::string& field, const std::string& words) {
    const std::string before = Everything();
    const grpc::Status status = call();
    EXPECT_EQ(CodeOf(status), wanted) << status.error_message();
    EXPECT_EQ(MetadataOf(status, "field"), field) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(words));
    EXPECT_EQ(Everything(), before);
  }
  void ExpectRefused(v1::Indicator indicator, const std::string& wanted, const std::string& field,
                     const std::string& words) {
    v1::Indicator unused;
    ExpectRefused([&] { return TryAdd("bad", indicator, &unused); }, wanted, field, words);
    ExpectRefused(
        [&] {
          v1::UpdateIndicatorRequest request;
          indicator.set_name("indicators/good");
          *request.mutable_indicator() = indicator;
          for (const char* path : {"plugin", "inputs", "group_by", "parameters", "frequency"}) {
            request.mutable_update_mask()->add_paths(path);
          }
          return CALL(indicators_, UpdateIndicator, request, &unused);
        },
        wanted, field, words);
  }
  void ExpectRefused(const v1::Target& target, const std::string& wanted, const std::string& field,
                     const std::string& words) {
    v1::Measure measure = MeasureOf();
    *measure.add_targets() = target;
    v1::Measure unused;
    ExpectRefused([&] { return TryAdd("bad", measure, &unused); }, wanted, field, words);
    ExpectRefused(
        [&] {
          v1::UpdateMeasureRequest request;
          measure.set_name("measures/good");
          *request.mutable_measure() = measure;
          return CALL(measures_, UpdateMeasure, request, &unused);
        },
        wanted, field, words);
  }
};

constexpr char kFieldInvalid[] = "INVALID_ARGUMENT FIELD_INVALID";
constexpr char kParametersInvalid[] = "INVALID_ARGUMENT PARAMETERS_INVALID";

TEST_F(BadDefinitionsTest, AParameterOutOfItsRange) {
  const struct {
    const char* plugin;
    const char* slot;
    const char* parameters;
    const char* field;
    const char* words;
  } kCases[] = {
      {"growth", "value", R"({"method": "cagr", "years": 101})", "years", "at most 100"},
      {"growth", "value", R"({"method": "cagr", "years": -1})", "years", "at least 0"},
      {"growth", "value", R"({"method": "cagr", "years": 1.5})", "years", "whole number"},
      {"growth", "value", R"({"method": "magic"})", "method", "must be one of"},
      {"rolling", "value", R"({"method": "sum", "periods": 0})", "periods", "at least 1"},
      {"rolling", "value", R"({"method": "sum", "periods": 36601})", "periods", "at most 36600"},
      {"trend", "value", R"({"min_points": 1})", "min_points", "at least 2"},
      {"trend", "value", R"({"confidence": 100})", "confidence", "at most 99.9"},
      {"arithmetic", "a", R"({"rounded_to": -1})", "rounded_to", "at least 0"},
      {"composite", "c1", R"({"weight_1": -1})", "weight_1", "at least 0"},
      {"composite", "c1", R"({"min_components": 9})", "min_components", "at most 8"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.plugin, " ", c.parameters));
    ExpectRefused(Of(c.plugin, {{c.slot, "sales"}}, c.parameters), kParametersInvalid,
                  absl::StrCat("indicator.parameters.", c.field), c.words);
  }
  ExpectRefused(Of("ratio", {{"numerator", "sales"}, {"denominator", "sales"}}, R"({"per": 0})"),
                kParametersInvalid, "indicator.parameters.per", "at least");
  v1::Indicator parts = Of("concentration", {{"value", "sales"}}, R"({"n": 0})");
  parts.clear_group_by();
  parts.mutable_inputs(0)->set_spread_by("region");
  ExpectRefused(parts, kParametersInvalid, "indicator.parameters.n", "at least 1");
  v1::Target target = GoodTarget();
  SetParameters(R"({"method": "pro_rata", "year_end_month": 13})",
                target.mutable_assessment()->mutable_parameters());
  ExpectRefused(target, kParametersInvalid,
                "measure.targets[0].assessment.parameters.year_end_month", "at most 12");
  target = GoodTarget();
  target.set_tolerance_percent(-1);
  target.set_relation(v1::TARGET_RELATION_ABOUT);
  ExpectRefused(target, kFieldInvalid, "measure.targets[0].tolerance_percent", "from 0 on");
}

TEST_F(BadDefinitionsTest, AnInputOfTheWrongUnit) {
  ExpectRefused(Of("arithmetic", {{"a", "sales"}, {"b", "money"}}), kFieldInvalid,
                "indicator.inputs[1].source", "units of one kind");
  ExpectRefused(Of("growth", {{"value", "sales"}, {"published", "prices"}}), kParametersInvalid,
                "indicator.parameters", "percent");
  v1::Target target = GoodTarget();
  target.set_unit("yuan");
  ExpectRefused(target, kFieldInvalid, "measure.targets[0].unit", "not of the kind of vehicles");
}

TEST_F(BadDefinitionsTest, AnInputOfTheWrongFrequency) {
  ExpectRefused(Of("arithmetic", {{"a", "sales"}, {"b", "years"}}), kFieldInvalid,
                "indicator.inputs[1].source", "state the frequency");
  v1::Indicator finer = Of("level", {{"value", "years"}});
  finer.set_frequency(v1::FREQUENCY_MONTH);
  ExpectRefused(finer, kFieldInvalid, "indicator.inputs[0].source", "by year");
  v1::Target target = GoodTarget();
  target.mutable_final_point()->set_period("2025");
  ExpectRefused(target, kFieldInvalid, "measure.targets[0].final_point.period", "2025");
  ExpectRefused(
      [&] {
        v1::PushObservationsRequest message;
        message.set_dataset("datasets/sales");
        for (const char* period : {"2024-01", "2024"}) {
          v1::Observation& row = *message.add_rows();
          row.set_period(period);
          row.set_value(1);
          (*row.mutable_dimensions())["region"] = "CN-HA";
        }
        v1::PushObservationsResponse unused;
        return Push({message}, &unused);
      },
      "INVALID_ARGUMENT ROWS_INVALID", "period", "\"2024\" is a year; must be a month");
}

TEST_F(BadDefinitionsTest, ATargetBeforeItsBaseline) {
  for (const char* final_period : {"2023-12", "2024-01"}) {
    v1::Target target = GoodTarget();
    target.mutable_final_point()->set_period(final_period);
    ExpectRefused(target, kFieldInvalid, "measure.targets[0].final_point.period",
                  "does not come after 2024-01");
  }
  v1::Target target = GoodTarget();
  v1::TargetPoint& interim = *target.add_interim_points();
  interim.set_value(5);
  interim.set_period("2023-06");
  ExpectRefused(target, kFieldInvalid, "measure.targets[0].interim_points[0].period",
                "does not come after 2024-01");
  target.mutable_interim_points(0)->set_period("2026-01");
  ExpectRefused(target, kFieldInvalid, "measure.targets[0].final_point.period",
                "does not come after 2026-01");
}

TEST_F(BadDefinitionsTest, WeightsThatSumToNothing) {
  ExpectRefused(
      Of("composite", {{"c1", "sales"}, {"c2", "money"}}, R"({"weight_1": 0, "weight_2": 0})"),
      kParametersInvalid, "indicator.parameters", "sum to 0");
}

}  // namespace
}  // namespace policytrack::rpc_test
