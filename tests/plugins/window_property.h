// The property that evaluation rests on: what a plugin computes for a window is
// the same part of what it computes for all, byte for byte, and it stays so when
// it sees no more than the inputs that its declared window reaches.
#ifndef POLICYTRACK_TESTS_PLUGINS_WINDOW_PROPERTY_H_
#define POLICYTRACK_TESTS_PLUGINS_WINDOW_PROPERTY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/plugins/plugin_runner.h"

namespace policytrack::plugins {

// Histories to draw at random.
struct Histories {
  v1::Frequency frequency = v1::FREQUENCY_MONTH;
  int64_t first_period = 24000;
  int longest = 60;  // periods
  // Slots, with units and accumulations; their points are drawn.
  std::vector<Feed> feeds;
  double lowest = -2;
  double highest = 100;
};

// Draws histories with gaps, missing points, breaks, zeros and every quality, and
// windows in them; fails the test, with the seed, when a part differs.
void ExpectWindowsArePartsOfTheWhole(const std::string& plugin, const std::string& parameters,
                                     const Histories& histories);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_WINDOW_PROPERTY_H_
