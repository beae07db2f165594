// Indicators that feed one another: long chains, many ways to one, and what a
// change of one asks of those behind it.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

class IndicatorGraphTest : public ServerFixture {
 protected:
  grpc::Status Create(const std::string& id, const v1::Indicator& indicator) {
    v1::CreateIndicatorRequest request;
    request.set_indicator_id(id);
    *request.mutable_indicator() = indicator;
    v1::Indicator response;
    return CALL(indicators_, CreateIndicator, request, &response);
  }
  static v1::Indicator LevelOf(const std::string& source) {
    auto indicator = Text<v1::Indicator>(R"(
      display_name: "L" plugin: "plugins/level" group_by: "region" inputs { slot: "value" })");
    indicator.mutable_inputs(0)->set_source(source);
    if (source.rfind("indicators/", 0) == 0) indicator.mutable_inputs(0)->set_output("value");
    return indicator;
  }
  grpc::Status Update(const v1::Indicator& indicator, const std::string& path) {
    v1::UpdateIndicatorRequest request;
    *request.mutable_indicator() = indicator;
    request.mutable_update_mask()->add_paths(path);
    v1::Indicator response;
    return CALL(indicators_, UpdateIndicator, request, &response);
  }
  v1::ListObservationsResponse List(const std::string& parent, int64_t at_least = 0) {
    v1::ListObservationsRequest request;
    request.set_parent(parent);
    request.set_at_least_revision(at_least);
    v1::ListObservationsResponse response;
    const grpc::Status status = CALL(observations_, ListObservations, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(IndicatorGraphTest, AChainHasAnEnd) {
  MakeDataset();
  ASSERT_EQ(CodeOf(Create("i0", LevelOf("datasets/sales"))), "OK");
  std::string refused;
  int made = 1;
  for (; made < 50; ++made) {
    const grpc::Status status =
        Create(absl::StrCat("i", made), LevelOf(absl::StrCat("indicators/i", made - 1)));
    if (status.ok()) continue;
    refused = CodeOf(status);
    break;
  }
  EXPECT_EQ(refused, "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(made, 33);
}

// Each reads the one below it twice: 2^30 ways lead to the first.
TEST_F(IndicatorGraphTest, ManyWaysToOneAreGoneOnce) {
  MakePlan();
  MakeDataset();
  auto first = Text<v1::Indicator>(R"(
    display_name: "R" plugin: "plugins/ratio" group_by: "region"
    inputs { slot: "numerator" source: "datasets/sales" }
    inputs { slot: "denominator" source: "datasets/sales" })");
  ASSERT_EQ(CodeOf(Create("r0", first)), "OK");
  for (int i = 1; i <= 30; ++i) {
    v1::Indicator next = first;
    for (auto& input : *next.mutable_inputs()) {
      input.set_source(absl::StrCat("indicators/r", i - 1));
      input.set_output("ratio");
    }
    ASSERT_EQ(CodeOf(Create(absl::StrCat("r", i), next)), "OK");
  }
  v1::CreateMeasureRequest create;
  create.set_measure_id("m");
  *create.mutable_measure() = MeasureOf();
  *create.mutable_measure()->add_targets() = Text<v1::Target>(R"(
    id: "t" display_name: "T" indicator: "indicators/r30" output: "ratio"
    group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST unit: "ratio"
    assessment { plugin: "plugins/attainment" })");
  v1::Measure measure;
  ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, create, &measure)), "OK");
  v1::GetMeasureProgressRequest request;
  request.set_name("measures/m");
  v1::MeasureProgress progress;
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &progress)), "OK");
  EXPECT_EQ(progress.targets(0).status(), v1::PROGRESS_STATUS_NO_DATA);
  request.set_at_least_revision(PushRow("sales", "CN-HA", "2024-01", 1));
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &progress)), "OK");
  EXPECT_EQ(progress.targets(0).latest_revision(), request.at_least_revision());
  v1::ExplainProgressRequest explain;
  explain.set_target("measures/m/targets/t");
  v1::ExplainProgressResponse explained;
  EXPECT_EQ(CodeOf(CALL(progress_, ExplainProgress, explain, &explained)), "OK");
}

TEST_F(IndicatorGraphTest, AChangeIsHeldAgainstAllBehindIt) {
  MakeDataset();
  v1::CreateDatasetRequest create;
  create.set_dataset_id("prices");
  *create.mutable_dataset() = Text<v1::Dataset>(R"(
    display_name: "P" unit: "yuan" frequency: FREQUENCY_MONTH accumulation: ACCUMULATION_FLOW
    dimensions { id: "region" })");
  v1::Dataset dataset;
  ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, create, &dataset)), "OK");
  ASSERT_EQ(CodeOf(Create("a", LevelOf("datasets/sales"))), "OK");
  ASSERT_EQ(CodeOf(Create("b", LevelOf("indicators/a"))), "OK");
  MakePlan();
  v1::CreateMeasureRequest measure;
  measure.set_measure_id("m");
  *measure.mutable_measure() = MeasureOf();
  *measure.mutable_measure()->add_targets() = Text<v1::Target>(R"(
    id: "t" display_name: "T" indicator: "indicators/b" output: "value"
    group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST unit: "vehicles"
    assessment { plugin: "plugins/attainment" })");
  v1::Measure made;
  ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, measure, &made)), "OK");
  // b still resolves over yuan; the target of vehicles behind it does not.
  v1::Indicator change = LevelOf("datasets/prices");
  change.set_name("indicators/a");
  const grpc::Status status = Update(change, "inputs");
  EXPECT_EQ(CodeOf(status), "FAILED_PRECONDITION RESOURCE_IN_USE");
  EXPECT_EQ(MetadataOf(status, "referrer"), "measures/m");

  // A deleted measure does not hold the change up, and cannot come back after it.
  v1::DeleteMeasureRequest remove;
  remove.set_name("measures/m");
  ASSERT_EQ(CodeOf(CALL(measures_, DeleteMeasure, remove, &made)), "OK");
  ASSERT_EQ(CodeOf(Update(change, "inputs")), "OK");
  v1::UndeleteMeasureRequest undelete;
  undelete.set_name("measures/m");
  EXPECT_EQ(CodeOf(CALL(measures_, UndeleteMeasure, undelete, &made)),
            "INVALID_ARGUMENT FIELD_INVALID");
}

TEST_F(IndicatorGraphTest, FewerDimensionsUpstreamLeaveNothingBehind) {
  v1::CreateDatasetRequest create;
  create.set_dataset_id("wide");
  *create.mutable_dataset() = Text<v1::Dataset>(R"(
    display_name: "W" unit: "vehicles" frequency: FREQUENCY_MONTH accumulation: ACCUMULATION_FLOW
    dimensions { id: "region" } dimensions { id: "type" })");
  v1::Dataset dataset;
  ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, create, &dataset)), "OK");
  auto upstream = Text<v1::Indicator>(R"(
    display_name: "U" plugin: "plugins/level" group_by: "region" group_by: "type"
    inputs { slot: "value" source: "datasets/wide" })");
  ASSERT_EQ(CodeOf(Create("u", upstream)), "OK");
  ASSERT_EQ(CodeOf(Create("d", LevelOf("indicators/u"))), "OK");
  v1::PushObservationsRequest message;
  message.set_dataset("datasets/wide");
  for (const char* type : {"car", "_T"}) {
    auto* row = message.add_rows();
    row->set_period("2024-01");
    row->set_value(type[0] == 'c' ? 1 : 3);
    (*row->mutable_dimensions())["region"] = "east";
    (*row->mutable_dimensions())["type"] = type;
  }
  v1::PushObservationsResponse pushed;
  ASSERT_EQ(CodeOf(Push({message}, &pushed)), "OK");
  EXPECT_EQ(List("indicators/d", pushed.revision()).observations_size(), 1);
  upstream.set_name("indicators/u");
  upstream.mutable_group_by()->RemoveLast();
  v1::UpdateIndicatorRequest update;
  *update.mutable_indicator() = upstream;
  update.mutable_update_mask()->add_paths("group_by");
  v1::Indicator updated;
  ASSERT_EQ(CodeOf(CALL(indicators_, UpdateIndicator, update, &updated)), "OK");
  const auto rows = List("indicators/d", updated.revision());
  EXPECT_EQ(rows.evaluation().failure_reason(), "") << rows.evaluation().failure_message();
  ASSERT_EQ(rows.observations_size(), 1);
  EXPECT_EQ(rows.observations(0).value(), 3);
}

}  // namespace
}  // namespace policytrack::rpc_test
