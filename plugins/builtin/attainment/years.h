// Years that end with a stated month, by the calendar: where a period lies in its
// year.
//
// Thread rule: immutable; const methods from any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_YEARS_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_YEARS_H_

#include <cstdint>

namespace attainment {

class Years {
 public:
  // `frequency` is a PT_FREQUENCY_ number, `end_month` from 1 to 12. Weeks are those
  // of ISO years, which end with December. Throws policytrack_plugin::Refused when no
  // period ends with the month.
  Years(uint32_t frequency, int64_t end_month);

  // The last period of the year that a period lies in.
  int64_t EndOf(int64_t period) const;
  // The last period of the year before; `end` is the last one of its year.
  int64_t EndBefore(int64_t end) const;

 private:
  uint32_t frequency_;
  int64_t end_month_;
};

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_YEARS_H_
