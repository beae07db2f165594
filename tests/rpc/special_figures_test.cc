// Figures that are not plain numbers: missing with a reason, uncertain, and those
// of two months as one.
#include "gmock/gmock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

class SpecialFiguresTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    MakeDataset();
  }
  static v1::PushObservationsRequest Rows(const std::vector<v1::Observation>& rows) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/sales");
    for (const auto& row : rows) *message.add_rows() = row;
    return message;
  }
  v1::ListObservationsResponse List(const std::string& parent) {
    v1::ListObservationsRequest request;
    request.set_parent(parent);
    v1::ListObservationsResponse response;
    EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, request, &response)), "OK");
    return response;
  }
};

TEST_F(SpecialFiguresTest, WhatIsMissingSaysWhyAndIsNotZero) {
  auto push = Text<v1::PushObservationsRequest>(R"(
    dataset: "datasets/sales"
    rows { period: "2024-01" dimensions { key: "region" value: "a" } value: 5
           status: OBSERVATION_STATUS_UNVALIDATED }
    rows { period: "2024-02" dimensions { key: "region" value: "a" }
           status: OBSERVATION_STATUS_MISSING_SUPPRESSED series_break: true }
    columns { dimensions { key: "region" value: "b" } periods: 24288 values: 0 periods: 24289
              values: 7 statuses: OBSERVATION_STATUS_MISSING statuses: OBSERVATION_STATUS_NORMAL })");
  v1::PushObservationsResponse pushed;
  ASSERT_EQ(CodeOf(Push({push}, &pushed)), "OK");
  EXPECT_EQ(pushed.created_count(), 4);
  const auto rows = List("datasets/sales");
  ASSERT_EQ(rows.observations_size(), 4);
  EXPECT_EQ(rows.observations(0).status(), v1::OBSERVATION_STATUS_UNVALIDATED);
  EXPECT_FALSE(rows.observations(1).has_value());
  EXPECT_EQ(rows.observations(1).status(), v1::OBSERVATION_STATUS_MISSING_SUPPRESSED);
  EXPECT_EQ(rows.observations(1).missing_reason(), v1::MISSING_REASON_SUPPRESSED);
  EXPECT_TRUE(rows.observations(1).series_break());
  EXPECT_FALSE(rows.observations(2).has_value());
  EXPECT_EQ(rows.observations(2).status(), v1::OBSERVATION_STATUS_MISSING);

  // The same again changes nothing; a figure in place of none is a revision.
  ASSERT_EQ(CodeOf(Push({push}, &pushed)), "OK");
  EXPECT_EQ(pushed.unchanged_count(), 4);
  v1::Observation now = rows.observations(1);
  now.set_value(6);
  now.set_status(v1::OBSERVATION_STATUS_NORMAL);
  ASSERT_EQ(CodeOf(Push({Rows({now})}, &pushed)), "OK");
  EXPECT_EQ(pushed.revised_count(), 1);

  now.set_status(v1::OBSERVATION_STATUS_MISSING);
  v1::Observation nothing = now;
  nothing.clear_value();
  nothing.set_status(v1::OBSERVATION_STATUS_PROVISIONAL);
  nothing.set_period("2024-09");
  auto bad = Rows({now, nothing});
  bad.mutable_options()->set_return_partial_success(true);
  auto* block = bad.add_columns();
  (*block->mutable_dimensions())["region"] = "b";
  block->add_periods(24290);
  block->add_values(1);
  block->add_statuses(v1::OBSERVATION_STATUS_MISSING_HOLIDAY);
  ASSERT_EQ(CodeOf(Push({bad}, &pushed)), "OK");
  ASSERT_EQ(pushed.row_errors_size(), 3);
  EXPECT_EQ(pushed.row_errors(0).field(), "value");
  EXPECT_EQ(pushed.row_errors(0).reason(), "FIELD_INVALID");
  EXPECT_EQ(pushed.row_errors(1).reason(), "FIELD_REQUIRED");
  EXPECT_EQ(pushed.row_errors(2).field(), "value");
}

TEST_F(SpecialFiguresTest, JanuaryAndFebruaryMayBeOne) {
  auto create = Text<v1::CreateDatasetRequest>(R"(
    dataset_id: "retail"
    dataset {
      display_name: "Retail sales" unit: "yuan" unit_multiplier: 8
      frequency: FREQUENCY_MONTH accumulation: ACCUMULATION_YEAR_TO_DATE
      january_february_joint: true
    })");
  v1::Dataset dataset;
  ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, create, &dataset)), "OK");
  auto push = Text<v1::PushObservationsRequest>(R"(
    options { return_partial_success: true }
    dataset: "datasets/retail"
    rows { period: "2024-01" value: 9 }
    rows { period: "2024-02" value: 20 }
    columns { periods: 24300 values: 9 periods: 24290 values: 33 })");
  v1::PushObservationsResponse pushed;
  ASSERT_EQ(CodeOf(Push({push}, &pushed)), "OK");
  EXPECT_EQ(pushed.created_count(), 2);
  ASSERT_EQ(pushed.row_errors_size(), 2);
  EXPECT_EQ(pushed.row_errors(0).row(), 0);
  EXPECT_EQ(pushed.row_errors(0).field(), "period");
  EXPECT_THAT(pushed.row_errors(0).message(), testing::HasSubstr("2024-02"));
  EXPECT_EQ(pushed.row_errors(1).row(), 2);

  auto indicator = Text<v1::CreateIndicatorRequest>(R"(
    indicator_id: "retail"
    indicator {
      display_name: "Retail sales of the month" plugin: "plugins/level"
      inputs { slot: "value" source: "datasets/retail" accumulation: ACCUMULATION_FLOW }
    })");
  v1::Indicator created;
  ASSERT_EQ(CodeOf(CALL(indicators_, CreateIndicator, indicator, &created)), "OK");
  v1::ListObservationsRequest list;
  list.set_parent("indicators/retail");
  list.set_at_least_revision(created.revision());
  v1::ListObservationsResponse rows;
  ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, list, &rows)), "OK");
  ASSERT_EQ(rows.observations_size(), 3);
  EXPECT_EQ(rows.observations(0).period(), "2024-01");
  EXPECT_EQ(rows.observations(0).missing_reason(), v1::MISSING_REASON_JOINT_PERIOD);
  EXPECT_FALSE(rows.observations(0).joint());
  EXPECT_EQ(rows.observations(1).value(), 20e8);
  EXPECT_TRUE(rows.observations(1).joint());
  EXPECT_EQ(rows.observations(2).value(), 13e8);
  v1::ReadSeriesRequest read;
  read.set_parent("indicators/retail");
  v1::ReadSeriesResponse series;
  ASSERT_EQ(CodeOf(CALL(observations_, ReadSeries, read, &series)), "OK");
  ASSERT_EQ(series.series(0).joint_indexes_size(), 1);
  EXPECT_EQ(series.series(0).joint_indexes(0), 1);
}

}  // namespace
}  // namespace policytrack::rpc_test
