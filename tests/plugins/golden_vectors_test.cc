// Golden vectors as a file: what is read, what is refused and with which words, and
// how a result is held against them.
#include "plugins/checks/golden_vectors.h"

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::PluginDescriptor Descriptor(v1::PluginKind kind = v1::PLUGIN_KIND_CALCULATOR) {
  v1::PluginDescriptor descriptor;
  descriptor.set_id("half");
  descriptor.set_kind(kind);
  descriptor.add_inputs()->set_slot("value");
  descriptor.add_inputs()->set_slot("reference");
  descriptor.mutable_inputs(1)->set_unaligned(true);
  descriptor.add_inputs()->set_slot("parts");
  descriptor.mutable_inputs(2)->set_spread(true);
  descriptor.add_outputs()->set_name("half");
  descriptor.add_outputs()->set_name("rest");
  return descriptor;
}

// A file with one case of these fields.
std::string File(const std::string& fields) { return "{\"cases\": [{" + fields + "}]}"; }

std::string Case(const std::string& more = "", const std::string& points = "[[\"2024\", 4]]",
                 const std::string& outputs = "{\"half\": [[\"2024\", 2]]}") {
  return File(R"("name": "one", "frequency": "YEAR", )" + more +
              R"("inputs": [{"slot": "value", "unit": "vehicles", "accumulation": "FLOW",
                 "points": )" +
              points + "}], \"outputs\": " + outputs);
}

void ExpectWrong(const std::string& file, const std::string& message,
                 v1::PluginKind kind = v1::PLUGIN_KIND_CALCULATOR) {
  const auto golden = ParseGoldenVectors(file, Descriptor(kind));
  ASSERT_FALSE(golden.ok()) << file;
  EXPECT_EQ(ReasonOf(golden.status()), reason::kFieldInvalid) << golden.status();
  EXPECT_THAT(std::string(golden.status().message()), HasSubstr(message)) << file;
}

TEST(GoldenVectorsTest, ACaseIsRead) {
  const auto golden = ParseGoldenVectors(
      Case(R"("source": "by hand", "tolerance": 0.5, "parameters": {"n": 3}, )",
           R"([["2022", 4, "ESTIMATED", "BREAK"], ["2023", null], ["2024", null, "SUPPRESSED"]])",
           R"({"half": [["2022", 2], ["2023", null, "INPUT_MISSING"]]})"),
      Descriptor());
  ASSERT_TRUE(golden.ok()) << golden.status();
  ASSERT_EQ(golden->size(), 1u);
  const GoldenCase& one = (*golden)[0];
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.frequency, v1::FREQUENCY_YEAR);
  EXPECT_EQ(one.tolerance, 0.5);
  EXPECT_EQ(one.parameters.fields().at("n").number_value(), 3);
  EXPECT_FALSE(one.assessment.has_value());
  const FedInputs inputs(one.feeds);
  EXPECT_THAT(inputs.axis, ElementsAre(2022, 2023, 2024));
  EXPECT_THAT(inputs.columns[0].values, ElementsAre(4, 0, 0));
  EXPECT_THAT(inputs.columns[0].flags,
              ElementsAre(kEstimated | kBreak, MissingFlags(v1::MISSING_REASON_INPUT_MISSING),
                          MissingFlags(v1::MISSING_REASON_SUPPRESSED)));
  EXPECT_EQ(one.outputs.size(), 1u);
}

TEST(GoldenVectorsTest, AnAssessmentHasItsTarget) {
  const std::string target = R"("assessment": {"relation": "ABOUT", "baseline_period": "2015",
                                "target_period": "2030", "tolerance_percent": 5}, )";
  const auto golden = ParseGoldenVectors(Case(target), Descriptor(v1::PLUGIN_KIND_ASSESSMENT));
  ASSERT_TRUE(golden.ok()) << golden.status();
  const AssessmentContext& context = *(*golden)[0].assessment;
  EXPECT_EQ(context.relation, v1::TARGET_RELATION_ABOUT);
  EXPECT_EQ(context.baseline_period, 2015);
  EXPECT_EQ(context.target_period, 2030);
  EXPECT_EQ(context.tolerance_percent, 5);
  ExpectWrong(Case(target), "is for plugins that judge targets");
  ExpectWrong(Case(), "`cases[0].assessment` is missing", v1::PLUGIN_KIND_ASSESSMENT);
}

TEST(GoldenVectorsTest, PartsAndPeriodsOfTheirOwn) {
  const auto golden = ParseGoldenVectors(File(R"("name": "parts", "frequency": "YEAR", "inputs": [
        {"slot": "parts", "unit": "vehicles", "accumulation": "FLOW",
         "parts": {"a": [["2023", 1], ["2024", 2]], "b": [["2024", 5]]}},
        {"slot": "reference", "unit": "vehicles", "accumulation": "FLOW", "points": [["1990", 7]]}
      ], "outputs": {"half": []})"),
                                         Descriptor());
  ASSERT_TRUE(golden.ok()) << golden.status();
  const FedInputs inputs((*golden)[0].feeds);
  EXPECT_THAT(inputs.axis, ElementsAre(2023, 2024)) << "1990 is not of an aligned slot";
  EXPECT_THAT(inputs.columns[0].values, ElementsAre(1, 7)) << "b does not count before its first";
  EXPECT_THAT(inputs.columns[1].periods, ElementsAre(1990));
  ASSERT_EQ(inputs.views[0].parts->size(), 2u);
  EXPECT_EQ(inputs.parts[0][1].columns.flags[0], MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
}

TEST(GoldenVectorsTest, WhatIsNotOfTheFormatIsNamed) {
  ExpectWrong("not JSON", "is not JSON");
  ExpectWrong("{}", "`cases` is missing");
  ExpectWrong("{\"cases\": []}", "`cases` is empty");
  ExpectWrong("{\"cases\": 3}", "`cases` is of another type");
  ExpectWrong("{\"cases\": [{}], \"extra\": 1}", "`extra` is not a field");
  ExpectWrong(std::string(kMaxGoldenBytes + 1, ' '), "more than");
  ExpectWrong(File(R"("name": "one")"), "`cases[0].frequency` is missing");
  ExpectWrong(File(R"("name": "one", "frequency": "DECADE")"), "is `DECADE`, which is none");
  ExpectWrong(Case(R"("colour": "red", )"), "`cases[0].colour` is not a field");
  ExpectWrong(Case("", "[[\"2024\"]]"), "`cases[0].inputs[0].points[0]` must be");
  ExpectWrong(Case("", "[[\"2024-01\", 1]]"), "2024-01");
  ExpectWrong(Case("", "[[\"2024\", 1], [\"2023\", 1]]"), "points[1]` does not come after");
  ExpectWrong(Case("", "[[\"2024\", 1, \"INPUT_MISSING\"]]"), "which does not go with it");
  ExpectWrong(Case("", "[[\"2024\", null, \"LOST\"]]"), "the mark `LOST`");
  ExpectWrong(Case("", "[]", "{}"), "`cases[0].outputs` names no output");
  ExpectWrong(Case("", "[]", "{\"whole\": []}"), "is no output of the plugin");
  ExpectWrong(File(R"("name": "one", "frequency": "YEAR", "inputs": [
                {"slot": "none", "unit": "vehicles", "accumulation": "FLOW", "points": []}],
                "outputs": {"half": []})"),
              "is `none`, which the plugin has not");
}

TEST(GoldenVectorsTest, AResultIsHeldAgainstThem) {
  const v1::PluginDescriptor descriptor = Descriptor();
  const auto golden = ParseGoldenVectors(
      Case(R"("tolerance": 0.01, )", "[]",
           R"({"half": [["2022", 200], ["2023", 0.5], ["2024", null, "ZERO_BASE"]]})"),
      descriptor);
  ASSERT_TRUE(golden.ok()) << golden.status();
  const auto compare = [&](double first, double second, Flags last) {
    Columns half;
    half.Append(2022, first, kNormal);
    half.Append(2023, second, kNormal);
    if (last != kBreak) half.Append(2024, 0, last);
    return CompareWithGolden(descriptor, (*golden)[0], {half, Columns()});
  };
  const Flags zero_base = MissingFlags(v1::MISSING_REASON_ZERO_BASE);
  EXPECT_TRUE(compare(200, 0.5, zero_base).ok());
  EXPECT_TRUE(compare(201.9, 0.509, zero_base).ok()) << "relative, and absolute below 1";
  const std::pair<absl::Status, std::string> wrong[] = {
      {compare(202.1, 0.5, zero_base), "at 2022, and not 200"},
      {compare(200, 0.511, zero_base), "at 2023, and not 0.5"},
      {compare(200, 0.5, MissingFlags(v1::MISSING_REASON_UNDEFINED)), "ZERO_BASE"},
      {compare(200, 0.5, kNormal), "is 0 at 2024"},
      {compare(200, 0.5, kBreak), "has 2 points and not 3"}};
  for (const auto& [status, message] : wrong) {
    EXPECT_EQ(ReasonOf(status), reason::kResultRefused) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    EXPECT_THAT(std::string(status.message()), HasSubstr("golden vector `one`"));
  }
}

}  // namespace
}  // namespace policytrack::plugins
