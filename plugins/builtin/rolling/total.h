// Totals over consecutive periods: added up as they come, or from year-to-date
// totals.
//
// Thread rule: a Running is used from one thread at a time; free functions, any.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ROLLING_TOTAL_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ROLLING_TOTAL_H_

#include <cstdint>
#include <optional>

#include "policytrack_plugin.hpp"
#include "policytrack_sum.hpp"

namespace rolling {

namespace sdk = policytrack_plugin;

struct Total {
  uint32_t reason = PT_REASON_NONE;  // why there is none
  double value = 0;
  sdk::Flags flags = 0;  // the worst quality of what it rests on
  bool broken = false;   // the series breaks between what it rests on
};

// Adds up the values of every period from a start.
class Running {
 public:
  // Takes the value of position i. Positions come in order; another start than
  // before begins anew.
  void Add(int64_t start, const sdk::Column& value, size_t i);
  // The total up to position i, the last one that was added: PART_MISSING when
  // any period since the start had no value.
  Total At(const sdk::Column& value, size_t i) const;

 private:
  std::optional<int64_t> start_;
  int64_t next_ = 0;
  sdk::Sum sum_;
  sdk::Flags flags_ = 0;
  bool whole_ = true;
  bool broken_ = false;
};

// The total of the periods after `boundary` up to that of position i, of a series
// of year-to-date totals: that of i, less that of the boundary in the same year,
// plus those of whole years between. PART_MISSING when one of these is.
// Years begin with `year_start_month`.
Total FromYearToDate(const sdk::Column& value, uint32_t frequency, int year_start_month, size_t i,
                     int64_t boundary);

}  // namespace rolling

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ROLLING_TOTAL_H_
