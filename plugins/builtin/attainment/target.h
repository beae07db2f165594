// The target as the host states it: what an instance is told, and its path.
//
// Thread rule: immutable; free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_TARGET_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_TARGET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/builtin/attainment/method.h"
#include "plugins/builtin/attainment/path.h"
#include "plugins/builtin/attainment/years.h"
#include "policytrack_plugin.hpp"

namespace attainment {

// What an instance is told, checked. The constructor throws Refused.
struct Settings {
  explicit Settings(const policytrack_plugin::Setup& setup);

  // Whether both are the same part of their years, or that does not matter:
  // year-to-date totals of different parts do not compare.
  bool Comparable(int64_t a, int64_t b) const {
    return !year_to_date || (a - b) % periods_of_one_year == 0;
  }
  double YearsBetween(int64_t from, int64_t to) const {
    return static_cast<double>(to - from) / periods_per_year;
  }

  int value;
  int path;
  int path_upper;
  double periods_per_year;
  int64_t periods_of_one_year;
  bool flow;
  bool year_to_date;
  bool across_breaks;
  Relation relation;
  double tolerance_percent;
  std::optional<int64_t> baseline_period;
  std::optional<int64_t> target_period;

  // One of the two.
  std::unique_ptr<Method> method;
  std::optional<Years> years;  // pro rata
};

// The target as one computation sees it.
struct Target {
  struct Point {
    int64_t period;
    Goal goal;
  };
  std::vector<Point> points;  // interim and final ones, in order
  std::optional<Goal> goal;   // of the final point

  // The goal at a period, or null.
  const Goal* At(int64_t period) const;
};

// Throws Failed when the path does not fit what the instance was told.
Target ReadTarget(const Settings& settings, const policytrack_plugin::Call& call);

// Where progress is measured from.
struct Baseline {
  int64_t period;
  double value;
  policytrack_plugin::Flags flags;
};

// None while there is no value.
std::optional<Baseline> FindBaseline(const Settings& settings,
                                     const policytrack_plugin::Call& call);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_TARGET_H_
