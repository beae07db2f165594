// The target of a year held against what there is so far in it.
//
// Thread rule: belongs to one thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_PRO_RATA_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_PRO_RATA_H_

#include <cstdint>
#include <optional>

#include "plugins/builtin/attainment/path.h"
#include "plugins/builtin/attainment/verdict.h"
#include "plugins/builtin/attainment/years.h"
#include "policytrack_plugin.hpp"

namespace attainment {

// A part of a year: periods gone and periods in all.
struct PartOfYear {
  int64_t end = 0;  // the last period of the year
  int64_t gone = 0;
  int64_t all = 0;

  double share() const { return static_cast<double>(gone) / static_cast<double>(all); }
  bool over() const { return gone == all; }
};

// What a year has brought before a period of it, from flows or from totals to date.
class YearSoFar {
 public:
  // `flows`: values are of their period, else from the start of the year.
  YearSoFar(const Years& years, bool flows) : years_(years), flows_(flows) {}

  // The next period of the axis. Begins a year anew.
  void Advance(int64_t period, policytrack_plugin::Flags flags);
  // The value at the period advanced to; `counts` when its pace does.
  void Add(double value, policytrack_plugin::Flags flags, bool counts);

  const PartOfYear& part() const { return part_; }
  // What a value at the period comes on top of, and its quality.
  double before() const { return flows_ ? sum_ : 0.0; }
  policytrack_plugin::Flags quality() const { return quality_; }
  // Whether all flows before the period are there.
  bool complete() const { return !flows_ || part_.gone - 1 == counted_; }
  bool broken() const { return broken_; }

  // The largest and smallest amount a year at which a period came in.
  std::optional<double> fastest_rise() const { return fastest_rise_; }
  std::optional<double> fastest_fall() const { return fastest_fall_; }

 private:
  Years years_;
  bool flows_;
  PartOfYear part_;
  double sum_ = 0;
  double lost_ = 0;  // what adding has rounded off
  int64_t counted_ = 0;
  int64_t last_gone_ = 0;  // of the last value of the year
  double last_total_ = 0;
  bool any_ = false;
  bool broken_ = false;
  policytrack_plugin::Flags quality_ = PT_QUALITY_NORMAL;
  std::optional<double> fastest_rise_;
  std::optional<double> fastest_fall_;
};

// Whether the goal is met for good at this part of the year.
bool MetSoFar(const Goal& goal, double total, const PartOfYear& part);

// Of a total that does not meet the goal, or not yet for good.
Verdict ProRata(const Goal& goal, double total, const PartOfYear& part);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_PRO_RATA_H_
