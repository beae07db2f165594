#include "clients/cli/yaml_document.h"

#include "clients/cli/apply_order.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"

namespace policytrack::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kMeasure[] = R"(kind: Measure
name: measures/charging
plan: plans/p
display_name: 充电网络
language_code: zh
lifecycle:
  - stage: MEASURE_STAGE_ADOPTED
    effective_date: 2024-11-09
translations:
  ar:
    display_name: شبكة الشحن
targets:
  - id: piles
    display_name: Piles
    indicator: indicators/piles
    output: level
    group: {region: CN}
    relation: TARGET_RELATION_AT_LEAST
    baseline: {period: 2023, value: 1.5}
    final_point: {period: "2025", value: 3e2}
    unit: points
    unit_multiplier: 4
    assessment:
      plugin: plugins/attainment
      parameters: {method: linear, strict: true, text: "5", limit: 5, none: null, list: [1, a]}
parameters:
  - id: bonus
    number: 20000
    valid_from: 2024-08-24
    references: [{title: Notice, publish_date: 2024-08}]
)";

std::vector<ResourceDocument> Parse(const std::string& text, std::vector<std::string>* errors) {
  std::vector<Diagnostic> diagnostics;
  auto documents = ParseDocuments(text, "f.yaml", &diagnostics);
  for (const Diagnostic& d : diagnostics) errors->push_back(FormatDiagnostic(d));
  return documents;
}

// The one error of a text.
std::string OneError(const std::string& text) {
  std::vector<std::string> errors;
  Parse(text, &errors);
  EXPECT_THAT(errors, SizeIs(1)) << text;
  return errors.empty() ? "" : errors[0];
}

v1::Measure ParseMeasure(const std::string& text) {
  std::vector<std::string> errors;
  auto documents = Parse(text, &errors);
  EXPECT_THAT(errors, IsEmpty());
  if (documents.size() != 1) return {};
  return static_cast<const v1::Measure&>(*documents[0].message);
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(YamlDocument, ReadsEveryShapeOfField) {
  const v1::Measure m = ParseMeasure(kMeasure);
  EXPECT_EQ(m.name(), "measures/charging");
  EXPECT_EQ(m.display_name(), "充电网络");
  EXPECT_EQ(m.translations().at("ar").display_name(), "شبكة الشحن");
  ASSERT_EQ(m.lifecycle_size(), 1);
  EXPECT_EQ(m.lifecycle(0).stage(), v1::MEASURE_STAGE_ADOPTED);
  EXPECT_EQ(m.lifecycle(0).effective_date().day(), 9);
  const v1::Target& t = m.targets(0);
  EXPECT_EQ(t.group().at("region"), "CN");
  // A plain number is the text that it is where a text belongs.
  EXPECT_EQ(t.baseline().period(), "2023");
  EXPECT_EQ(t.baseline().value(), 1.5);
  EXPECT_EQ(t.final_point().period(), "2025");
  EXPECT_EQ(t.final_point().value(), 300);
  EXPECT_EQ(t.unit_multiplier(), 4);
  EXPECT_EQ(m.parameters(0).number(), 20000);
  EXPECT_EQ(m.parameters(0).valid_from().day(), 24);
  EXPECT_EQ(m.parameters(0).references(0).publish_date().month(), 8);
  EXPECT_EQ(m.parameters(0).references(0).publish_date().day(), 0);
}

TEST(YamlDocument, QuotesDecideTheTypeWhereTheContractLeavesItOpen) {
  const v1::Measure m = ParseMeasure(kMeasure);
  const auto& parameters = m.targets(0).assessment().parameters().fields();
  EXPECT_EQ(parameters.at("text").string_value(), "5");
  EXPECT_EQ(parameters.at("limit").number_value(), 5);
  EXPECT_TRUE(parameters.at("strict").bool_value());
  EXPECT_EQ(parameters.at("method").string_value(), "linear");
  EXPECT_TRUE(parameters.at("none").has_null_value());
  EXPECT_EQ(parameters.at("list").list_value().values_size(), 2);
}

TEST(YamlDocument, WhatGetWritesIsWhatApplyReads) {
  const v1::Measure m = ParseMeasure(kMeasure);
  const std::string yaml = MessageToYaml(m, "Measure");
  EXPECT_THAT(yaml, HasSubstr("effective_date: 2024-11-09"));
  EXPECT_THAT(yaml, HasSubstr("period: \"2023\""));
  EXPECT_THAT(yaml, HasSubstr("充电网络"));
  const v1::Measure again = ParseMeasure(yaml);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(m, again)) << yaml;
}

TEST(YamlDocument, KeepsDocumentsApartAndPassesOverEmptyOnes) {
  std::vector<std::string> errors;
  auto documents = Parse(
      "---\nkind: Plan\nname: plans/a\ndisplay_name: A\n---\n---\n"
      "kind: Plan\nname: plans/b\ndisplay_name: \"007\"\n...\n",
      &errors);
  EXPECT_THAT(errors, IsEmpty());
  ASSERT_THAT(documents, SizeIs(2));
  EXPECT_EQ(documents[1].name, "plans/b");
  EXPECT_EQ(TextOf(*documents[1].message, "display_name"), "007");
}

TEST(YamlDocument, AcceptsWhatAServerWroteAndDropsWhatOnlyItSets) {
  const v1::Measure m = ParseMeasure(std::string(kMeasure) +
                                     "create_time: 2024-11-12T08:00:00Z\nrevision: \"12\"\n"
                                     "etag: '\"12\"'\n");
  EXPECT_EQ(m.revision(), 0);
  EXPECT_FALSE(m.has_create_time());
  EXPECT_EQ(m.etag(), "\"12\"");
}

TEST(YamlDocument, RefusesWithFileLineAndColumn) {
  const std::string m = kMeasure;
  EXPECT_THAT(OneError("kind: Plan\n  name: x\n"), HasSubstr("f.yaml:2:"));
  EXPECT_THAT(OneError("kind: Plan\n  name: x\n"), HasSubstr("this is not YAML"));
  EXPECT_THAT(OneError("- a\n"), HasSubstr("f.yaml:1:1: a document must be a map"));
  EXPECT_THAT(OneError("name: plans/x\n"), HasSubstr("f.yaml:1:1: `kind` is missing"));
  EXPECT_THAT(OneError("kind: Plam\nname: plans/x\n"),
              HasSubstr("f.yaml:1:7: there is no kind `Plam`; write one of Plan, Dataset"));
  EXPECT_THAT(OneError("kind: Plan\ndisplay_name: x\n"), HasSubstr("f.yaml:1:1: name: "));
  EXPECT_THAT(OneError("kind: Plan\nname: measures/x\ndisplay_name: x\n"),
              HasSubstr("f.yaml:2:7: name: "));
  EXPECT_THAT(OneError(Replaced(m, "    unit: points", "    units: points")),
              HasSubstr("f.yaml:21:5: `Target` has no field `units`; its fields are id,"));
  EXPECT_THAT(OneError(Replaced(m, "plan: plans/p", "plan: plans/p\nplan: plans/q")),
              HasSubstr("f.yaml:4:1: `plan` is here twice"));
  EXPECT_THAT(OneError(Replaced(m, "plan: plans/p", "displayName: x\nplan: plans/p")),
              HasSubstr("f.yaml:5:1: `display_name` is here twice"));
  EXPECT_THAT(OneError(Replaced(m, "{region: CN}", "{region: CN, region: DE}")),
              HasSubstr("f.yaml:17:25: `region` is here twice"));
  EXPECT_THAT(OneError(Replaced(m, "value: 1.5", "value: '1,5'")),
              HasSubstr("`targets[0].baseline.value` must be a number"));
  EXPECT_THAT(OneError(Replaced(m, "value: 1.5", "value: .inf")), HasSubstr("must be a number"));
  EXPECT_THAT(OneError(Replaced(m, "value: 1.5", "value: 0x10")), HasSubstr("must be a number"));
  EXPECT_THAT(OneError(Replaced(m, "unit_multiplier: 4", "unit_multiplier: 4.5")),
              HasSubstr("f.yaml:22:22: `targets[0].unit_multiplier` must be a whole number"));
  EXPECT_THAT(OneError(Replaced(m, "MEASURE_STAGE_ADOPTED", "ADOPTED")),
              HasSubstr("must be one of MEASURE_STAGE_PROPOSED, MEASURE_STAGE_ADOPTED"));
  EXPECT_THAT(OneError(Replaced(m, "2024-11-09", "2024-02-30")), HasSubstr("not in the calendar"));
  EXPECT_THAT(OneError(Replaced(m, "2024-11-09", "9.11.2024")), HasSubstr("is not a date"));
  EXPECT_THAT(OneError(Replaced(m, "plan: plans/p", "plan:")),
              HasSubstr("f.yaml:3:1: `plan` is empty"));
  EXPECT_THAT(OneError(Replaced(m, "plan: plans/p", "plan: [plans/p]")),
              HasSubstr("`plan` must be a text, but it is a list"));
  EXPECT_THAT(OneError(Replaced(m, "    number: 20000", "    number: 20000\n    text: x")),
              HasSubstr("cannot stand beside another of the choices for `value`"));
  EXPECT_THAT(OneError("kind: Dataset\nname: datasets/x\ndimensions: {id: a}\n"),
              HasSubstr("f.yaml:3:13: `dimensions` must be a list, but it is a map"));
}

TEST(YamlDocument, SaysWhatToWrite) {
  const std::string m = kMeasure;
  EXPECT_THAT(OneError(Replaced(m, "2024-11-09", "2025")),
              HasSubstr("`lifecycle[0].effective_date` is `2025`; write a whole day such as "
                        "2025-01-31"));
  EXPECT_THAT(OneError(Replaced(m, "2024-08-24", "2025-08")), HasSubstr("write a whole day"));
  EXPECT_THAT(OneError(Replaced(m, "value: 1.5", "value: 1e400")),
              HasSubstr("`targets[0].baseline.value`: `1e400` is too large for a number"));
  // Where any type can stand, it must not become a text.
  EXPECT_THAT(OneError(Replaced(m, "limit: 5", "limit: 1e400")),
              HasSubstr("`1e400` is too large for a number"));
}

TEST(YamlDocument, RefusesARequiredFieldThatIsMissing) {
  EXPECT_THAT(OneError("kind: Plan\nname: plans/x\n"),
              testing::AllOf(HasSubstr("f.yaml:1:1: "), HasSubstr("display_name")));
  EXPECT_THAT(OneError(Replaced(kMeasure, "    output: level\n", "")),
              testing::AllOf(HasSubstr("f.yaml:13:5: "), HasSubstr("targets[0].output")));
}

TEST(YamlDocument, TellsAllErrorsOfAllDocuments) {
  std::vector<std::string> errors;
  auto documents = Parse(
      "kind: Plan\nname: plans/a\ndisplay_name: A\nfoo: 1\nbar: 2\n---\nkind: Nothing\n---\n"
      "kind: Plan\nname: plans/b\ndisplay_name: B\n",
      &errors);
  EXPECT_THAT(errors, ElementsAre(HasSubstr("f.yaml:4:1: "), HasSubstr("f.yaml:5:1: "),
                                  HasSubstr("f.yaml:7:7: ")));
  EXPECT_THAT(documents, SizeIs(1));
}

TEST(YamlDocument, AnAliasThatHoldsItselfHasAnEnd) {
  std::vector<std::string> errors;
  Parse(
      "kind: Indicator\nname: indicators/x\ndisplay_name: x\nplugin: plugins/p\n"
      "inputs: [{slot: a, source: datasets/x}]\nparameters: &loop {again: *loop}\n",
      &errors);
  EXPECT_THAT(errors, testing::Not(IsEmpty()));
}

TEST(YamlDocument, FindsThePlaceOfAFieldThatTheServerNames) {
  std::vector<std::string> errors;
  auto documents = Parse(kMeasure, &errors);
  ASSERT_THAT(documents, SizeIs(1));
  EXPECT_EQ(FindPosition(documents[0], "measure.targets[0].unit").line, 21);
  EXPECT_EQ(FindPosition(documents[0], "targets[0].unit").line, 21);
  EXPECT_EQ(FindPosition(documents[0], "measure.targets[0].tolerance_percent").line, 13);
  EXPECT_EQ(FindPosition(documents[0], "etag").line, 1);
}

TEST(YamlDocument, FindsThePlaceOfARefusalWithoutAField) {
  std::vector<std::string> errors;
  auto documents = Parse(kMeasure, &errors);
  ASSERT_THAT(documents, SizeIs(1));
  EXPECT_EQ(FindRefusal(documents[0], NotFound("plans/p", "measure.plan: there is none")).line, 3);
  EXPECT_EQ(FindRefusal(documents[0], NotFound("indicators/piles", "`x` does not exist")).line, 15);
  EXPECT_EQ(FindRefusal(documents[0], NotFound("indicators/piles", "no: such")).line, 15);
  EXPECT_EQ(FindRefusal(documents[0], NotFound("measures/charging", "is deleted")).line, 1);
  EXPECT_EQ(FindRefusal(documents[0], NotFound("plans/other", "is not there")).line, 1);
  EXPECT_EQ(FindRefusal(documents[0], FieldInvalid("measure.targets[0].unit", "no")).line, 21);
}

TEST(YamlDocument, NamesAreUniqueOverAllFiles) {
  std::vector<Diagnostic> errors;
  std::vector<ResourceDocument> documents;
  for (const char* file : {"a.yaml", "b.yaml"}) {
    for (auto& d : ParseDocuments("kind: Plan\nname: plans/x\ndisplay_name: X\n", file, &errors)) {
      documents.push_back(std::move(d));
    }
  }
  CheckUniqueNames(documents, &errors);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(FormatDiagnostic(errors[0]), "b.yaml:2:7: `plans/x` is already at a.yaml:2");
}

std::string Indicator(const std::string& id, const std::string& source) {
  return "---\nkind: Indicator\nname: indicators/" + id +
         "\ndisplay_name: x\nplugin: plugins/p\ninputs: [{slot: a, source: " + source + "}]\n";
}

std::vector<std::string> Order(const std::string& text, std::vector<Diagnostic>* errors) {
  auto documents = ParseDocuments(text, "f.yaml", errors);
  SortByDependency(&documents, errors);
  std::vector<std::string> names;
  for (const ResourceDocument& document : documents) names.push_back(document.name);
  return names;
}

TEST(ApplyOrder, WhatIsReferredToComesFirst) {
  std::vector<Diagnostic> errors;
  const std::string dataset =
      "---\nkind: Dataset\nname: datasets/d\ndisplay_name: D\nunit: vehicles\n"
      "frequency: FREQUENCY_YEAR\naccumulation: ACCUMULATION_FLOW\n";
  EXPECT_THAT(Order(std::string(kMeasure) + Indicator("c", "indicators/b") +
                        Indicator("b", "indicators/a") + Indicator("a", "datasets/d") +
                        Indicator("z", "indicators/elsewhere") + dataset +
                        "---\nkind: Plan\nname: plans/p\ndisplay_name: P\n",
                    &errors),
              ElementsAre("plans/p", "datasets/d", "indicators/a", "indicators/b", "indicators/c",
                          "indicators/z", "measures/charging"));
  EXPECT_THAT(errors, IsEmpty());
}

TEST(ApplyOrder, WhatWeighsComesFirstToo) {
  std::vector<Diagnostic> errors;
  const std::string weighted =
      "---\nkind: Indicator\nname: indicators/a\ndisplay_name: x\nplugin: plugins/p\n"
      "inputs: [{slot: a, source: datasets/d, aggregation: AGGREGATION_WEIGHTED_MEAN,\n"
      "          weight_source: indicators/w}]\n";
  EXPECT_THAT(Order(weighted + Indicator("w", "datasets/d"), &errors),
              ElementsAre("indicators/w", "indicators/a"));
  EXPECT_THAT(errors, IsEmpty());
}

TEST(ApplyOrder, RefusesACircle) {
  std::vector<Diagnostic> errors;
  Order(Indicator("a", "indicators/b") + Indicator("b", "indicators/a"), &errors);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].message, HasSubstr("indicators/a <- indicators/b <- indicators/a"));
  EXPECT_EQ(errors[0].line, 6);
}

}  // namespace
}  // namespace policytrack::cli
