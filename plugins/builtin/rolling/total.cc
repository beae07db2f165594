#include "plugins/builtin/rolling/total.h"

#include "policytrack_calendar.hpp"

namespace rolling {

void Running::Add(int64_t start, const sdk::Column& value, size_t i) {
  const int64_t period = value.period(i);
  if (start_ != start) {
    *this = Running();
    start_ = start;
    next_ = start;
  }
  whole_ &= period == next_ && !value.missing(i);
  broken_ |= period > start && sdk::IsBreak(value.flags(i));
  next_ = period + 1;
  if (value.missing(i)) return;
  sum_.Add(value.value(i));
  flags_ = sdk::Worst(flags_, value.flags(i));
}

Total Running::At(const sdk::Column& value, size_t i) const {
  Total total;
  total.reason = value.missing(i) ? PT_REASON_INPUT_MISSING
                 : whole_         ? PT_REASON_NONE
                                  : PT_REASON_PART_MISSING;
  total.value = sum_.Value();
  total.flags = flags_;
  total.broken = broken_;
  return total;
}

Total FromYearToDate(const sdk::Column& value, uint32_t frequency, int year_start_month, size_t i,
                     int64_t boundary) {
  Total total;
  sdk::Sum sum;
  int64_t earliest = 0;  // what is from there on must be of one piece
  const auto take = [&](int64_t period, double sign) {
    const ptrdiff_t at = value.Find(period);
    if (at < 0 || value.missing(static_cast<size_t>(at))) return false;
    sum.Add(sign * value.value(static_cast<size_t>(at)));
    total.flags = sdk::Worst(total.flags, value.flags(static_cast<size_t>(at)));
    return true;
  };
  int64_t end = value.period(i);
  while (true) {
    if (!take(end, 1)) {
      total.reason = end == value.period(i) ? PT_REASON_INPUT_MISSING : PT_REASON_PART_MISSING;
      return total;
    }
    const int64_t first = sdk::FirstOfYear(frequency, end, year_start_month);
    earliest = first;
    if (boundary >= first) {
      earliest = boundary;
      if (!take(boundary, -1)) {
        total.reason = PT_REASON_PART_MISSING;
        return total;
      }
      break;
    }
    if (boundary == first - 1) break;
    end = first - 1;
  }
  for (size_t j = i + 1; j-- > 0 && value.period(j) > earliest;) {
    total.broken |= sdk::IsBreak(value.flags(j));
  }
  total.value = sum.Value();
  return total;
}

}  // namespace rolling
