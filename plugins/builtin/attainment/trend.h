// The series before a period, as far as judging the period needs it: its last
// points, a line through all of them, and the best pace seen.
//
// Points that do not compare are kept apart: of flows and year-to-date totals
// within a year only those of the same part of the year compare. Nothing is carried
// across a break unless told.
//
// Thread rule: belongs to one thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_TREND_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_TREND_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "policytrack_plugin.hpp"

namespace attainment {

// The quality of points that a judgement rests on, and whether a break lies among
// them or before the value.
struct Rest {
  policytrack_plugin::Flags quality = PT_QUALITY_NORMAL;
  bool broken = false;
};

// The sums of a line by least squares with weights 1 / (T - t), T the target's time.
// A factor common to all weights, such as T - tmin of the source, changes nothing.
class WeightedLine {
 public:
  // `years_before` is T - t and above 0.
  void Add(double years_before, double value);
  int count() const { return count_; }
  // The line's value at T; none of less than two points.
  std::optional<double> AtTarget() const;

 private:
  int count_ = 0;
  double years_ = 0;            // sum of T - t
  double weights_ = 0;          // sum of 1 / (T - t)
  double values_ = 0;           // sum of y
  double weighted_values_ = 0;  // sum of y / (T - t)
};

// What is known before a value.
struct Earlier {
  // The oldest of up to five points before the value, with the value the last six.
  int last_count = 0;  // how many there are
  double last_value = 0;
  double last_years_before = 0;  // before the value
  Rest last;

  WeightedLine line;  // through all points before the value; empty without a target
  Rest all;

  // Points were left out because a break lies after them.
  bool cut = false;
};

class Trend {
 public:
  struct Options {
    double periods_per_year = 1;
    // Only periods that differ by a multiple of it compare; 1: all do.
    int64_t comparable = 1;
    std::optional<int64_t> target_period;
    // From which period on paces count, and of which part of the year where only one
    // compares with the target.
    int64_t pace_from = 0;
    std::optional<int64_t> pace_part_of;
    bool across_breaks = false;
  };

  explicit Trend(const Options& options) : options_(options) {}

  // The series breaks at the next point: what comes does not compare with what was.
  void Break();
  // What is known before a value at a period that comes after all points added.
  Earlier Before(int64_t period) const;
  void Add(int64_t period, double value, policytrack_plugin::Flags flags);

  // The largest and the smallest change a year between neighbouring points, both of
  // them from pace_from on; none before there are two. Never across a break.
  std::optional<double> fastest_rise() const { return fastest_rise_; }
  std::optional<double> fastest_fall() const { return fastest_fall_; }

 private:
  struct Point {
    int64_t period;
    double value;
    policytrack_plugin::Flags quality;
    int breaks;  // up to it
  };
  // The points that compare with one another.
  struct Part {
    std::deque<Point> last;  // up to five
    WeightedLine line;
    policytrack_plugin::Flags quality = PT_QUALITY_NORMAL;
    int first_breaks = 0;
    std::optional<Point> neighbour;
  };

  double Years(int64_t from, int64_t to) const {
    return static_cast<double>(to - from) / options_.periods_per_year;
  }
  int64_t PartOf(int64_t period) const;

  Options options_;
  std::map<int64_t, Part> parts_;
  int breaks_ = 0;
  bool cut_ = false;
  std::optional<double> fastest_rise_;
  std::optional<double> fastest_fall_;
};

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_TREND_H_
