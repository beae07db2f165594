#include "clients/cli/diff.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policytrack/v1/measure.pb.h"

namespace policytrack::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Changes(const v1::Measure& from, const v1::Measure& to) {
  std::vector<std::string> lines;
  for (const FieldChange& change : Diff(from, to)) lines.push_back(FormatChange(change));
  return lines;
}

v1::Target* AddTarget(v1::Measure* measure, const std::string& id) {
  v1::Target* target = measure->add_targets();
  target->set_id(id);
  target->set_unit("percent");
  return target;
}

TEST(Diff, WhatTheServerSetsIsNoDifference) {
  v1::Measure a, b;
  a.set_revision(3);
  a.set_etag("\"3\"");
  a.mutable_create_time()->set_seconds(5);
  EXPECT_THAT(Changes(a, b), IsEmpty());
}

TEST(Diff, SaysOldAndNew) {
  v1::Measure a, b;
  a.set_display_name("a");
  b.set_display_name("b \"q\"");
  b.set_category("new");
  a.add_regions("CN");
  b.add_regions("CN");
  b.add_regions("CN-HA");
  EXPECT_THAT(Changes(a, b),
              ElementsAre("display_name: \"a\" -> \"b \\\"q\\\"\"", "category: (unset) -> \"new\"",
                          "regions[1]: (unset) -> \"CN-HA\""));
}

TEST(Diff, ItemsWithIdsAreComparedByThem) {
  v1::Measure a, b;
  AddTarget(&a, "one");
  AddTarget(&a, "two")->mutable_final_point()->set_value(40);
  AddTarget(&b, "zero");
  AddTarget(&b, "two")->mutable_final_point()->set_value(50);
  AddTarget(&b, "one");
  EXPECT_THAT(Changes(a, b), ElementsAre("targets[two].final_point.value: 40 -> 50",
                                         HasSubstr("targets[zero]: (unset) -> {\"id\":\"zero\"")));
}

TEST(Diff, AnotherOrderIsAChange) {
  v1::Measure a, b;
  AddTarget(&a, "one");
  AddTarget(&a, "two");
  AddTarget(&b, "two");
  AddTarget(&b, "one");
  EXPECT_THAT(Changes(a, b), ElementsAre("targets (order): one, two -> two, one"));
}

TEST(Diff, IdsThatComeAgainAreComparedByPosition) {
  v1::Measure a, b;
  for (double amount : {10000.0, 20000.0}) {
    v1::MeasureParameter* parameter = a.add_parameters();
    parameter->set_id("bonus");
    parameter->set_number(amount);
  }
  b = a;
  b.mutable_parameters(1)->set_number(15000);
  b.mutable_parameters(1)->mutable_valid_from()->set_year(2024);
  EXPECT_THAT(Changes(a, b), ElementsAre("parameters[1].number: 20000 -> 15000",
                                         "parameters[1].valid_from: (unset) -> 2024"));
}

TEST(Diff, MapsByKey) {
  v1::Measure a, b;
  (*a.mutable_translations())["zh"].set_display_name("甲");
  (*b.mutable_translations())["zh"].set_display_name("乙");
  (*b.mutable_translations())["ar"].set_display_name("x");
  EXPECT_THAT(Changes(a, b), ElementsAre("translations.ar: (unset) -> {\"display_name\":\"x\"}",
                                         "translations.zh.display_name: \"甲\" -> \"乙\""));
}

TEST(Diff, ParametersOfPluginsByKey) {
  v1::Measure a, b;
  auto* from = AddTarget(&a, "t")->mutable_assessment()->mutable_parameters();
  auto* to = AddTarget(&b, "t")->mutable_assessment()->mutable_parameters();
  (*from->mutable_fields())["limit"].set_number_value(5);
  (*to->mutable_fields())["limit"].set_string_value("5");
  EXPECT_THAT(Changes(a, b),
              ElementsAre("targets[t].assessment.parameters.fields.limit: 5 -> \"5\""));
}

}  // namespace
}  // namespace policytrack::cli
