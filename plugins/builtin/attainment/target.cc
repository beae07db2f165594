#include "plugins/builtin/attainment/target.h"

#include <cmath>

namespace attainment {

namespace sdk = policytrack_plugin;

namespace {

constexpr char kProRata[] = "pro_rata";

Relation RelationOf(const std::string& text) {
  if (text == "at_least") return Relation::kAtLeast;
  if (text == "at_most") return Relation::kAtMost;
  if (text == "about") return Relation::kAbout;
  if (text == "within") return Relation::kWithin;
  throw sdk::Refused("the relation " + text + " is not known");
}

std::optional<int64_t> OptionalInteger(const sdk::Parameters& parameters, const char* name) {
  if (!parameters.Has(name)) return std::nullopt;
  return parameters.Integer(name);
}

std::optional<double> OptionalNumber(const sdk::Parameters& parameters, const char* name) {
  if (!parameters.Has(name)) return std::nullopt;
  return parameters.Number(name);
}

constexpr int64_t kMonthsOfYear = 12;

// The month with which the year of the target ends: the stated one, or the one
// before that in which the year of the series begins. Totals to date have that year
// and no other.
int64_t YearEndMonth(const sdk::Setup& setup, bool year_to_date) {
  const int64_t start = setup.Input("value").year_start_month;
  const int64_t own = start == 1 ? kMonthsOfYear : start - 1;
  const int64_t end = OptionalInteger(setup.parameters, "year_end_month").value_or(own);
  if (year_to_date && end != own) {
    throw sdk::Refused("the totals of the series begin anew in month " + std::to_string(start) +
                       ", so that its year ends with month " + std::to_string(own) + " and not " +
                       std::to_string(end) + "; leave year_end_month out");
  }
  return end;
}

void CheckProRata(const Settings& settings) {
  if (!settings.flow && !settings.year_to_date) {
    throw sdk::Refused(
        "method pro_rata is for what adds up over a year: flows and year-to-date totals, not "
        "stocks and levels");
  }
  if (settings.years->EndOf(*settings.target_period) != *settings.target_period) {
    throw sdk::Refused(
        "method pro_rata needs a final point in the last period of a year, whose value is the "
        "whole year's; the year ends with that of the series, or with year_end_month");
  }
}

}  // namespace

Settings::Settings(const sdk::Setup& setup)
    : value(setup.IndexOf("value")),
      path(setup.IndexOf("path")),
      path_upper(setup.IndexOf("path_upper")),
      periods_per_year(setup.Input("value").periods_per_year),
      periods_of_one_year(static_cast<int64_t>(std::floor(periods_per_year))),
      flow(setup.Input("value").accumulation == PT_ACCUMULATION_FLOW),
      year_to_date(setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE),
      across_breaks(setup.parameters.Boolean("across_breaks")),
      relation(RelationOf(setup.parameters.Text("host.relation"))),
      tolerance_percent(OptionalNumber(setup.parameters, "host.tolerance_percent").value_or(0)),
      baseline_period(OptionalInteger(setup.parameters, "host.baseline_period")),
      target_period(OptionalInteger(setup.parameters, "host.target_period")) {
  const std::string& name = setup.parameters.Text("method");
  const uint32_t frequency = setup.Input("value").frequency;
  if (name == kProRata) {
    years.emplace(frequency, YearEndMonth(setup, year_to_date));
  } else {
    if (setup.parameters.Has("year_end_month")) {
      throw sdk::Refused("year_end_month is for method pro_rata; leave it out");
    }
    method = MakeMethod(name, OptionalNumber(setup.parameters, "natural_limit"));
    if (method == nullptr) throw sdk::Refused("the method " + name + " is not known");
  }
  if (target_period.has_value()) {
    if (path < 0) throw sdk::Refused("the target has a final point, but slot path is not fed");
    if (relation == Relation::kWithin && path_upper < 0) {
      throw sdk::Refused("the target is a range, but slot path_upper is not fed");
    }
  } else {
    if (method == nullptr || !method->judges_direction()) {
      throw sdk::Refused("method " + name + " needs a target with a final point");
    }
    if (relation == Relation::kAbout || relation == Relation::kWithin) {
      throw sdk::Refused(
          "a target without final point can be judged only when more or less is wanted: use the "
          "relation at least or at most, or state a final point");
    }
  }
  if (method == nullptr) CheckProRata(*this);
  if (year_to_date && (frequency == PT_FREQUENCY_DAY || frequency == PT_FREQUENCY_WEEK)) {
    throw sdk::Refused("year-to-date totals by day or week are not judged; use months or longer");
  }
}

const Goal* Target::At(int64_t period) const {
  for (const Point& point : points) {
    if (point.period == period) return &point.goal;
  }
  return nullptr;
}

Target ReadTarget(const Settings& settings, const sdk::Call& call) {
  Target target;
  if (settings.path < 0) return target;
  const sdk::Column& path = call.input(settings.path);
  for (size_t i = 0; i < path.size(); ++i) {
    const int64_t period = path.period(i);
    if (path.missing(i) ||
        (settings.baseline_period.has_value() && period <= *settings.baseline_period)) {
      continue;
    }
    std::optional<double> upper;
    if (settings.path_upper >= 0) {
      const sdk::Column& uppers = call.input(settings.path_upper);
      const ptrdiff_t at = uppers.Find(period);
      if (at >= 0 && !uppers.missing(static_cast<size_t>(at))) {
        upper = uppers.value(static_cast<size_t>(at));
      }
    }
    if (settings.relation == Relation::kWithin && (!upper.has_value() || *upper < path.value(i))) {
      throw sdk::Failed("a point of the path has no upper end, or one below its lower end");
    }
    if (settings.years.has_value() && settings.years->EndOf(period) != period) {
      throw sdk::Failed(
          "an interim point does not lie in the last period of a year, where method pro_rata "
          "needs it: it is the whole year's");
    }
    target.points.push_back(
        {period, Goal(settings.relation, path.value(i), upper, settings.tolerance_percent)});
    if (period == settings.target_period) target.goal = target.points.back().goal;
  }
  if (settings.target_period.has_value() && !target.goal.has_value()) {
    throw sdk::Failed("the path has no value at the period of the final point");
  }
  return target;
}

std::optional<Baseline> FindBaseline(const Settings& settings, const sdk::Call& call) {
  if (settings.baseline_period.has_value() && settings.path >= 0) {
    const sdk::Column& path = call.input(settings.path);
    const ptrdiff_t at = path.Find(*settings.baseline_period);
    if (at >= 0 && !path.missing(static_cast<size_t>(at))) {
      return Baseline{*settings.baseline_period, path.value(static_cast<size_t>(at)),
                      sdk::Quality(path.flags(static_cast<size_t>(at)))};
    }
  }
  // The value at the period or the next later one; the first value without one.
  const sdk::Column& value = call.input(settings.value);
  for (size_t i = 0; i < value.size(); ++i) {
    if (value.missing(i)) continue;
    if (settings.baseline_period.has_value() && value.period(i) < *settings.baseline_period) {
      continue;
    }
    if (settings.target_period.has_value() &&
        !settings.Comparable(value.period(i), *settings.target_period)) {
      continue;
    }
    return Baseline{value.period(i), value.value(i), sdk::Quality(value.flags(i))};
  }
  return std::nullopt;
}

}  // namespace attainment
