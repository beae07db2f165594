#include "services/app/data_gaps.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/period.h"
#include "core/period_calendar.h"
#include "core/resource_name.h"
#include "services/app/definitions.h"
#include "services/app/groups.h"
#include "services/app/judgement.h"
#include "services/app/target_progress.h"

namespace policytrack::app {
namespace {

// The first ones of many, and how many more there are.
std::string JoinFew(const std::vector<std::string>& all) {
  constexpr size_t kMaxNamed = 4;
  const size_t named = std::min(all.size(), kMaxNamed);
  return absl::StrCat(
      absl::StrJoin(all.begin(), all.begin() + static_cast<int64_t>(named), ", "),
      named == all.size() ? "" : absl::StrCat(" and ", all.size() - named, " more"));
}

// " (region = henan)" for the group of an input, as far as its rules name values.
std::string GroupWords(const ResolvedInput& input, const std::vector<std::string>& group) {
  std::vector<std::string> words;
  for (const DimensionRule& rule : input.rules) {
    std::string value;
    if (rule.group_position >= 0) {
      value = group[rule.group_position];
    } else if (!rule.allowed.empty()) {
      value = absl::StrJoin(rule.allowed, ", ");
    }
    if (!value.empty() && value != kTotal)
      words.push_back(absl::StrCat(rule.dimension, " = ", value));
  }
  return words.empty() ? "" : absl::StrCat(" (", absl::StrJoin(words, "; "), ")");
}

// Whether any of the series has a value.
absl::StatusOr<bool> AnyValue(HistoryFigures& figures, const std::vector<FeedingSeries>& all,
                              bool weights) {
  for (const FeedingSeries& series : all) {
    if (series.is_weight != weights) continue;
    PT_ASSIGN_OR_RETURN(const Columns points,
                        figures.Read(series.source, series.output, series.key, {}));
    if (std::any_of(points.flags.begin(), points.flags.end(),
                    [](Flags flags) { return !IsMissing(flags); })) {
      return true;
    }
  }
  return false;
}

// Names what has no points among the inputs of an indicator's group, down to the
// datasets.
// `seen` are the groups looked at: many ways may lead to one.
absl::Status FindEmptyInputs(HistoryFigures& figures, const std::string& indicator,
                             const std::vector<std::string>& values,
                             std::set<std::pair<std::string, std::string>>* seen,
                             std::vector<std::string>* found) {
  if (!seen->emplace(indicator, EncodeDimensionKey(values)).second) return absl::OkStatus();
  const absl::StatusOr<Calculation> calculation = figures.Resolve(indicator);
  if (!calculation.ok()) {
    return IsStoreError(calculation.status()) ? calculation.status() : absl::OkStatus();
  }
  PT_ASSIGN_OR_RETURN(const Group group, FindGroup(*calculation, figures, values));
  for (size_t i = 0; i < calculation->inputs.size(); ++i) {
    const ResolvedInput& input = calculation->inputs[i];
    if (input.optional || input.source.empty()) continue;
    const std::vector<FeedingSeries> series = SeriesFeeding(input, group.series[i]);
    if (input.weights.has_value()) {
      PT_ASSIGN_OR_RETURN(const bool weighed, AnyValue(figures, series, true));
      if (!weighed) found->push_back(input.weights->source);
    }
    PT_ASSIGN_OR_RETURN(const bool any, AnyValue(figures, series, false));
    if (any) continue;
    if (CollectionOf(input.source) == kDatasets) {
      found->push_back(absl::StrCat(input.source, GroupWords(input, values)));
      continue;
    }
    const size_t before = found->size();
    for (const std::string& key : group.series[i]) {
      PT_RETURN_IF_ERROR(FindEmptyInputs(figures, input.source,
                                         DecodeDimensionKey(key, input.rules.size()), seen, found));
    }
    if (found->size() == before) found->push_back(input.source);
  }
  return absl::OkStatus();
}

// The periods of a source that an input needs for one of its own. Of what is turned
// from running totals the one before in the same year as well.
std::vector<int64_t> NeededPeriods(const PeriodConversion& periods, int64_t period) {
  const int64_t last = LastSourcePeriod(periods, period);
  if (periods.from_accumulation != periods.to_accumulation) {
    const PeriodCalendar years(periods.from, v1::FREQUENCY_YEAR, periods.year_start_month);
    const int64_t first = years.First(years.Up(last));
    if (periods.to_accumulation == v1::ACCUMULATION_FLOW) {
      const int64_t before = LastSourcePeriod(periods, period - 1);
      return before < first ? std::vector<int64_t>{last} : std::vector<int64_t>{before, last};
    }
    std::vector<int64_t> so_far;
    for (int64_t p = first; p <= last; ++p) so_far.push_back(p);
    return so_far;
  }
  const bool only_last = periods.take_last || periods.from == periods.to ||
                         periods.from_accumulation == v1::ACCUMULATION_STOCK ||
                         periods.from_accumulation == v1::ACCUMULATION_YEAR_TO_DATE;
  std::vector<int64_t> needed;
  for (int64_t p = only_last ? last : LastSourcePeriod(periods, period - 1) + 1; p <= last; ++p) {
    needed.push_back(p);
  }
  return needed;
}

// "datasets/x (region = henan) has none for 2024-03" for the points of a period that
// an indicator's group needs and that are not there, down to the datasets.
absl::Status FindMissingPoints(HistoryFigures& figures, const std::string& indicator,
                               const std::vector<std::string>& values, int64_t period,
                               std::set<std::tuple<std::string, std::string, int64_t>>* seen,
                               std::vector<std::string>* found) {
  if (!seen->emplace(indicator, EncodeDimensionKey(values), period).second) return absl::OkStatus();
  const absl::StatusOr<Calculation> calculation = figures.Resolve(indicator);
  if (!calculation.ok()) {
    return IsStoreError(calculation.status()) ? calculation.status() : absl::OkStatus();
  }
  PT_ASSIGN_OR_RETURN(const Group group, FindGroup(*calculation, figures, values));
  for (size_t i = 0; i < calculation->inputs.size(); ++i) {
    const ResolvedInput& input = calculation->inputs[i];
    if (input.optional || input.source.empty()) continue;
    for (const FeedingSeries& series : SeriesFeeding(input, group.series[i])) {
      const std::vector<int64_t> needed = NeededPeriods(input.periods, period);
      PT_ASSIGN_OR_RETURN(
          const Columns points,
          figures.Read(series.source, series.output, series.key, {needed.front(), needed.back()}));
      std::vector<std::string> gaps;
      for (const int64_t of : needed) {
        const int64_t at = points.Find(of);
        if (at >= 0 && (!IsMissing(points.flags[at]) || IsNothing(points.flags[at]))) continue;
        if (at >= 0 && ReasonOfFlags(points.flags[at]) == v1::MISSING_REASON_JOINT_PERIOD) continue;
        if (CollectionOf(series.source) == kIndicators) {
          PT_RETURN_IF_ERROR(FindMissingPoints(figures, series.source,
                                               DecodeDimensionKey(series.key, input.rules.size()),
                                               of, seen, found));
        } else {
          gaps.push_back(FormatPeriod(input.periods.from, of));
        }
      }
      if (gaps.empty()) continue;
      const std::string words = series.is_weight ? std::string() : SeriesWords(input, series.key);
      found->push_back(absl::StrCat(series.source,
                                    words.empty() ? "" : absl::StrCat(" (", words, ")"),
                                    " has none for ", JoinFew(gaps)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WhyNoValue(HistoryFigures& figures, const v1::Target& target,
                                       const std::vector<std::string>& group, const Columns& values,
                                       std::optional<int64_t> period,
                                       const std::string& period_text) {
  std::vector<std::string> empty;
  std::set<std::pair<std::string, std::string>> seen;
  PT_RETURN_IF_ERROR(FindEmptyInputs(figures, target.indicator(), group, &seen, &empty));
  std::sort(empty.begin(), empty.end());
  empty.erase(std::unique(empty.begin(), empty.end()), empty.end());
  if (!empty.empty()) {
    return absl::StrCat("no figures yet for ", absl::StrJoin(empty, ", "));
  }
  const std::string at = period.has_value() ? absl::StrCat(" at ", period_text) : "";
  int64_t position = values.empty() ? -1 : static_cast<int64_t>(values.size()) - 1;
  if (period.has_value()) position = values.Find(*period);
  if (position < 0) {
    return period.has_value() ? absl::StrCat("no figure for ", period_text)
                              : absl::StrCat(target.indicator(), " has no output \"",
                                             target.output(), "\" for this group yet");
  }
  std::vector<std::string> gaps;
  std::set<std::tuple<std::string, std::string, int64_t>> looked_at;
  PT_RETURN_IF_ERROR(FindMissingPoints(figures, target.indicator(), group, values.periods[position],
                                       &looked_at, &gaps));
  return absl::StrCat(target.indicator(), " has no value", at, " because ",
                      MissingWords(ReasonOfFlags(values.flags[position])),
                      gaps.empty() ? "" : absl::StrCat(": ", JoinFew(gaps)));
}

namespace {

// `seen` are the indicators looked at: many ways may lead to one.
absl::StatusOr<std::string> FindFailure(HistoryFigures& figures, const std::string& indicator,
                                        std::set<std::string>* seen) {
  if (!seen->insert(indicator).second) return std::string();
  PT_ASSIGN_OR_RETURN(const auto definition,
                      LoadIndicator(figures.tx(), indicator, figures.as_of()));
  if (!definition.has_value()) return std::string();
  PT_ASSIGN_OR_RETURN(const v1::Evaluation* evaluation, figures.EvaluationOf(indicator));
  if (!evaluation->failure_reason().empty()) {
    return absl::StrCat("the last evaluation of ", indicator, " failed (",
                        evaluation->failure_reason(), ": ", evaluation->failure_message(), ")");
  }
  for (const std::string& source : ReferencesOf(*definition)) {
    if (CollectionOf(source) != kIndicators) continue;
    PT_ASSIGN_OR_RETURN(std::string failure, FindFailure(figures, source, seen));
    if (!failure.empty()) return failure;
  }
  return std::string();
}

// By indicator, key of its group and period.
using KnownVintages = std::map<std::tuple<std::string, std::string, int64_t>, int64_t>;

absl::StatusOr<int64_t> FindVintage(HistoryFigures& figures, const std::string& indicator,
                                    const std::string& key, int64_t period, KnownVintages* known);

// The vintage of what a series gives an input for a period. Which of its own periods
// that is made of only the conversion knows: of running totals the last, and not
// those between, however lately they were revised.
absl::StatusOr<int64_t> VintageOfSeries(HistoryFigures& figures, const ResolvedInput& input,
                                        const FeedingSeries& series, int64_t period,
                                        KnownVintages* known) {
  const bool computed = CollectionOf(series.source) == kIndicators;
  if (!computed && CollectionOf(series.source) != kDatasets) return 0;
  PT_ASSIGN_OR_RETURN(Columns points, figures.Read(series.source, series.output, series.key,
                                                   SourceRange(input.periods, {period, period})));
  if (computed) {
    // What was computed has the revision of its evaluation.
    points.revisions.resize(points.size());
    for (size_t i = 0; i < points.size(); ++i) {
      PT_ASSIGN_OR_RETURN(points.revisions[i], FindVintage(figures, series.source, series.key,
                                                           points.periods[i], known));
    }
  }
  const Columns converted = ConvertPeriods(points, input.periods);
  const int64_t at = converted.Find(period);
  return at < 0 || converted.revisions.empty() ? 0 : converted.revisions[at];
}

absl::StatusOr<int64_t> FindVintage(HistoryFigures& figures, const std::string& indicator,
                                    const std::string& key, int64_t period, KnownVintages* known) {
  const auto place = std::make_tuple(indicator, key, period);
  if (const auto found = known->find(place); found != known->end()) return found->second;
  const absl::StatusOr<Calculation> calculation = figures.Resolve(indicator);
  if (!calculation.ok()) {
    if (IsStoreError(calculation.status())) return calculation.status();
    return 0;
  }
  PT_ASSIGN_OR_RETURN(
      const Group group,
      FindGroup(*calculation, figures, DecodeDimensionKey(key, calculation->group_by.size())));
  int64_t greatest = 0;
  for (size_t i = 0; i < calculation->inputs.size(); ++i) {
    const ResolvedInput& input = calculation->inputs[i];
    for (const FeedingSeries& series : SeriesFeeding(input, group.series[i])) {
      PT_ASSIGN_OR_RETURN(const int64_t revision,
                          VintageOfSeries(figures, input, series, period, known));
      greatest = std::max(greatest, revision);
    }
  }
  (*known)[place] = greatest;
  return greatest;
}

}  // namespace

absl::StatusOr<std::string> FailureUpstream(HistoryFigures& figures, const std::string& indicator) {
  std::set<std::string> seen;
  return FindFailure(figures, indicator, &seen);
}

absl::StatusOr<int64_t> VintageOf(HistoryFigures& figures, const std::string& indicator,
                                  const std::vector<std::string>& values, int64_t period) {
  KnownVintages known;
  return FindVintage(figures, indicator, EncodeDimensionKey(values), period, &known);
}

std::string SeriesWords(const ResolvedInput& input, const std::string& key) {
  const std::vector<std::string> values = DecodeDimensionKey(key, input.rules.size());
  std::vector<std::string> words;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != kTotal)
      words.push_back(absl::StrCat(input.rules[i].dimension, " = ", values[i]));
  }
  return absl::StrJoin(words, ", ");
}

}  // namespace policytrack::app
