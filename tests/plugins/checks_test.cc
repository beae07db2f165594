// What every engine checks: descriptors, parameters, slots.
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "plugins/checks/descriptor.h"
#include "plugins/checks/gate.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/checks/use.h"
#include "plugins/host/allow_list.h"

namespace policytrack::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGood[] = R"({
  "id": "good", "version": "1.2.3-rc.1", "abiMajor": 1, "kind": "PLUGIN_KIND_CALCULATOR",
  "summary": "s",
  "inputs": [{"slot": "a"}, {"slot": "b_2", "optional": true, "sameUnitAs": "a"},
             {"slot": "c", "optional": true, "accumulations": ["ACCUMULATION_FLOW"]}],
  "parameters": [
    {"name": "number", "type": "PARAMETER_TYPE_NUMBER", "range": {"minimum": 0.5}},
    {"name": "integer", "type": "PARAMETER_TYPE_INTEGER", "defaultValue": 3,
     "range": {"minimum": 0, "maximum": 10}},
    {"name": "text", "type": "PARAMETER_TYPE_STRING", "choices": ["x", "y"], "defaultValue": "x"},
    {"name": "flag", "type": "PARAMETER_TYPE_BOOLEAN", "defaultValue": false}],
  "outputs": [{"name": "o", "unit": "@a"}, {"name": "required_pace", "unit": "percent"}]})";

v1::PluginDescriptor Good() {
  auto descriptor = ParseDescriptor(kGood);
  EXPECT_TRUE(descriptor.ok()) << descriptor.status();
  return descriptor.value_or(v1::PluginDescriptor());
}

google::protobuf::Struct Struct(const std::string& json) {
  google::protobuf::Struct result;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &result).ok()) << json;
  return result;
}

TEST(DescriptorTest, AGoodOnePasses) {
  EXPECT_TRUE(CheckDescriptor(Good(), "good").ok()) << CheckDescriptor(Good(), "good");
}

TEST(DescriptorTest, IsReadStrictly) {
  EXPECT_FALSE(ParseDescriptor("").ok());
  EXPECT_FALSE(ParseDescriptor("not json").ok());
  EXPECT_FALSE(ParseDescriptor("[]").ok());
  EXPECT_FALSE(ParseDescriptor(R"({"id": "x", "colour": 1})").ok());
  EXPECT_FALSE(ParseDescriptor(R"({"kind": "PLUGIN_KIND_MAGIC"})").ok());
  EXPECT_FALSE(ParseDescriptor(std::string(kMaxDescriptorBytes + 1, ' ')).ok());
}

// One change each, and the field that is blamed.
struct Flaw {
  const char* field;
  void (*make)(v1::PluginDescriptor*);
};

TEST(DescriptorTest, EveryFlawIsBlamedOnItsField) {
  using D = v1::PluginDescriptor;
  const Flaw flaws[] = {
      {"id", [](D* d) { d->clear_id(); }},
      {"id", [](D* d) { d->set_id("other"); }},
      {"version", [](D* d) { d->clear_version(); }},
      {"version", [](D* d) { d->set_version("1.2"); }},
      {"version", [](D* d) { d->set_version("1.02.3"); }},
      {"version", [](D* d) { d->set_version("1.2.3-"); }},
      {"abi_minor", [](D* d) { d->set_abi_minor(-1); }},
      {"kind", [](D* d) { d->clear_kind(); }},
      {"summary", [](D* d) { d->clear_summary(); }},
      {"inputs", [](D* d) { d->clear_inputs(); }},
      {"inputs[1].slot", [](D* d) { d->mutable_inputs(1)->set_slot("a"); }},
      {"inputs[1].slot", [](D* d) { d->mutable_inputs(1)->set_slot("B"); }},
      {"inputs[1].same_unit_as", [](D* d) { d->mutable_inputs(1)->set_same_unit_as("z"); }},
      {"inputs[1].same_unit_as", [](D* d) { d->mutable_inputs(1)->set_same_unit_as("b_2"); }},
      {"inputs[2].accumulations",
       [](D* d) { d->mutable_inputs(2)->add_accumulations(v1::ACCUMULATION_FLOW); }},
      {"parameters[0].name", [](D* d) { d->mutable_parameters(0)->set_name("host.relation"); }},
      {"parameters[1].name", [](D* d) { d->mutable_parameters(1)->set_name("number"); }},
      {"parameters[0].type", [](D* d) { d->mutable_parameters(0)->clear_type(); }},
      {"parameters[1].range",
       [](D* d) { d->mutable_parameters(1)->mutable_range()->set_maximum(-1); }},
      {"parameters[3].range",
       [](D* d) { d->mutable_parameters(3)->mutable_range()->set_maximum(1); }},
      {"parameters[1].choices", [](D* d) { d->mutable_parameters(1)->add_choices("q"); }},
      {"parameters[2].choices", [](D* d) { d->mutable_parameters(2)->add_choices("x"); }},
      {"parameters[1].default_value",
       [](D* d) { d->mutable_parameters(1)->mutable_default_value()->set_number_value(11); }},
      {"parameters[1].default_value",
       [](D* d) { d->mutable_parameters(1)->mutable_default_value()->set_number_value(2.5); }},
      {"parameters[2].default_value",
       [](D* d) { d->mutable_parameters(2)->mutable_default_value()->set_string_value("z"); }},
      {"parameters[3].default_value", [](D* d) { d->mutable_parameters(3)->set_required(true); }},
      {"outputs", [](D* d) { d->clear_outputs(); }},
      {"outputs[1].name", [](D* d) { d->mutable_outputs(1)->set_name("o"); }},
      {"outputs[0].unit", [](D* d) { d->mutable_outputs(0)->set_unit("@z"); }},
      {"outputs[0].unit", [](D* d) { d->mutable_outputs(0)->set_unit("@b_2"); }},
      {"outputs[0].unit", [](D* d) { d->mutable_outputs(0)->set_unit("furlongs"); }},
      {"outputs[0].range",
       [](D* d) {
         d->mutable_outputs(0)->mutable_range()->set_minimum(1);
         d->mutable_outputs(0)->mutable_range()->set_maximum(0);
       }},
      {"inputs", [](D* d) { d->set_kind(v1::PLUGIN_KIND_ASSESSMENT); }},
  };
  for (const Flaw& flaw : flaws) {
    v1::PluginDescriptor descriptor = Good();
    flaw.make(&descriptor);
    const absl::Status status = CheckDescriptor(descriptor, "good");
    EXPECT_FALSE(status.ok()) << descriptor.ShortDebugString();
    EXPECT_EQ(MetadataOf(status, "field"), flaw.field) << status;
  }
}

TEST(ParametersTest, DefaultsAreInForce) {
  const auto resolved = ResolveParameters(Good(), Struct(R"({"integer": 4, "flag": true})"));
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_THAT(FormatParameters(*resolved), ElementsAre("flag = true", "integer = 4", "text = x"));
}

TEST(ParametersTest, NumbersKeepTheirValueAsText) {
  const auto resolved = ResolveParameters(Good(), Struct(R"({"number": 0.7})"));
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_THAT(FormatParameters(*resolved), testing::Contains("number = 0.7"));
}

TEST(ParametersTest, OfAnUnknownOneTheNearestIsNamed) {
  const absl::Status unknown = ResolveParameters(Good(), Struct(R"({"numbre": 1})")).status();
  EXPECT_THAT(std::string(unknown.message()),
              testing::HasSubstr("has no such parameter; did you mean number? It has "));
}

TEST(ParametersTest, EachIsBlamedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"nmber": 1})", "parameters.nmber"},
      {R"({"number": "1"})", "parameters.number"},
      {R"({"number": 0.4})", "parameters.number"},
      {R"({"number": null})", "parameters.number"},
      {R"({"integer": 1.5})", "parameters.integer"},
      {R"({"integer": 1e300})", "parameters.integer"},
      {R"({"integer": 11})", "parameters.integer"},
      {R"({"text": "z"})", "parameters.text"},
      {R"({"text": 1})", "parameters.text"},
      {R"({"flag": 1})", "parameters.flag"},
      {R"({"flag": "true"})", "parameters.flag"}};
  for (const auto& [json, field] : cases) {
    const auto resolved = ResolveParameters(Good(), Struct(json));
    EXPECT_EQ(ReasonOf(resolved.status()), reason::kParametersInvalid) << json;
    EXPECT_EQ(MetadataOf(resolved.status(), "field"), field) << resolved.status();
  }
  google::protobuf::Struct infinite;
  (*infinite.mutable_fields())["number"].set_number_value(HUGE_VAL);
  EXPECT_FALSE(ResolveParameters(Good(), infinite).ok());
}

TEST(ParametersTest, ARequiredOneMustBeGiven) {
  v1::PluginDescriptor descriptor = Good();
  descriptor.mutable_parameters(0)->set_required(true);
  const auto resolved = ResolveParameters(descriptor, {});
  EXPECT_EQ(MetadataOf(resolved.status(), "field"), "parameters.number") << resolved.status();
}

InputMeta Meta(const std::string& slot, const std::string& unit,
               v1::Accumulation accumulation = v1::ACCUMULATION_FLOW,
               v1::Frequency frequency = v1::FREQUENCY_MONTH) {
  return {slot, frequency, accumulation, unit};
}

TEST(SlotsTest, AreBoundInTheOrderGiven) {
  const auto bound = BindInputs(Good(), {Meta("c", "yuan"), Meta("a", "mwh")});
  ASSERT_TRUE(bound.ok()) << bound.status();
  ASSERT_EQ(bound->size(), 2u);
  EXPECT_EQ((*bound)[0].meta.slot, "c");
  EXPECT_EQ((*bound)[1].unit_kind, "energy");
  EXPECT_EQ((*bound)[1].periods_per_year, 12);
}

TEST(SlotsTest, UnitsOfOneKindAreConverted) {
  const auto bound = BindInputs(Good(), {Meta("a", "mwh"), Meta("b_2", "kwh")});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ((*bound)[0].factor, 1);
  EXPECT_EQ((*bound)[1].factor, 0.001);
  EXPECT_EQ((*bound)[1].meta.unit, "mwh");
  Columns columns;
  columns.Append(1, 5000, kEstimated);
  EXPECT_EQ(Converted(columns, (*bound)[1].factor).values[0], 5);
}

TEST(SlotsTest, AConversionThatOverflowsIsMissing) {
  Columns columns;
  columns.Append(1, 1e307, kNormal);
  const Columns converted = Converted(columns, 1000);
  EXPECT_EQ(converted.flags[0], MissingFlags(v1::MISSING_REASON_UNDEFINED));
  EXPECT_EQ(converted.values[0], 0);
}

// One spread slot, `a`, and one that has its companion's unit.
v1::PluginDescriptor Spread() {
  v1::PluginDescriptor descriptor = Good();
  descriptor.set_abi_minor(1);
  descriptor.mutable_inputs(0)->set_spread(true);
  descriptor.mutable_inputs(1)->set_spread(true);
  return descriptor;
}

InputMeta SpreadMeta(const std::string& slot, const std::string& unit) {
  InputMeta meta = Meta(slot, unit);
  meta.spread = true;
  return meta;
}

TEST(SpreadTest, NeedsAbi11AndACalculator) {
  v1::PluginDescriptor descriptor = Spread();
  EXPECT_TRUE(CheckDescriptor(descriptor, "good").ok()) << CheckDescriptor(descriptor, "good");
  descriptor.set_abi_minor(0);
  EXPECT_EQ(MetadataOf(CheckDescriptor(descriptor, "good"), "field"), "inputs[0].spread");
  descriptor.set_abi_minor(1);
  descriptor.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  EXPECT_EQ(MetadataOf(CheckDescriptor(descriptor, "good"), "field"), "inputs[0].spread");
}

TEST(SpreadTest, PartsAndSlotsGoTogether) {
  EXPECT_TRUE(BindInputs(Spread(), {SpreadMeta("a", "yuan")}).ok());
  const auto without = BindInputs(Spread(), {Meta("a", "yuan")});
  EXPECT_EQ(MetadataOf(without.status(), "field"), "inputs[0]") << without.status();
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("must be fed with its parts"));
  const auto against = BindInputs(Good(), {SpreadMeta("a", "yuan")});
  EXPECT_EQ(MetadataOf(against.status(), "field"), "inputs[0]") << against.status();
  EXPECT_THAT(std::string(against.status().message()), HasSubstr("does not take parts"));
}

TEST(SpreadTest, PartsAreConvertedWithTheirColumn) {
  const auto bound = BindInputs(Spread(), {SpreadMeta("a", "mwh"), SpreadMeta("b_2", "kwh")});
  ASSERT_TRUE(bound.ok()) << bound.status();
  Columns column;
  column.Append(1, 5000, kNormal);
  const std::vector<Part> parts = {{"x", column}};
  const ConvertedInputs converted(*bound, {{&column, &parts}, {&column, &parts}});
  EXPECT_EQ(converted.views()[0]->values[0], 5000);
  EXPECT_EQ((*converted.views()[0].parts)[0].columns.values[0], 5000);
  EXPECT_EQ(converted.views()[1]->values[0], 5);
  EXPECT_EQ((*converted.views()[1].parts)[0].columns.values[0], 5);
  EXPECT_EQ((*converted.views()[1].parts)[0].name, "x");
}

v1::PluginDescriptor RunsScripts() {
  v1::PluginDescriptor descriptor = Good();
  descriptor.set_runs_scripts(true);
  descriptor.clear_inputs();
  descriptor.clear_outputs();
  descriptor.add_outputs()->set_name("value");
  descriptor.mutable_outputs(0)->set_unit(kUnitOfScript);
  return descriptor;
}

TEST(RunsScriptsTest, SlotsAndUnitAreThoseOfTheScripts) {
  const auto field_of = [](const v1::PluginDescriptor& descriptor) {
    return MetadataOf(CheckDescriptor(descriptor, "good"), "field");
  };
  EXPECT_TRUE(CheckDescriptor(RunsScripts(), "good").ok()) << field_of(RunsScripts());
  v1::PluginDescriptor descriptor = RunsScripts();
  descriptor.set_runs_scripts(false);
  EXPECT_EQ(field_of(descriptor), "inputs");
  descriptor = RunsScripts();
  descriptor.add_inputs()->set_slot("a");
  EXPECT_EQ(field_of(descriptor), "inputs");
  descriptor = RunsScripts();
  descriptor.mutable_outputs(0)->set_unit("percent");
  EXPECT_EQ(field_of(descriptor), "outputs");
  descriptor = RunsScripts();
  descriptor.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  EXPECT_EQ(field_of(descriptor), "runs_scripts");
  descriptor = Good();
  descriptor.mutable_outputs(0)->set_unit(kUnitOfScript);
  EXPECT_EQ(field_of(descriptor), "outputs[0].unit");
}

TEST(RunsScriptsTest, AnySlotIsFedOnceAndByItsName) {
  const auto bound = BindInputs(RunsScripts(), {Meta("sales", "yuan"), Meta("total_2", "persons")});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ((*bound)[1].meta.slot, "total_2");
  EXPECT_FALSE(BindInputs(RunsScripts(), {Meta("a", "yuan"), Meta("a", "yuan")}).ok());
  EXPECT_FALSE(BindInputs(RunsScripts(), {Meta("Sales", "yuan")}).ok());
  EXPECT_FALSE(BindInputs(RunsScripts(), {SpreadMeta("a", "yuan")}).ok());
}

TEST(SlotsTest, WhatDoesNotFitIsBlamedOnItsInput) {
  const std::pair<std::vector<InputMeta>, const char*> cases[] = {
      {{Meta("a", "yuan"), Meta("z", "yuan")}, "inputs[1].slot"},
      {{Meta("a", "yuan"), Meta("a", "yuan")}, "inputs[1].slot"},
      {{Meta("a", "yuan"), Meta("b_2", "usd")}, "inputs[1]"},
      {{Meta("a", "furlongs")}, "inputs[0]"},
      {{Meta("a", "yuan"), Meta("c", "yuan", v1::ACCUMULATION_STOCK)}, "inputs[1]"},
      {{Meta("a", "yuan"), Meta("b_2", "yuan", v1::ACCUMULATION_FLOW, v1::FREQUENCY_YEAR)},
       "inputs[1]"},
      {{Meta("a", "yuan", v1::ACCUMULATION_FLOW, v1::FREQUENCY_UNSPECIFIED)}, "inputs[0]"},
      {{Meta("c", "yuan")}, "inputs"},
      {{}, "inputs"}};
  for (const auto& [inputs, field] : cases) {
    const auto bound = BindInputs(Good(), inputs);
    EXPECT_EQ(ReasonOf(bound.status()), reason::kFieldInvalid);
    EXPECT_EQ(MetadataOf(bound.status(), "field"), field) << bound.status();
  }
}

// A range may be declared without an end; a result may not be.
TEST(GateTest, WhatIsNotFiniteIsRefusedWhateverTheRangeSays) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  v1::PluginDescriptor plugin;
  plugin.set_id("p");
  for (const auto& [least, most] : std::vector<std::pair<double, double>>{
           {-kInfinity, kInfinity}, {0, kInfinity}, {-kInfinity, 0}, {kNan, kNan}}) {
    v1::PluginOutput output;
    output.mutable_range()->set_minimum(least);
    output.mutable_range()->set_maximum(most);
    for (const double value : {kInfinity, -kInfinity, kNan}) {
      Columns columns;
      columns.periods = {1};
      columns.values = {value};
      columns.flags = {kNormal};
      EXPECT_EQ(ReasonOf(CheckResult(plugin, output, {1}, {}, &columns)), reason::kResultRefused)
          << least << " " << most << " " << value;
    }
    Columns columns;
    columns.periods = {1, 2};
    columns.values = {0, -0.0};
    columns.flags = {kNormal, kNormal};
    EXPECT_TRUE(CheckResult(plugin, output, {1, 2}, {}, &columns).ok()) << least << " " << most;
    EXPECT_FALSE(std::signbit(columns.values[1]));
  }
}

TEST(UseTest, CalculatorsAndAssessmentsAreNotMixed) {
  v1::PluginDescriptor descriptor = Good();
  AssessmentContext context{v1::TARGET_RELATION_AT_LEAST};
  EXPECT_TRUE(CheckUse(descriptor, nullptr).ok());
  EXPECT_FALSE(CheckUse(descriptor, &context).ok());
  descriptor.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  EXPECT_FALSE(CheckUse(descriptor, nullptr).ok());
  EXPECT_TRUE(CheckUse(descriptor, &context).ok());
  context.has_tolerance_percent = true;
  context.tolerance_percent = -1;
  EXPECT_FALSE(CheckUse(descriptor, &context).ok());
  context = {v1::TARGET_RELATION_UNSPECIFIED};
  EXPECT_FALSE(CheckUse(descriptor, &context).ok());
}

TEST(AllowListTest, ReadsWhatSha256sumPrints) {
  const std::string digest(64, 'a');
  const auto list = AllowList::Parse("# comment\n\n" + std::string(64, 'A') + "  x.so\r\n" +
                                     digest + " *y.json\n");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(list->Trusts("x.so", digest));
  EXPECT_TRUE(list->Trusts("y.json", digest));
  EXPECT_FALSE(list->Trusts("y.so", digest));
  EXPECT_FALSE(list->Trusts("x.so", std::string(64, 'b')));
}

TEST(AllowListTest, RefusesAnythingElseByLine) {
  const std::string digest(64, 'a');
  for (const std::string& line :
       {std::string("x"), digest, digest + "  ", digest + " x.so", digest.substr(1) + "  x.so",
        "g" + digest.substr(1) + "  x.so", digest + "  plugins/x.so"}) {
    const auto list = AllowList::Parse("\n" + line + "\n");
    EXPECT_THAT(std::string(list.status().message()), HasSubstr("line 2")) << line;
  }
}

}  // namespace
}  // namespace policytrack::plugins
