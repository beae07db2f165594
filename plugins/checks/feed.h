// Figures as a plugin is fed with them, laid out as the host lays them out: one
// axis for the aligned slots, parts that count from their first value on, the
// column of a spread slot as their sum. For whoever runs plugins without a store:
// golden vectors, plugin-check, tests.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_FEED_H_
#define POLICYTRACK_PLUGINS_CHECKS_FEED_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/engine.h"

namespace policytrack::plugins {

// One point of an input: a value, or none when missing.
struct Point {
  int64_t period;
  std::optional<double> value;
  Flags flags = kNormal;
};

// An input and what feeds it.
struct Feed {
  std::string slot;
  std::vector<Point> points;
  std::string unit = "vehicles";
  v1::Accumulation accumulation = v1::ACCUMULATION_FLOW;
  bool aligned = true;
  // Of a spread slot, by name, instead of `points`. The column is then the sum of
  // those that count, as the host makes it.
  std::map<std::string, std::vector<Point>> parts = {};
  int year_start_month = 1;
};

// Columns of points. A missing one without a reason is INPUT_MISSING.
Columns MakeColumns(const std::vector<Point>& points);

// The inputs of one computation. Views go into it, so it is not copied.
struct FedInputs {
  explicit FedInputs(const std::vector<Feed>& feeds);
  FedInputs(const FedInputs&) = delete;
  FedInputs& operator=(const FedInputs&) = delete;

  std::vector<int64_t> axis;  // the periods of the aligned feeds
  std::vector<Columns> columns;
  std::vector<std::vector<Part>> parts;
  std::vector<InputView> views;
};

// What each slot is fed with.
std::vector<InputMeta> MetasOf(v1::Frequency frequency, const std::vector<Feed>& feeds);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_FEED_H_
