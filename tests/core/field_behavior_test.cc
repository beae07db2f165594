#include "core/field_behavior.h"

#include <limits>
#include <string>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policytrack/v1/dataset_service.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure_service.pb.h"
#include "policytrack/v1/observation_service.pb.h"
#include "policytrack/v1/plan_service.pb.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

v1::Measure GoodMeasure() {
  v1::Measure measure;
  measure.set_plan("plans/p");
  measure.set_display_name("Charging network");
  v1::StageEntry* entry = measure.add_lifecycle();
  entry->set_stage(v1::MEASURE_STAGE_IN_FORCE);
  entry->mutable_effective_date()->set_year(2024);
  entry->mutable_effective_date()->set_month(2);
  entry->mutable_effective_date()->set_day(29);
  v1::Target* target = measure.add_targets();
  target->set_id("t");
  target->set_display_name("Charging points");
  target->set_indicator("indicators/i");
  target->set_output("value");
  target->set_relation(v1::TARGET_RELATION_AT_LEAST);
  target->set_unit("pieces");
  target->mutable_final_point()->set_period("2025");
  target->mutable_final_point()->set_value(0);
  target->mutable_assessment()->set_plugin("plugins/a");
  return measure;
}

void ExpectFault(const google::protobuf::Message& message, const char* why, const char* field,
                 const char* text = "") {
  const absl::Status status = CheckFields(message, "m");
  ASSERT_FALSE(status.ok()) << "nothing wrong with " << field;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), why) << status;
  EXPECT_EQ(MetadataOf(status, "field"), field) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(CheckFieldsTest, AGoodMeasurePasses) {
  const absl::Status status = CheckFields(GoodMeasure(), "measure");
  EXPECT_TRUE(status.ok()) << status;
}

TEST(CheckFieldsTest, RequiredAtEveryDepth) {
  v1::Measure measure = GoodMeasure();
  measure.clear_display_name();
  ExpectFault(measure, reason::kFieldRequired, "m.display_name");
  measure = GoodMeasure();
  measure.clear_lifecycle();
  ExpectFault(measure, reason::kFieldRequired, "m.lifecycle");
  measure = GoodMeasure();
  measure.mutable_lifecycle(0)->clear_stage();
  ExpectFault(measure, reason::kFieldRequired, "m.lifecycle[0].stage");
  measure = GoodMeasure();
  measure.mutable_lifecycle(0)->clear_effective_date();
  ExpectFault(measure, reason::kFieldRequired, "m.lifecycle[0].effective_date");
  measure = GoodMeasure();
  *measure.add_targets() = measure.targets(0);
  *measure.add_targets() = measure.targets(0);
  measure.mutable_targets(2)->clear_unit();
  ExpectFault(measure, reason::kFieldRequired, "m.targets[2].unit");
  measure = GoodMeasure();
  measure.mutable_targets(0)->clear_assessment();
  ExpectFault(measure, reason::kFieldRequired, "m.targets[0].assessment");
  measure = GoodMeasure();
  measure.mutable_targets(0)->mutable_assessment()->clear_plugin();
  ExpectFault(measure, reason::kFieldRequired, "m.targets[0].assessment.plugin");
}

TEST(CheckFieldsTest, APathWithoutPrefixBeginsWithTheField) {
  EXPECT_EQ(MetadataOf(CheckFields(v1::Plan(), ""), "field"), "display_name");
  EXPECT_EQ(MetadataOf(CheckFields(v1::GetPlanRequest(), ""), "field"), "name");
  v1::CreatePlanRequest create;
  create.mutable_plan();
  EXPECT_EQ(ReasonOf(CheckFields(create, "")), reason::kFieldRequired);
}

TEST(CheckFieldsTest, RequiredInsideMapValues) {
  v1::IndicatorInput input;
  input.set_slot("s");
  input.set_source("datasets/d");
  (*input.mutable_selection())["region"];
  (*input.mutable_selection())["a"].add_values("x");
  ExpectFault(input, reason::kFieldRequired, "m.selection.region.values");
}

TEST(CheckFieldsTest, TheFirstFaultInAMapIsThatOfTheSmallestKey) {
  v1::IndicatorInput input;
  input.set_slot("s");
  input.set_source("datasets/d");
  for (int i = 9; i >= 0; --i) (*input.mutable_selection())["k" + std::to_string(i)];
  ExpectFault(input, reason::kFieldRequired, "m.selection.k0.values");
}

TEST(CheckFieldsTest, NumbersWithoutPresence) {
  v1::PluginDescriptor descriptor;
  descriptor.set_id("p");
  descriptor.set_version("1.0.0");
  ExpectFault(descriptor, reason::kFieldRequired, "m.abi_major", "not 0");
  v1::ObservationColumns columns;
  columns.add_periods(0);
  columns.add_values(0);
  EXPECT_TRUE(CheckFields(columns, "").ok());
}

TEST(CheckFieldsTest, OutputOnlyFieldsAreNotLookedAt) {
  v1::Measure measure = GoodMeasure();
  measure.set_stage(static_cast<v1::MeasureStage>(77));
  measure.mutable_create_time()->set_nanos(-5);
  EXPECT_TRUE(CheckFields(measure, "m").ok());
}

TEST(CheckFieldsTest, TextsAreUtf8WithoutNul) {
  const std::string nul("a\0b", 3);
  v1::Measure measure = GoodMeasure();
  measure.set_description(nul);
  ExpectFault(measure, reason::kFieldInvalid, "m.description", "NUL");
  measure = GoodMeasure();
  measure.set_description("a\xff");
  ExpectFault(measure, reason::kFieldInvalid, "m.description", "UTF-8");
  measure = GoodMeasure();
  measure.add_regions("CN");
  measure.add_regions(nul);
  ExpectFault(measure, reason::kFieldInvalid, "m.regions[1]", "NUL");
  measure = GoodMeasure();
  (*measure.mutable_translations())["zh"].set_display_name(nul);
  ExpectFault(measure, reason::kFieldInvalid, "m.translations.zh.display_name", "NUL");
  measure = GoodMeasure();
  (*measure.mutable_translations())[nul].set_display_name("x");
  ExpectFault(measure, reason::kFieldInvalid, "m.translations.a\\000b", "NUL");
  measure = GoodMeasure();
  (*measure.mutable_targets(0)->mutable_group())["region"] = nul;
  ExpectFault(measure, reason::kFieldInvalid, "m.targets[0].group.region", "NUL");
  measure = GoodMeasure();
  measure.set_description("مقاطعة خنان 河南省\n\xf0\x9f\x9a\x97");
  EXPECT_TRUE(CheckFields(measure, "m").ok());
}

TEST(CheckFieldsTest, TextsHaveALength) {
  v1::Measure measure = GoodMeasure();
  measure.set_display_name(std::string(1000, 'x'));
  measure.set_description(std::string(64 << 10, 'x'));
  (*measure.mutable_translations())[std::string(1000, 'k')].set_description("d");
  measure.add_references()->set_title(std::string(1000, 't'));
  EXPECT_EQ(CheckFields(measure, "m").message(), "");
  measure.mutable_references(0)->set_title(std::string(1001, 't'));
  ExpectFault(measure, "FIELD_INVALID", "m.references[0].title", "1001 bytes");
  measure.mutable_references(0)->set_title("t");
  measure.set_display_name(std::string(1001, 'x'));
  ExpectFault(measure, "FIELD_INVALID", "m.display_name", "at most 1000");
  measure.set_display_name("x");
  measure.set_description(std::string((64 << 10) + 1, 'x'));
  ExpectFault(measure, "FIELD_INVALID", "m.description", "at most 65536");
  measure.clear_description();
  (*measure.mutable_translations())[std::string(1001, 'k')].set_description("d");
  EXPECT_EQ(ReasonOf(CheckFields(measure, "m")), "FIELD_INVALID");

  // Their parsers say what is too long, with reasons of their own.
  v1::ListMeasuresRequest list;
  list.set_filter(std::string(100000, 'f'));
  list.set_page_token(std::string(100000, 'p'));
  EXPECT_EQ(CheckFields(list, "").message(), "");
}

TEST(CheckFieldsTest, EnumsAreDeclared) {
  v1::Measure measure = GoodMeasure();
  measure.mutable_lifecycle(0)->set_stage(static_cast<v1::MeasureStage>(77));
  ExpectFault(measure, reason::kFieldInvalid, "m.lifecycle[0].stage", "MeasureStage");
  measure = GoodMeasure();
  measure.add_agencies()->set_display_name("a");
  measure.mutable_agencies(0)->set_role(static_cast<v1::AgencyRole>(-1));
  ExpectFault(measure, reason::kFieldInvalid, "m.agencies[0].role");
  v1::PluginInput input;
  input.set_slot("s");
  input.add_accumulations(v1::ACCUMULATION_FLOW);
  input.add_accumulations(static_cast<v1::Accumulation>(9));
  ExpectFault(input, reason::kFieldInvalid, "m.accumulations[1]");
}

TEST(CheckFieldsTest, NumbersAreFinite) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    v1::Measure measure = GoodMeasure();
    measure.mutable_targets(0)->mutable_final_point()->set_value(bad);
    ExpectFault(measure, reason::kFieldInvalid, "m.targets[0].final_point.value", "finite");
    measure = GoodMeasure();
    measure.add_parameters()->set_id("p");
    measure.mutable_parameters(0)->set_number(bad);
    ExpectFault(measure, reason::kFieldInvalid, "m.parameters[0].number", "finite");
    v1::ObservationColumns columns;
    columns.add_periods(0);
    columns.add_values(bad);
    ExpectFault(columns, reason::kFieldInvalid, "m.values[0]", "finite");
  }
}

TEST(CheckFieldsTest, DatesExist) {
  const auto check = [](int year, int month, int day) {
    v1::Plan plan;
    plan.set_display_name("p");
    plan.mutable_start_date()->set_year(year);
    plan.mutable_start_date()->set_month(month);
    plan.mutable_start_date()->set_day(day);
    return CheckFields(plan, "plan");
  };
  EXPECT_TRUE(check(2024, 2, 29).ok());
  EXPECT_TRUE(check(1, 1, 1).ok());
  EXPECT_TRUE(check(9999, 12, 31).ok());
  const int bad[][3] = {{2023, 2, 29}, {1900, 2, 29}, {2024, 4, 31},
                        {2024, 13, 1}, {2024, -1, 1}, {2024, 1, -1},
                        {2024, 1, 32}, {0, 1, 1},     {10000, 1, 1},
                        {-1, 1, 1},    {0, 0, 0},     {2024, 0, 0},
                        {2024, 9, 0},  {2024, 0, 5},  {2147483647, 2147483647, 2147483647}};
  for (const auto& date : bad) {
    const absl::Status status = check(date[0], date[1], date[2]);
    EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid)
        << date[0] << "-" << date[1] << "-" << date[2];
    EXPECT_EQ(MetadataOf(status, "field"), "plan.start_date");
  }
}

TEST(CheckFieldsTest, OnlyADateOfPublicationMayBePartial) {
  const auto check = [](int year, int month, int day) {
    v1::Plan plan;
    plan.set_display_name("p");
    v1::Reference* reference = plan.add_references();
    reference->set_title("t");
    reference->mutable_publish_date()->set_year(year);
    reference->mutable_publish_date()->set_month(month);
    reference->mutable_publish_date()->set_day(day);
    return CheckFields(plan, "plan");
  };
  EXPECT_TRUE(check(2024, 0, 0).ok());
  EXPECT_TRUE(check(2024, 9, 0).ok());
  EXPECT_TRUE(check(2024, 9, 30).ok());
  EXPECT_FALSE(check(2024, 0, 5).ok());
  EXPECT_FALSE(check(2024, 13, 0).ok());
  EXPECT_FALSE(check(2024, -1, 0).ok());
  EXPECT_FALSE(check(0, 0, 0).ok());
  EXPECT_FALSE(check(0, 9, 0).ok());
  EXPECT_FALSE(check(2024, 9, 31).ok());
  EXPECT_EQ(MetadataOf(check(2024, 9, 31), "field"), "plan.references[0].publish_date");
}

TEST(CheckFieldsTest, TimesExist) {
  v1::GetPlanRequest request;
  request.set_name("plans/p");
  request.mutable_as_of()->mutable_time()->set_seconds(1725494400);
  EXPECT_TRUE(CheckFields(request, "").ok());
  request.mutable_as_of()->mutable_time()->set_nanos(1000000000);
  EXPECT_EQ(MetadataOf(CheckFields(request, ""), "field"), "as_of.time");
  request.mutable_as_of()->mutable_time()->set_nanos(0);
  request.mutable_as_of()->mutable_time()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ReasonOf(CheckFields(request, "")), reason::kFieldInvalid);
}

v1::Indicator IndicatorWith(const google::protobuf::Value& value) {
  v1::Indicator indicator;
  indicator.set_display_name("i");
  indicator.set_plugin("plugins/p");
  v1::IndicatorInput* input = indicator.add_inputs();
  input->set_slot("s");
  input->set_source("datasets/d");
  (*indicator.mutable_parameters()->mutable_fields())["k"] = value;
  return indicator;
}

TEST(CheckFieldsTest, StructsHoldFiniteNumbersAndGoodTexts) {
  google::protobuf::Value value;
  ExpectFault(IndicatorWith(value), reason::kFieldInvalid, "m.parameters.k", "no value");
  value.set_null_value(google::protobuf::NULL_VALUE);
  EXPECT_TRUE(CheckFields(IndicatorWith(value), "m").ok());
  value.set_string_value("");
  EXPECT_TRUE(CheckFields(IndicatorWith(value), "m").ok());
  value.set_number_value(0);
  EXPECT_TRUE(CheckFields(IndicatorWith(value), "m").ok());
  value.set_number_value(std::numeric_limits<double>::infinity());
  ExpectFault(IndicatorWith(value), reason::kFieldInvalid, "m.parameters.k", "finite");
  value.set_string_value(std::string("\0", 1));
  ExpectFault(IndicatorWith(value), reason::kFieldInvalid, "m.parameters.k", "NUL");
  google::protobuf::Value list;
  list.mutable_list_value()->add_values()->set_number_value(1);
  (*list.mutable_list_value()->add_values()->mutable_struct_value()->mutable_fields())["x"]
      .set_number_value(std::numeric_limits<double>::quiet_NaN());
  ExpectFault(IndicatorWith(list), reason::kFieldInvalid, "m.parameters.k[1].x", "finite");
}

TEST(CheckFieldsTest, DeepStructsAreRefused) {
  google::protobuf::Value value;
  google::protobuf::Value* inner = &value;
  for (int i = 0; i < 10000; ++i) inner = inner->mutable_list_value()->add_values();
  inner->set_bool_value(true);
  v1::PluginParameter parameter;
  parameter.set_name("p");
  parameter.set_type(v1::PARAMETER_TYPE_NUMBER);
  parameter.mutable_default_value()->Swap(&value);
  const absl::Status status = CheckFields(parameter, "m");
  EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nested deeper"));
}

TEST(ClearOutputOnlyTest, ClearsAtEveryDepthAndNothingElse) {
  v1::UpdateMeasureRequest request;
  *request.mutable_measure() = GoodMeasure();
  request.mutable_measure()->set_name("measures/m");
  request.mutable_measure()->set_etag("\"e\"");
  (*request.mutable_measure()->mutable_translations())["zh"].set_display_name("充电");
  (*request.mutable_measure()
        ->mutable_targets(0)
        ->mutable_assessment()
        ->mutable_parameters()
        ->mutable_fields())["k"]
      .set_number_value(1);
  const v1::UpdateMeasureRequest clean = request;
  ClearOutputOnly(&request);
  EXPECT_EQ(request.DebugString(), clean.DebugString());
  request.mutable_measure()->set_revision(5);
  request.mutable_measure()->set_stage(v1::MEASURE_STAGE_COMPLETED);
  request.mutable_measure()->mutable_create_time()->set_seconds(5);
  request.mutable_measure()->mutable_delete_time();
  ClearOutputOnly(&request);
  EXPECT_EQ(request.DebugString(), clean.DebugString());
}

TEST(ClearOutputOnlyTest, InsideLists) {
  v1::PushObservationsRequest push;
  push.add_rows()->set_period("2024");
  push.add_rows()->set_revision(5);
  push.mutable_rows(1)->set_missing_reason(v1::MISSING_REASON_ZERO_BASE);
  push.mutable_rows(1)->set_value(1);
  ClearOutputOnly(&push);
  EXPECT_EQ(push.rows(1).revision(), 0);
  EXPECT_EQ(push.rows(1).missing_reason(), v1::MISSING_REASON_UNSPECIFIED);
  EXPECT_EQ(push.rows(1).value(), 1);
  EXPECT_EQ(push.rows(0).period(), "2024");
}

}  // namespace
}  // namespace policytrack
