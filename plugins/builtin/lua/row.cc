#include "plugins/builtin/lua/row.h"

#include <cstdio>
#include <utility>

#include "policytrack_calendar.hpp"

namespace policytrack_lua {

Row::Row(std::vector<ScriptInput> inputs, uint32_t frequency, int64_t look_back,
         bool handles_missing)
    : inputs_(std::move(inputs)),
      frequency_(frequency),
      look_back_(look_back),
      handles_missing_(handles_missing) {
  for (const ScriptInput& input : inputs_) names_ += (names_.empty() ? "" : ", ") + input.name;
}

int Row::Find(const char* name) const {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

bool Row::AnyMissing() const {
  for (const ScriptInput& input : inputs_) {
    if (input.column >= 0 && call_->input(input.column).missing(at_)) return true;
  }
  return false;
}

std::optional<double> Row::Read(size_t input) {
  const int index = inputs_[input].column;
  if (index < 0) return Missing(PT_REASON_INPUT_MISSING);
  const sdk::Column& column = call_->input(index);
  const sdk::Flags flags = column.flags(at_);
  flags_ = static_cast<sdk::Flags>(flags_ | (flags & PT_FLAG_BREAK));
  if (sdk::IsMissing(flags)) return Missing(PT_REASON_INPUT_MISSING);
  flags_ = static_cast<sdk::Flags>((flags_ & PT_FLAG_BREAK) | sdk::Worst(flags_, flags));
  return column.value(at_);
}

std::optional<double> Row::ReadBefore(size_t input, int64_t periods) {
  const int index = inputs_[input].column;
  if (index < 0) return Missing(PT_REASON_INPUT_MISSING);
  const sdk::Column& column = call_->input(index);
  const ptrdiff_t before = column.Find(period() - periods);
  if (before < 0) return Missing(PT_REASON_INPUT_MISSING);
  const size_t from = static_cast<size_t>(before);
  for (size_t i = from + 1; i <= at_; ++i) {
    if (sdk::IsBreak(column.flags(i))) return Missing(PT_REASON_SERIES_BREAK);
  }
  if (column.missing(from)) return Missing(PT_REASON_INPUT_MISSING);
  flags_ =
      static_cast<sdk::Flags>((flags_ & PT_FLAG_BREAK) | sdk::Worst(flags_, column.flags(from)));
  return column.value(from);
}

int64_t Row::Year() const {
  switch (frequency_) {
    case PT_FREQUENCY_DAY:
      return sdk::internal::DayOf(period()).year;
    case PT_FREQUENCY_WEEK:
      return sdk::internal::WeekOf(period()).year;
    default:
      return sdk::internal::FloorDivide(period(), sdk::internal::EqualPeriods(frequency_));
  }
}

void Row::PrintPeriod(char (&text)[32]) const {
  const long long year = Year();  // NOLINT: for printf
  const int part = static_cast<int>(period() - sdk::FirstOfYear(frequency_, period()) + 1);
  switch (frequency_) {
    case PT_FREQUENCY_DAY: {
      const sdk::internal::Day day = sdk::internal::DayOf(period());
      std::snprintf(text, sizeof(text), "%04lld-%02d-%02d", year, day.month, day.day);
      return;
    }
    case PT_FREQUENCY_WEEK:
      std::snprintf(text, sizeof(text), "%04lld-W%02d", year, part);
      return;
    case PT_FREQUENCY_MONTH:
      std::snprintf(text, sizeof(text), "%04lld-%02d", year, part);
      return;
    case PT_FREQUENCY_QUARTER:
      std::snprintf(text, sizeof(text), "%04lld-Q%d", year, part);
      return;
    case PT_FREQUENCY_HALF_YEAR:
      std::snprintf(text, sizeof(text), "%04lld-S%d", year, part);
      return;
    default:
      std::snprintf(text, sizeof(text), "%04lld", year);
  }
}

}  // namespace policytrack_lua
