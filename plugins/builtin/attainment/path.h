// The way that a target wants: baseline, interim points, final point, and what
// the relation says of values against them.
//
// Thread rule: immutable; const methods from any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_PATH_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_PATH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "policytrack_plugin.hpp"

namespace attainment {

enum class Relation { kAtLeast, kAtMost, kAbout, kWithin };

// What is wanted: a range whose ends may be infinite, and the value that is
// steered at.
class Goal {
 public:
  Goal(Relation relation, double value, std::optional<double> upper, double tolerance_percent);

  bool Met(double value) const;
  // 1 when a value that does not meet it is too small, -1 when it is too large.
  double Direction(double value) const { return value < lower_ ? 1.0 : -1.0; }
  // What a value on that side is steered at: the near end of a range.
  double Aim(double direction) const;
  // The value nearest to `value` that the goal allows, for a range; else the
  // goal's own value.
  double AimFrom(double value) const;

  Relation relation() const { return relation_; }
  double value() const { return value_; }
  // The ends of the range, which may be infinite.
  double lower() const { return lower_; }
  double upper() const { return upper_; }

 private:
  Relation relation_;
  double value_;
  double lower_;
  double upper_;
};

// A point of the way.
struct Waypoint {
  int64_t period;
  double value;
};

// How the way goes from one point to the next.
enum class Shape {
  kStraight,
  // By compound growth; straight where that is not defined (Between).
  kCompound,
};

// The way from the baseline over the points after it to the last of them, whose
// value holds after it.
class Line {
 public:
  Line(Waypoint baseline, std::vector<Waypoint> points, Shape shape);
  // None before the baseline, and after it when no point is.
  std::optional<double> At(int64_t period) const;

 private:
  std::vector<Waypoint> points_;
  Shape shape_;
};

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_PATH_H_
