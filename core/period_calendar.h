// How the periods of one frequency lie in those of a lower one.
//
// Thread rule: plain data and free functions, any thread.
#ifndef POLICYTRACK_CORE_PERIOD_CALENDAR_H_
#define POLICYTRACK_CORE_PERIOD_CALENDAR_H_

#include <cstdint>

#include "policytrack/v1/common.pb.h"

namespace policytrack {

// Whether a month, by its ordinal, is a February.
bool IsFebruary(int64_t month);

// REQUIRES: `from` is `to`, or fills it: days fill all others, months, quarters and
// half-years what is longer. Ordinals are valid ones (core/period.h).
class PeriodCalendar {
 public:
  PeriodCalendar(v1::Frequency from, v1::Frequency to, int year_start_month)
      : from_(from), to_(to), year_start_month_(year_start_month) {}

  // The period that a source period ends in.
  int64_t Up(int64_t source) const;
  // The first and the last source period of a period.
  int64_t First(int64_t period) const;
  int64_t Last(int64_t period) const { return First(period + 1) - 1; }

 private:
  v1::Frequency from_;
  v1::Frequency to_;
  int year_start_month_;
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_PERIOD_CALENDAR_H_
