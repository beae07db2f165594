#include "core/period_conversion.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/compensated_sum.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/part_reasons.h"
#include "core/period.h"
#include "core/period_calendar.h"

namespace policytrack {
namespace {

PeriodCalendar StepOf(const PeriodConversion& c) { return {c.from, c.to, c.year_start_month}; }
PeriodCalendar YearsOf(const PeriodConversion& c) {
  return {c.to, v1::FREQUENCY_YEAR, c.year_start_month};
}

// What is known of the value of a result while its parts are gathered.
struct Gathered {
  Flags quality = kNormal;
  Flags marks = 0;
  int64_t revision = 0;

  void Add(const Columns& from, size_t i) {
    marks = static_cast<Flags>(marks | (from.flags[i] & kBreak));
    if (!from.revisions.empty()) revision = std::max(revision, from.revisions[i]);
    if (!IsMissing(from.flags[i])) {
      quality = std::max(quality, PropagatedQuality(from.flags[i]));
    }
  }
  void Put(int64_t period, double value, Columns* to, Flags more = 0) const {
    if (std::isfinite(value)) {
      to->Append(period, value, static_cast<Flags>(quality | marks | more), revision);
    } else {
      PutMissing(period, v1::MISSING_REASON_UNDEFINED, to);
    }
  }
  void PutMissing(int64_t period, v1::MissingReason reason, Columns* to) const {
    to->Append(period, 0, static_cast<Flags>(MissingFlags(reason) | marks), revision);
  }
};

bool IsJoint(Flags flags) { return (flags & kJoint) != 0; }

// Each February, by month, as one of January and February, with a value or without.
Columns MarkJoint(const Columns& source) {
  Columns marked;
  marked.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    const int64_t period = source.periods[i];
    const int64_t revision = source.revisions.empty() ? 0 : source.revisions[i];
    const bool february = IsFebruary(period);
    if (!february) {
      marked.Append(period, source.values[i], source.flags[i], revision);
      continue;
    }
    if (marked.empty() || marked.periods.back() < period - 1) {
      marked.Append(period - 1, 0, MissingFlags(v1::MISSING_REASON_JOINT_PERIOD), revision);
    }
    marked.Append(period, source.values[i], static_cast<Flags>(source.flags[i] | kJoint), revision);
  }
  return marked;
}

// Points [begin, end) of a series, the parts of one period of a lower frequency,
// whose first and last part these are.
struct Parts {
  const Columns& source;
  size_t begin;
  size_t end;
  int64_t first;
  int64_t last;
};

// The value of the last part, or of the last before parts that have nothing.
void TakeLast(const Parts& parts, int64_t period, Columns* to) {
  Gathered gathered;      // a break on the way to the end counts too
  size_t at = parts.end;  // none
  v1::MissingReason missing = v1::MISSING_REASON_CANNOT_EXIST;
  bool any = false;  // but parts that have nothing
  int64_t expected = parts.first;
  for (size_t i = parts.begin; i < parts.end; ++i) {
    const Flags flags = parts.source.flags[i];
    gathered.Add(parts.source, i);
    if (IsNothing(flags)) {
      if (!any) missing = NothingReason(flags, missing);
      if (parts.source.periods[i] == expected) ++expected;
      continue;
    }
    any = true;
    at = IsMissing(flags) ? parts.end : i;
    if (IsMissing(flags)) missing = ReasonAfterLast(flags);
    expected = parts.source.periods[i] + 1;
  }
  if (expected != parts.last + 1) {
    // A hole before the last part, or the last part itself that is still to come.
    const bool over = parts.source.periods[parts.end - 1] == parts.last;
    return gathered.PutMissing(
        period, over ? v1::MISSING_REASON_INPUT_MISSING : v1::MISSING_REASON_PERIOD_INCOMPLETE, to);
  }
  if (at == parts.end) return gathered.PutMissing(period, missing, to);
  gathered.quality = PropagatedQuality(parts.source.flags[at]);
  gathered.revision = parts.source.revisions.empty() ? 0 : parts.source.revisions[at];
  gathered.Put(period, parts.source.values[at], to);
}

// The sum or the mean of all parts; those that have nothing do not count.
void TakeAll(const Parts& parts, bool mean, int64_t period, Columns* to) {
  Gathered gathered;
  CompensatedSum sum;
  int count = 0;
  int64_t expected = parts.first;
  v1::MissingReason why = v1::MISSING_REASON_INPUT_MISSING;
  bool hole = false;
  bool goes_on = false;  // the last part, and nothing else is missing
  v1::MissingReason none = v1::MISSING_REASON_CANNOT_EXIST;
  for (size_t i = parts.begin; i < parts.end; ++i) {
    const int64_t part = parts.source.periods[i];
    const Flags flags = parts.source.flags[i];
    if (IsMissing(flags) && ReasonOfFlags(flags) == v1::MISSING_REASON_JOINT_PERIOD) continue;
    const bool nothing = IsNothing(flags);
    if (nothing) none = NothingReason(flags, none);
    // A joint value stands for the part before it too.
    const int64_t from = part - (IsJoint(flags) ? 1 : 0);
    gathered.Add(parts.source, i);
    if (!hole && from == expected && i + 1 == parts.end) goes_on = IsIncomplete(flags);
    hole = hole || from != expected || (IsMissing(flags) && !nothing);
    expected = part + 1;
    if (IsMissing(flags) && !nothing) why = std::max(why, ReasonAfter(flags));
    if (IsMissing(flags)) continue;
    sum.Add(parts.source.values[i]);
    ++count;
  }
  if (goes_on) why = v1::MISSING_REASON_PERIOD_INCOMPLETE;
  if (hole) return gathered.PutMissing(period, why, to);
  if (expected != parts.last + 1) {
    return gathered.PutMissing(period, v1::MISSING_REASON_PERIOD_INCOMPLETE, to);
  }
  if (count == 0) return gathered.PutMissing(period, none, to);
  gathered.Put(period, mean ? sum.Value() / count : sum.Value(), to);
}

Columns Lower(const Columns& source, const PeriodConversion& c) {
  const PeriodCalendar step = StepOf(c);
  Columns result;
  for (size_t i = 0; i < source.size();) {
    const int64_t period = step.Up(source.periods[i]);
    const int64_t last = step.Last(period);
    size_t end = i;
    while (end < source.size() && source.periods[end] <= last) ++end;
    const Parts parts{source, i, end, step.First(period), last};
    if (c.take_last || c.from_accumulation == v1::ACCUMULATION_STOCK ||
        c.from_accumulation == v1::ACCUMULATION_YEAR_TO_DATE) {
      TakeLast(parts, period, &result);
    } else {
      TakeAll(parts, c.from_accumulation == v1::ACCUMULATION_LEVEL, period, &result);
    }
    i = end;
  }
  return result;
}

// The value at a position that is the one of `period`, if there is one.
std::optional<size_t> ValueAt(const Columns& columns, size_t below, int64_t period) {
  for (size_t i = below; i-- > 0 && columns.periods[i] >= period;) {
    if (columns.periods[i] == period && !IsMissing(columns.flags[i])) return i;
  }
  return std::nullopt;
}

// Totals since the start of the year to totals of each period.
Columns Difference(const Columns& totals, const PeriodConversion& c) {
  const PeriodCalendar years = YearsOf(c);
  const bool joint = c.january_february_joint && c.to == v1::FREQUENCY_MONTH;
  Columns result;
  result.reserve(totals.size());
  for (size_t i = 0; i < totals.size(); ++i) {
    const int64_t period = totals.periods[i];
    const int64_t first = years.First(years.Up(period));
    const bool february = joint && IsFebruary(period);
    Gathered gathered;
    gathered.Add(totals, i);
    if (IsMissing(totals.flags[i])) {
      gathered.PutMissing(period, ReasonAfterLast(totals.flags[i]), &result);
      continue;
    }
    const int64_t before = period - (february ? 2 : 1);
    if (february && (result.empty() || result.periods.back() < period - 1)) {
      result.Append(period - 1, 0, MissingFlags(v1::MISSING_REASON_JOINT_PERIOD),
                    gathered.revision);
    }
    const Flags mark = february ? kJoint : Flags{0};
    if (before < first) {
      gathered.Put(period, totals.values[i], &result, mark);
      continue;
    }
    const std::optional<size_t> base = ValueAt(totals, i, before);
    if (!base.has_value()) {
      gathered.PutMissing(period, v1::MISSING_REASON_INPUT_MISSING, &result);
      continue;
    }
    gathered.Add(totals, *base);
    // A break at the earlier of two totals is behind both; one at the later lies
    // between them, and their difference would be of two things.
    gathered.marks = static_cast<Flags>(totals.flags[i] & kBreak);
    if (gathered.marks != 0) {
      gathered.PutMissing(period, v1::MISSING_REASON_SERIES_BREAK, &result);
      continue;
    }
    gathered.Put(period, totals.values[i] - totals.values[*base], &result, mark);
  }
  return result;
}

// Totals of each period to totals since the start of the year.
Columns Cumulate(const Columns& flows, const PeriodConversion& c) {
  const PeriodCalendar years = YearsOf(c);
  Columns result;
  result.reserve(flows.size());
  Gathered gathered;
  CompensatedSum sum;
  int64_t first = 0;
  int64_t expected = 0;
  int count = 0;
  v1::MissingReason why = v1::MISSING_REASON_INPUT_MISSING;
  v1::MissingReason none = v1::MISSING_REASON_CANNOT_EXIST;
  bool hole = false;
  for (size_t i = 0; i < flows.size(); ++i) {
    const int64_t period = flows.periods[i];
    const Flags flags = flows.flags[i];
    const int64_t start = years.First(years.Up(period));
    if (i == 0 || start != first) {
      gathered = Gathered();
      sum = CompensatedSum();
      first = start;
      expected = start;
      count = 0;
      why = v1::MISSING_REASON_INPUT_MISSING;
      none = v1::MISSING_REASON_CANNOT_EXIST;
      hole = false;
    }
    if (IsMissing(flags) && ReasonOfFlags(flags) == v1::MISSING_REASON_JOINT_PERIOD) {
      result.Append(period, 0, flags, flows.revisions.empty() ? 0 : flows.revisions[i]);
      continue;
    }
    gathered.Add(flows, i);
    const int64_t from = period - (IsJoint(flags) ? 1 : 0);
    const bool nothing = IsNothing(flags);
    if (nothing) none = NothingReason(flags, none);
    const bool goes_on = !hole && from == expected && IsIncomplete(flags);
    hole = hole || from != expected || (IsMissing(flags) && !nothing);
    if (IsMissing(flags) && !nothing) why = std::max(why, ReasonAfter(flags));
    sum.Add(flows.values[i]);
    count += IsMissing(flags) ? 0 : 1;
    expected = period + 1;
    if (hole) {
      gathered.PutMissing(period, goes_on ? v1::MISSING_REASON_PERIOD_INCOMPLETE : why, &result);
    } else if (count == 0) {
      gathered.PutMissing(period, none, &result);
    } else {
      gathered.Put(period, sum.Value(), &result);
    }
  }
  return result;
}

bool Changes(const PeriodConversion& c) { return c.from_accumulation != c.to_accumulation; }

int64_t Shift(int64_t period, int64_t by) {
  return period == kFirstPeriod || period == kLastPeriod ? period : period + by;
}

}  // namespace

bool PeriodConversion::identity() const {
  return from == to && from_accumulation == to_accumulation &&
         !(january_february_joint && from_accumulation == v1::ACCUMULATION_FLOW);
}

absl::Status CheckConversion(const PeriodConversion& c, absl::string_view field) {
  if (Changes(c)) {
    const auto convertible = [](v1::Accumulation a) {
      return a == v1::ACCUMULATION_FLOW || a == v1::ACCUMULATION_YEAR_TO_DATE;
    };
    if (!convertible(c.from_accumulation) || !convertible(c.to_accumulation)) {
      return FieldInvalid(
          field, absl::StrCat(v1::Accumulation_Name(c.from_accumulation), " cannot become ",
                              v1::Accumulation_Name(c.to_accumulation),
                              "; only totals of a period and totals since the start of the year "
                              "convert into one another"));
    }
    if (c.to == v1::FREQUENCY_WEEK) {
      return FieldInvalid(field,
                          "weeks lie in two years at the turn of the year, so totals since its "
                          "start and totals of weeks do not convert");
    }
  }
  if (c.take_last && c.from_accumulation == v1::ACCUMULATION_FLOW) {
    return FieldInvalid(field, "the last of several totals is not the total of all");
  }
  if (c.from != c.to) {
    const bool finer =
        c.from < c.to && c.from != v1::FREQUENCY_WEEK && c.from != v1::FREQUENCY_UNSPECIFIED;
    if (!finer) {
      return FieldInvalid(
          field, absl::StrCat("figures by ", FrequencyWord(c.from), " cannot become figures by ",
                              FrequencyWord(c.to),
                              c.from == v1::FREQUENCY_WEEK
                                  ? ": weeks do not fill months or years"
                                  : "; only a lower frequency can be made from a higher one"));
    }
    if (c.from_accumulation == v1::ACCUMULATION_YEAR_TO_DATE && c.to == v1::FREQUENCY_WEEK) {
      return FieldInvalid(field, "totals since the start of the year have no meaning by week");
    }
  }
  // A year must begin with a period of what it is made from.
  const bool needs_year = c.to == v1::FREQUENCY_YEAR ? c.from != c.to : Changes(c);
  const v1::Frequency parts = c.to == v1::FREQUENCY_YEAR ? c.from : c.to;
  const int64_t months = MonthsIn(parts);
  if (needs_year && months > 1 && (c.year_start_month - 1) % months != 0) {
    return FieldInvalid(field,
                        absl::StrCat("its year starts in month ", c.year_start_month,
                                     ", which is not the start of a ", FrequencyWord(parts)));
  }
  return absl::OkStatus();
}

Columns ConvertPeriods(const Columns& source, const PeriodConversion& c) {
  if (c.identity()) return source;
  const bool mark = c.january_february_joint && c.from == v1::FREQUENCY_MONTH &&
                    c.from_accumulation == v1::ACCUMULATION_FLOW;
  Columns columns = mark ? MarkJoint(source) : source;
  if (c.from != c.to) columns = Lower(columns, c);
  if (Changes(c)) {
    columns =
        c.to_accumulation == v1::ACCUMULATION_FLOW ? Difference(columns, c) : Cumulate(columns, c);
  }
  // Only a value can be one of two periods.
  for (Flags& flags : columns.flags) {
    if (IsMissing(flags)) flags = static_cast<Flags>(flags & ~kJoint);
  }
  return columns;
}

PeriodRange SourceRange(const PeriodConversion& c, PeriodRange range) {
  if (c.identity() || range.first > range.last) return range;
  if (Changes(c)) {
    const PeriodCalendar years = YearsOf(c);
    if (c.to_accumulation == v1::ACCUMULATION_YEAR_TO_DATE && range.first != kFirstPeriod) {
      range.first = years.First(years.Up(range.first));
    } else {
      range.first = Shift(range.first, -2);
    }
  }
  // A joint value brings the mark of the period before it.
  if (c.january_february_joint) range.last = Shift(range.last, 1);
  if (c.from == c.to) return range;
  const PeriodCalendar step = StepOf(c);
  if (range.first != kFirstPeriod) range.first = step.First(range.first);
  if (range.last != kLastPeriod) range.last = step.Last(range.last);
  return range;
}

PeriodRange ResultRange(const PeriodConversion& c, PeriodRange range) {
  if (c.identity() || range.first > range.last) return range;
  if (c.from != c.to) {
    const PeriodCalendar step = StepOf(c);
    if (range.first != kFirstPeriod) range.first = step.Up(range.first);
    if (range.last != kLastPeriod) range.last = step.Up(range.last);
  }
  if (c.january_february_joint) range.first = Shift(range.first, -1);
  if (Changes(c)) {
    const PeriodCalendar years = YearsOf(c);
    if (c.to_accumulation == v1::ACCUMULATION_YEAR_TO_DATE && range.last != kLastPeriod) {
      range.last = years.Last(years.Up(range.last));
    } else {
      range.last = Shift(range.last, 2);
    }
  }
  return range;
}

int64_t LastSourcePeriod(const PeriodConversion& c, int64_t period) {
  return c.from == c.to ? period : StepOf(c).Last(period);
}

}  // namespace policytrack
