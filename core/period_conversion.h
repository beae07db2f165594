// From one frequency and accumulation to another: months to quarters, totals
// since the start of the year to totals of each month, and back. One series, one
// vintage. The rules are those that DESIGN.md names "Exactly":
//
//   to a lower frequency   FLOW: the sum of all parts; LEVEL: their mean, or the
//                          value of the last part where that is asked for; STOCK
//                          and YEAR_TO_DATE: the value of the last part
//   YEAR_TO_DATE to FLOW   the difference to the period before, in the same year
//   FLOW to YEAR_TO_DATE   the sum since the start of the year
//
// the frequency first. What lacks a part is missing, never low: a period whose
// last parts have not come yet is PERIOD_INCOMPLETE, one with a hole is
// INPUT_MISSING. Parts of which the source says that there is nothing to add, such
// as holidays, are no holes (core/observation_status.h). Nothing is split: there is no way to a
// higher frequency.
//
// A dataset may publish January and February as one value, under February. Its
// value of February in a flow is a joint one: it has the flag kJoint, and January
// is missing with the reason JOINT_PERIOD. It is never divided.
//
// Thread rule: plain data and free functions, any thread.
#ifndef POLICYTRACK_CORE_PERIOD_CONVERSION_H_
#define POLICYTRACK_CORE_PERIOD_CONVERSION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack {

struct PeriodConversion {
  v1::Frequency from = v1::FREQUENCY_UNSPECIFIED;
  v1::Frequency to = v1::FREQUENCY_UNSPECIFIED;
  v1::Accumulation from_accumulation = v1::ACCUMULATION_UNSPECIFIED;
  v1::Accumulation to_accumulation = v1::ACCUMULATION_UNSPECIFIED;
  int year_start_month = 1;
  bool january_february_joint = false;  // of the source
  // That the last of several periods is taken, also of levels.
  bool take_last = false;

  // Whether it leaves every series as it is.
  bool identity() const;
};

// Ok when there is such a conversion.
// Returns INVALID_ARGUMENT / FIELD_INVALID, naming `field`: for a higher
// frequency, for weeks into anything but weeks, for years that do not begin with
// a period of the source, for accumulations other than FLOW and YEAR_TO_DATE that
// would have to change, and for the last of several flows.
absl::Status CheckConversion(const PeriodConversion& conversion, absl::string_view field);

// The series in the other form. Its quality is the worst of its parts, its break
// mark that of any, its revision the greatest.
// REQUIRES: CheckConversion is ok, periods are valid (core/period.h).
Columns ConvertPeriods(const Columns& source, const PeriodConversion& conversion);

// The source periods that the results in `range` need, and the results that
// depend on source periods in `range`. Each may be larger than needed.
PeriodRange SourceRange(const PeriodConversion& conversion, PeriodRange range);
PeriodRange ResultRange(const PeriodConversion& conversion, PeriodRange range);

// The last source period that lies within a result's period: what is known by
// then. REQUIRES: as ConvertPeriods.
int64_t LastSourcePeriod(const PeriodConversion& conversion, int64_t period);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_PERIOD_CONVERSION_H_
