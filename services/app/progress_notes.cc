#include "services/app/progress_notes.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/compensated_sum.h"
#include "core/observation_status.h"
#include "core/period.h"
#include "core/period_calendar.h"
#include "services/app/judgement.h"

namespace policytrack::app {
namespace {

constexpr size_t kMaxNamed = 3;

bool HasNoneByNature(v1::MissingReason reason) {
  return reason == v1::MISSING_REASON_JOINT_PERIOD || reason == v1::MISSING_REASON_HOLIDAY ||
         reason == v1::MISSING_REASON_CANNOT_EXIST;
}

}  // namespace

std::string NewerWithoutValue(const Columns& values, int64_t at, v1::Frequency frequency) {
  std::vector<std::string> words;
  size_t more = 0;
  for (size_t i = static_cast<size_t>(at) + 1; i < values.size(); ++i) {
    const v1::MissingReason reason = ReasonOfFlags(values.flags[i]);
    if (!IsMissing(values.flags[i]) || HasNoneByNature(reason)) continue;
    if (words.size() == kMaxNamed) {
      ++more;
      continue;
    }
    words.push_back(absl::StrCat(FormatPeriod(frequency, values.periods[i]),
                                 " has no value because ", MissingWords(reason)));
  }
  if (more > 0) words.push_back(absl::StrCat("nor have ", more, " later ones"));
  return absl::StrJoin(words, ", ");
}

std::optional<double> AmountOfYear(const v1::Target& target, const Columns& values, int64_t at,
                                   v1::Frequency frequency, v1::Accumulation accumulation) {
  const auto& parameters = target.assessment().parameters().fields();
  const auto method = parameters.find("method");
  if (target.assessment().plugin() != "plugins/attainment" || method == parameters.end() ||
      method->second.string_value() != "pro_rata" || accumulation != v1::ACCUMULATION_FLOW ||
      frequency == v1::FREQUENCY_WEEK || frequency == v1::FREQUENCY_YEAR) {
    return std::nullopt;
  }
  const auto end = parameters.find("year_end_month");
  const int end_month = end == parameters.end() ? 12 : static_cast<int>(end->second.number_value());
  const PeriodCalendar years(frequency, v1::FREQUENCY_YEAR, end_month % 12 + 1);
  const int64_t period = values.periods[static_cast<size_t>(at)];
  const int64_t first = years.First(years.Up(period));
  CompensatedSum sum;
  for (size_t i = 0; i <= static_cast<size_t>(at); ++i) {
    if (values.periods[i] >= first && !IsMissing(values.flags[i])) sum.Add(values.values[i]);
  }
  return sum.Value();
}

}  // namespace policytrack::app
