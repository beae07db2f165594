// The fake engine keeps the contract that tests above it rely on.
#include "plugins/fake/fake_engine.h"

#include "core/error.h"
#include "gtest/gtest.h"

namespace policytrack::plugins {
namespace {

v1::PluginDescriptor Doubler() {
  v1::PluginDescriptor d;
  d.set_id("doubler");
  d.set_version("1.0.0");
  d.set_abi_major(1);
  d.set_kind(v1::PLUGIN_KIND_CALCULATOR);
  d.set_summary("Doubles.");
  d.add_inputs()->set_slot("value");
  v1::PluginParameter* p = d.add_parameters();
  p->set_name("factor");
  p->set_type(v1::PARAMETER_TYPE_NUMBER);
  p->mutable_default_value()->set_number_value(2);
  v1::PluginOutput* o = d.add_outputs();
  o->set_name("product");
  o->set_unit("@value");
  return d;
}

absl::StatusOr<std::vector<Columns>> Multiply(const std::vector<int64_t>& axis,
                                              const std::vector<InputView>& inputs,
                                              PeriodRange window,
                                              const google::protobuf::Struct& parameters) {
  Columns out;
  for (size_t i = 0; i < axis.size(); ++i) {
    if (!window.Contains(axis[i])) continue;
    out.Append(axis[i], inputs[0]->values[i] * parameters.fields().at("factor").number_value(),
               inputs[0]->flags[i]);
  }
  return std::vector<Columns>{out};
}

const std::vector<InputMeta> kInputs = {
    {"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles"}};

TEST(FakeEngineTest, ComputesWithTheParametersInForce) {
  FakeEngine engine;
  ASSERT_TRUE(engine.AddPlugin(Doubler(), {1, 0}, Multiply).ok());
  auto instance = engine.MakeInstance("plugins/doubler", {}, kInputs, nullptr);
  ASSERT_TRUE(instance.ok()) << instance.status();
  EXPECT_EQ((*instance)->window().look_back, 1);
  Columns input;
  input.Append(2020, 3, kNormal);
  input.Append(2021, 4, kProvisional);
  const auto result = (*instance)->Compute({2020, 2021}, {&input}, {2021, 2021});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].periods, std::vector<int64_t>{2021});
  EXPECT_EQ((*result)[0].values[0], 8);
  EXPECT_EQ(engine.EffectiveParameters("plugins/doubler", {}).value(),
            std::vector<std::string>{"factor = 2"});
}

TEST(FakeEngineTest, ResultsPassTheGate) {
  FakeEngine engine;
  ASSERT_TRUE(engine
                  .AddPlugin(Doubler(), {},
                             [](const auto&, const auto&, auto, const auto&) {
                               Columns out;
                               out.Append(1999, 1, kNormal);
                               return std::vector<Columns>{out};
                             })
                  .ok());
  auto instance = engine.MakeInstance("plugins/doubler", {}, kInputs, nullptr);
  ASSERT_TRUE(instance.ok()) << instance.status();
  Columns input;
  input.Append(2020, 3, kNormal);
  EXPECT_EQ(ReasonOf((*instance)->Compute({2020}, {&input}, {}).status()), reason::kResultRefused);
}

TEST(FakeEngineTest, StateAndDigestAreAsSet) {
  FakeEngine engine;
  ASSERT_TRUE(engine.AddPlugin(Doubler(), {}, Multiply).ok());
  EXPECT_EQ(engine.PluginDigest("plugins/doubler").size(), 64u);
  engine.SetDigest("plugins/doubler", "abc");
  EXPECT_EQ(engine.PluginDigest("plugins/doubler"), "abc");
  engine.SetState("plugins/doubler", v1::PLUGIN_STATE_BROKEN, "worn out");
  EXPECT_EQ(engine.PluginDigest("plugins/doubler"), "");
  EXPECT_EQ(engine.GetPlugin("plugins/doubler")->state_message(), "worn out");
  const auto instance = engine.MakeInstance("plugins/doubler", {}, kInputs, nullptr);
  EXPECT_EQ(ReasonOf(instance.status()), reason::kPluginNotActive);
  EXPECT_EQ(ReasonOf(engine.GetPlugin("plugins/none").status()), reason::kResourceNotFound);
  EXPECT_EQ(engine.ListPlugins().size(), 1u);
}

TEST(FakeEngineTest, RefusesABadDescriptor) {
  FakeEngine engine;
  v1::PluginDescriptor bad = Doubler();
  bad.clear_version();
  EXPECT_FALSE(engine.AddPlugin(bad, {}, Multiply).ok());
}

}  // namespace
}  // namespace policytrack::plugins
