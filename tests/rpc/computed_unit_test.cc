// The units of what is computed, and incompatible ones that are refused when a
// definition is created.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/rpc/shown_unit_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using ComputedUnitTest = ShownUnitTest;

TEST_F(ComputedUnitTest, IncompatibleUnitsAreRefusedAtCreate) {
  const auto sum = [](const std::string& a, const std::string& b) {
    return absl::StrCat("plugin: 'plugins/arithmetic' inputs { slot: 'a' source: 'datasets/", a,
                        "' } inputs { slot: 'b' source: 'datasets/", b, "' }");
  };
  std::string message;
  const std::string field = "INVALID_ARGUMENT FIELD_INVALID indicator.inputs[1].source";
  EXPECT_EQ(Refused(sum("made", "money"), &message), field);
  EXPECT_THAT(message, AllOf(HasSubstr("datasets/money is in yuan and datasets/made in vehicles"),
                             HasSubstr("need units of one kind")));
  EXPECT_EQ(Refused(sum("share", "points")), field);
  EXPECT_EQ(Refused(sum("mass", "made")), field);
  // Slots that say same_unit_as: a stated total, and the set of a component.
  EXPECT_EQ(Refused("plugin: 'plugins/arithmetic' inputs { slot: 'a' source: 'datasets/made' } "
                    "inputs { slot: 'total' source: 'datasets/money' }"),
            field);
  // Published growth is in percent, and not in points or money.
  for (const char* published : {"points", "money"}) {
    EXPECT_THAT(Refused(absl::StrCat("plugin: 'plugins/growth' inputs { slot: 'value' source: "
                                     "'datasets/made' } inputs { slot: 'published' source: "
                                     "'datasets/",
                                     published, "' }")),
                HasSubstr("INVALID_ARGUMENT"));
  }
  v1::Indicator made;
  // Of one kind and another multiplier they add up.
  ASSERT_EQ(CodeOf(Create("sum", sum("made", "parked"), &made)), "OK");
  PushYear("made", 2023, 500);
  auto request = Request("indicators/sum", "vehicles", 4);
  request.set_at_least_revision(PushYear("parked", 2023, 4.35));
  request.set_filter("output = \"result\"");
  EXPECT_THAT(Values(List(request)), ElementsAre(4.4));
}

TEST_F(ComputedUnitTest, ADifferenceOfPercentagesIsInPercentagePoints) {
  MakeYearly("other-share", "percent", 0, "ACCUMULATION_LEVEL");
  v1::Indicator made;
  ASSERT_EQ(CodeOf(Create("gap", R"(plugin: "plugins/arithmetic"
      inputs { slot: "a" source: "datasets/share" }
      inputs { slot: "b" source: "datasets/other-share" }
      parameters { fields { key: "coefficient_b" value { number_value: -1 } } })",
                          &made)),
            "OK");
  PushYear("share", 2023, 25.5);
  auto request = Request("indicators/gap");
  request.set_at_least_revision(PushYear("other-share", 2023, 20));
  request.set_filter("output = \"result\" OR output = \"points\"");
  const auto rows = List(request);
  EXPECT_THAT(Units(rows), HasSubstr("points:percentage_points*0"));
  for (const auto& row : rows.observations()) {
    EXPECT_EQ(row.has_value(), row.output() == "points");
    if (row.has_value()) {
      EXPECT_EQ(row.value(), 5.5);
    }
  }
  request.set_unit("percentage_points");
  EXPECT_EQ(List(request).observations_size(), rows.observations_size());
}

TEST_F(ComputedUnitTest, AChangeOfPercentagesIsInPercentagePoints) {
  v1::Indicator made;
  ASSERT_EQ(CodeOf(Create("line", R"(plugin: "plugins/trend"
      inputs { slot: "value" source: "datasets/share" })",
                          &made)),
            "OK");
  PushYear("share", 2021, 20);
  PushYear("share", 2022, 22);
  auto request = Request("indicators/line");
  request.set_at_least_revision(PushYear("share", 2023, 24));
  const auto rows = List(request);
  EXPECT_THAT(Units(rows),
              AllOf(HasSubstr("fitted:percent*0"), HasSubstr("slope:percentage_points*0")));

  // The paces of a target in percent are told with it.
  MakePlan();
  ASSERT_EQ(CodeOf(Create("share", R"(plugin: "plugins/level"
      inputs { slot: "value" source: "datasets/share" })",
                          &made)),
            "OK");
  v1::CreateMeasureRequest create;
  create.set_measure_id("m");
  *create.mutable_measure() = MeasureOf();
  *create.mutable_measure()->add_targets() = Text<v1::Target>(R"(
      id: "t" display_name: "T" indicator: "indicators/share" output: "value"
      relation: TARGET_RELATION_AT_LEAST baseline { period: "2021" value: 20 }
      final_point { period: "2025" value: 40 } unit: "percent"
      assessment { plugin: "plugins/attainment" parameters {
        fields { key: "method" value { string_value: "linear_pace" } } } })");
  v1::Measure measure;
  ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, create, &measure)), "OK");
  v1::GetMeasureProgressRequest progress;
  progress.set_name("measures/m");
  progress.set_at_least_revision(measure.revision());
  v1::MeasureProgress told;
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, progress, &told)), "OK");
  EXPECT_EQ(told.targets(0).required_pace(), 8);
  EXPECT_EQ(told.targets(0).best_pace(), 2);
  EXPECT_TRUE(told.targets(0).has_flip_change());
  request = Request("measures/m/targets/t");
  request.set_at_least_revision(measure.revision());
  EXPECT_THAT(Units(List(request)), AllOf(HasSubstr("expected:percent*0"),
                                          HasSubstr("required_pace:percentage_points*0")));
}

TEST_F(ComputedUnitTest, ATargetInAUnitOfAnotherKindIsRefusedAtCreate) {
  MakePlan();
  v1::Indicator made;
  ASSERT_EQ(CodeOf(Create("share", R"(plugin: "plugins/level"
      inputs { slot: "value" source: "datasets/share" })",
                          &made)),
            "OK");
  for (const char* unit : {"percentage_points", "ratio", "vehicles", "no-unit"}) {
    v1::CreateMeasureRequest create;
    create.set_measure_id("m");
    *create.mutable_measure() = MeasureOf();
    *create.mutable_measure()->add_targets() = Text<v1::Target>(absl::StrCat(R"(
        id: "t" display_name: "T" indicator: "indicators/share" output: "value"
        relation: TARGET_RELATION_AT_LEAST final_point { period: "2025" value: 40 }
        assessment { plugin: "plugins/attainment" } unit: ")",
                                                                             unit, "\""));
    v1::Measure stored;
    const grpc::Status status = CALL(measures_, CreateMeasure, create, &stored);
    EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_INVALID") << unit;
    EXPECT_EQ(MetadataOf(status, "field"), "measure.targets[0].unit") << unit;
  }
}

}  // namespace
}  // namespace policytrack::rpc_test
