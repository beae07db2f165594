// Reads that name the unit in which values are wanted.
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "tests/rpc/shown_unit_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ShownUnitTest, AFigureComesInTheUnitAsked) {
  PushYear("made", 2023, 43500);
  PushYear("parked", 2023, 4.35);
  PushYear("mass", 2023, 700000);
  EXPECT_EQ(Units(List(Request("datasets/made"))), ":vehicles*0");
  EXPECT_EQ(Units(List(Request("datasets/parked"))), ":vehicles*4");
  const auto shown = List(Request("datasets/made", "vehicles", 4));
  EXPECT_EQ(Units(shown), ":vehicles*4");
  EXPECT_THAT(Values(shown), ElementsAre(4.35));
  EXPECT_THAT(Values(List(Request("datasets/parked"))), ElementsAre(4.35));
  EXPECT_THAT(Values(List(Request("datasets/parked", "vehicles", 4))), ElementsAre(4.35));
  // A unit without multiplier has none.
  EXPECT_THAT(Values(List(Request("datasets/parked", "vehicles"))), ElementsAre(43500));
  EXPECT_THAT(Values(List(Request("datasets/mass", "tonnes", 4))), ElementsAre(0.07));

  v1::ReadSeriesRequest read;
  read.set_parent("datasets/made");
  read.set_unit("vehicles");
  read.set_unit_multiplier(4);
  v1::ReadSeriesResponse series;
  ASSERT_EQ(CodeOf(CALL(observations_, ReadSeries, read, &series)), "OK");
  EXPECT_EQ(Units(series), ":vehicles*4");
  EXPECT_THAT(series.series(0).values(), ElementsAre(4.35));
  read.clear_unit();
  read.clear_unit_multiplier();
  ASSERT_EQ(CodeOf(CALL(observations_, ReadSeries, read, &series)), "OK");
  EXPECT_EQ(Units(series), ":vehicles*0");
  EXPECT_THAT(series.series(0).values(), ElementsAre(43500));
}

TEST_F(ShownUnitTest, FiltersMarksAndVintagesAreOfWhatIsShown) {
  const int64_t first = PushYear("made", 2023, 43500);
  PushYear("made", 2023, 52000);
  v1::PushObservationsRequest message;
  message.set_dataset("datasets/made");
  message.add_rows()->set_period("2024");
  message.mutable_rows(0)->set_status(v1::OBSERVATION_STATUS_MISSING_SUPPRESSED);
  v1::PushObservationsResponse pushed;
  ASSERT_EQ(CodeOf(Push({message}, &pushed)), "OK");
  auto request = Request("datasets/made", "vehicles", 4);
  const auto rows = List(request);
  ASSERT_EQ(rows.observations_size(), 2);
  EXPECT_EQ(rows.observations(0).value(), 5.2);
  EXPECT_FALSE(rows.observations(1).has_value());
  EXPECT_EQ(rows.observations(1).status(), v1::OBSERVATION_STATUS_MISSING_SUPPRESSED);
  request.set_filter("value > 5 AND value < 6");
  EXPECT_THAT(Values(List(request)), ElementsAre(5.2));
  request.mutable_as_of()->set_revision(first);
  EXPECT_THAT(Values(List(request)), ElementsAre());
  request.set_filter("value < 5");
  EXPECT_THAT(Values(List(request)), ElementsAre(4.35));
}

TEST_F(ShownUnitTest, PagesAreOfOneUnit) {
  for (int year = 2001; year <= 2005; ++year) PushYear("made", year, year * 10000.0);
  auto request = Request("datasets/made", "vehicles", 4);
  request.set_page_size(2);
  std::vector<double> values;
  auto page = List(request);
  const std::string token = page.next_page_token();
  for (;;) {
    EXPECT_EQ(Units(page), ":vehicles*4");
    for (const double value : Values(page)) values.push_back(value);
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
    page = List(request);
  }
  EXPECT_THAT(values, ElementsAre(2001, 2002, 2003, 2004, 2005));
  for (const auto& [unit, multiplier] :
       {std::pair("", 0), std::pair("vehicles", 0), std::pair("vehicles", 3)}) {
    auto other = Request("datasets/made", unit, multiplier);
    other.set_page_token(token);
    v1::ListObservationsResponse response;
    EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, other, &response)),
              "INVALID_ARGUMENT PAGE_TOKEN_INVALID");
  }
}

TEST_F(ShownUnitTest, AUnitThatWillNotDoIsRefused) {
  PushYear("made", 2023, 1e300);
  const auto refused = [&](const std::string& parent, const std::string& unit, int multiplier,
                           std::string* message = nullptr) {
    v1::ListObservationsResponse response;
    const grpc::Status status =
        CALL(observations_, ListObservations, Request(parent, unit, multiplier), &response);
    v1::ReadSeriesRequest read;
    read.set_parent(parent);
    read.set_unit(unit);
    read.set_unit_multiplier(multiplier);
    v1::ReadSeriesResponse series;
    EXPECT_EQ(CodeOf(CALL(observations_, ReadSeries, read, &series)), CodeOf(status));
    if (message != nullptr) *message = status.error_message();
    return absl::StrCat(CodeOf(status), " ", MetadataOf(status, "field"));
  };
  std::string message;
  EXPECT_EQ(refused("datasets/made", "vehicle", 0, &message),
            "INVALID_ARGUMENT FIELD_INVALID unit");
  EXPECT_THAT(message, HasSubstr("the nearest are vehicles"));
  EXPECT_EQ(refused("datasets/made", "yuan", 8, &message), "INVALID_ARGUMENT FIELD_INVALID unit");
  EXPECT_THAT(message, AllOf(HasSubstr("datasets/made is in vehicles"),
                             HasSubstr("it can be read in vehicles")));
  EXPECT_EQ(refused("datasets/share", "percentage_points", 0),
            "INVALID_ARGUMENT FIELD_INVALID unit");
  EXPECT_EQ(refused("datasets/share", "ratio", 0), "INVALID_ARGUMENT FIELD_INVALID unit");
  EXPECT_EQ(refused("datasets/made", "", 4), "INVALID_ARGUMENT FIELD_REQUIRED unit");
  EXPECT_EQ(refused("datasets/made", "vehicles", 16),
            "INVALID_ARGUMENT FIELD_INVALID unit_multiplier");
  EXPECT_EQ(refused("datasets/made", "vehicles", -12, &message),
            "INVALID_ARGUMENT FIELD_INVALID unit_multiplier");
  EXPECT_THAT(message, HasSubstr("the value of 2023 is beyond what a double holds"));
}

TEST_F(ShownUnitTest, WhatIsComputedComesInItTooWhereItsKindIsKnown) {
  v1::Indicator made;
  ASSERT_EQ(CodeOf(Create("growth", R"(
      plugin: "plugins/growth" inputs { slot: "value" source: "datasets/parked" }
      inputs { slot: "published" source: "datasets/share" })",
                          &made)),
            "OK");
  PushYear("parked", 2022, 4);
  PushYear("parked", 2023, 5);
  const int64_t revision = PushYear("share", 2023, 24);
  auto request = Request("indicators/growth");
  request.set_at_least_revision(revision);
  const auto plain = List(request);
  EXPECT_THAT(Units(plain), AllOf(HasSubstr("implied_base:vehicles*0"),
                                  HasSubstr("difference:percentage_points*0")));
  request.set_unit("vehicles");
  request.set_unit_multiplier(4);
  const auto shown = List(request);
  EXPECT_THAT(Units(shown),
              AllOf(HasSubstr("implied_base:vehicles*4"), HasSubstr("growth:percent*0")));
  std::map<std::string, double> values;
  for (const auto& row : shown.observations()) {
    if (row.has_value()) values[absl::StrCat(row.output(), " ", row.period())] = row.value();
  }
  EXPECT_EQ(values.at("growth 2023"), 25);
  EXPECT_EQ(values.at("published 2023"), 24);
  EXPECT_EQ(values.at("difference 2023"), 1);
  EXPECT_DOUBLE_EQ(values.at("implied_base 2023"), 5 / 1.24);
  request.set_unit("yuan");
  v1::ListObservationsResponse response;
  const grpc::Status status = CALL(observations_, ListObservations, request, &response);
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_THAT(status.error_message(), HasSubstr("is in percent, percentage_points, vehicles"));
}

TEST_F(ShownUnitTest, ProgressIsToldInIt) {
  MakePlan();
  v1::Indicator made;
  ASSERT_EQ(CodeOf(Create("made", R"(plugin: "plugins/level"
      inputs { slot: "value" source: "datasets/made" })",
                          &made)),
            "OK");
  v1::CreateMeasureRequest create;
  create.set_measure_id("m");
  *create.mutable_measure() = MeasureOf();
  *create.mutable_measure()->add_targets() = Text<v1::Target>(R"(
      id: "t" display_name: "T" indicator: "indicators/made" output: "value"
      relation: TARGET_RELATION_AT_LEAST baseline { period: "2020" }
      final_point { period: "2025" value: 150 } unit: "vehicles" unit_multiplier: 4
      assessment { plugin: "plugins/attainment"
        parameters { fields { key: "method" value { string_value: "linear_pace" } } } }
      further_assessments { plugin: "plugins/attainment"
        parameters { fields { key: "method" value { string_value: "open_sdg" } } } })");
  v1::Measure stored;
  ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, create, &stored)), "OK");
  PushYear("made", 2020, 500000);
  const int64_t revision = PushYear("made", 2023, 1150000);

  v1::GetMeasureProgressRequest request;
  request.set_name("measures/m");
  request.set_at_least_revision(revision);
  v1::MeasureProgress own, shown;
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &own)), "OK");
  request.set_unit("vehicles");
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &shown)), "OK");
  const v1::TargetProgress& target = shown.targets(0);
  EXPECT_EQ(target.unit(), "vehicles");
  EXPECT_EQ(target.unit_multiplier(), 0);
  EXPECT_EQ(own.targets(0).unit_multiplier(), 4);
  EXPECT_EQ(own.targets(0).latest_value(), 115);
  EXPECT_EQ(target.latest_value(), 1150000);
  EXPECT_EQ(target.baseline().value(), 500000);
  EXPECT_EQ(target.final_point().value(), 1500000);
  EXPECT_EQ(target.expected_value(), 1100000);
  EXPECT_EQ(target.required_pace(), 175000);
  EXPECT_EQ(target.status(), own.targets(0).status());
  EXPECT_EQ(target.score(), own.targets(0).score());
  EXPECT_DOUBLE_EQ(target.best_pace(), own.targets(0).best_pace() * 10000);
  EXPECT_DOUBLE_EQ(target.flip_change(), own.targets(0).flip_change() * 10000);
  ASSERT_EQ(target.further_judgements_size(), 1);
  EXPECT_DOUBLE_EQ(target.further_judgements(0).projected_value(),
                   own.targets(0).further_judgements(0).projected_value() * 10000);

  // Its outputs are observations: those in vehicles convert, the status does not.
  auto list = Request("measures/m/targets/t", "vehicles", 4);
  list.set_start_period("2023");
  std::map<std::string, double> values;
  const auto judged = List(list);
  for (const auto& row : judged.observations()) values[row.output()] = row.value();
  EXPECT_EQ(values.at("expected"), 110);
  EXPECT_EQ(values.at("status"), own.targets(0).status());

  v1::GetPlanProgressRequest plan_request;
  plan_request.set_name("plans/plan");
  plan_request.set_unit("vehicles");
  plan_request.set_unit_multiplier(3);
  v1::PlanProgress plan;
  ASSERT_EQ(CodeOf(CALL(progress_, GetPlanProgress, plan_request, &plan)), "OK");
  EXPECT_EQ(plan.measures(0).targets(0).latest_value(), 1150);
  plan_request.set_unit("yuan");
  grpc::Status status = CALL(progress_, GetPlanProgress, plan_request, &plan);
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(MetadataOf(status, "field"), "unit");
  plan_request.clear_unit();
  status = CALL(progress_, GetPlanProgress, plan_request, &plan);
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_REQUIRED");
  request.set_unit("yuan");
  EXPECT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &shown)),
            "INVALID_ARGUMENT FIELD_INVALID");
}

}  // namespace
}  // namespace policytrack::rpc_test
