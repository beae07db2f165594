// Plugins made of lambdas for tests of evaluation, one for each kind of window.
#ifndef POLICYTRACK_TESTS_APP_EVALUATION_PLUGINS_H_
#define POLICYTRACK_TESTS_APP_EVALUATION_PLUGINS_H_

#include "plugins/fake/fake_engine.h"

namespace policytrack::app {

// plugins/copy (no window), change (one period back), ahead (two periods
// ahead), total (all before), share (two inputs), weighted (an optional second
// input), either (both slots optional), parts (a spread slot, one period back),
// place (against a spread slot with periods of its own) and judge (an assessment).
void AddTestPlugins(plugins::FakeEngine* engine);

// Descriptor of a calculator with these slots and one output `value`.
v1::PluginDescriptor CalculatorDescriptor(const std::string& id,
                                          const std::vector<std::string>& slots,
                                          const std::string& output_unit);

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_EVALUATION_PLUGINS_H_
