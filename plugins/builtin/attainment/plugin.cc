// attainment: how far a target has come. Formulas and choices in README.md.
#include <algorithm>
#include <optional>
#include <utility>

#include "plugins/builtin/attainment/growth.h"
#include "plugins/builtin/attainment/judge.h"
#include "plugins/builtin/attainment/row.h"
#include "plugins/builtin/attainment/target.h"
#include "plugins/builtin/attainment/trend.h"
#include "policytrack_plugin.hpp"

namespace attainment {
namespace {

namespace sdk = policytrack_plugin;

// What is to be made up, from when to when, and how fast it went at best.
struct Race {
  int64_t period;
  int64_t last;
  double periods_per_year;
  double change;  // from the value to what is aimed at
  std::optional<double> fastest_rise;
  std::optional<double> fastest_fall;
};

// Puts what was judged and what could change it.
void PutJudged(const Situation& situation, double value, sdk::Flags flags, Row* row) {
  const Judged judged = situation.Judge(value);
  row->MissAll(judged.reason);
  if (judged.ratio.has_value()) row->Put(kRatio, *judged.ratio, flags);
  if (judged.projected.has_value()) row->Put(kProjected, *judged.projected, flags);
  if (!judged.status.has_value()) return;
  row->Put(kStatus, *judged.status, flags);
  row->Put(kScore, judged.score, flags);
  const bool provisional = sdk::Quality(flags) != PT_QUALITY_NORMAL;
  row->Put(kRestsOnProvisional, provisional ? 1 : 0, flags);
  const std::optional<Flip> flip = FindFlip(situation, value);
  if (!flip.has_value()) return;
  row->Put(kFlipChange, flip->change, flags);
  row->Put(kFlipStatus, flip->status, flags);
}

// Of a target that is not met, while there is time left.
void PutRace(const Race& race, sdk::Flags flags, Row* row) {
  const bool up = race.change > 0;
  const std::optional<double> best = up ? race.fastest_rise : race.fastest_fall;
  if (!best.has_value()) {
    row->Miss(kBestPace, PT_REASON_TOO_FEW_POINTS);
    row->Miss(kOutOfReach, PT_REASON_TOO_FEW_POINTS);
    return;
  }
  const double direction = up ? 1.0 : -1.0;
  row->Put(kBestPace, *best, flags);
  row->Put(kOutOfReach,
           static_cast<double>(OutOfReachFrom(race.period, race.last, race.periods_per_year,
                                              direction * race.change, direction * *best)),
           flags);
}

class Attainment final : public sdk::Instance {
 public:
  explicit Attainment(const sdk::Setup& setup) : settings_(setup) {}

  // The baseline may be the first value.
  sdk::Window window() const override { return {sdk::kUnbounded, 0}; }

  void Compute(sdk::Call& call) override {
    if (settings_.method != nullptr) {
      AlongTheWay(call);
    } else {
      WithinTheYears(call);
    }
  }

 private:
  void AlongTheWay(sdk::Call& call) const;
  void WithinTheYears(sdk::Call& call) const;

  // None when nothing is to be expected on the way: without a final point, and
  // when the baseline meets it already, from where a way would lead back.
  std::optional<Line> MakeLine(const Target& target, const Baseline& baseline) const;
  Trend MakeTrend(const std::optional<Baseline>& baseline) const;
  // Of a value at or after the baseline; `earlier` and `trend` are what is known
  // before it and with it.
  void Judge(const Target& target, const Baseline& baseline, const Earlier& earlier,
             const Trend& trend, int64_t period, double value, sdk::Flags flags, Row* row) const;

  Settings settings_;
};

std::optional<Line> Attainment::MakeLine(const Target& target, const Baseline& baseline) const {
  if (!target.goal.has_value() || target.goal->Met(baseline.value)) return std::nullopt;
  std::vector<Waypoint> points;
  for (const Target::Point& point : target.points) {
    points.push_back({point.period, point.goal.AimFrom(baseline.value)});
  }
  return Line({baseline.period, baseline.value}, std::move(points), settings_.method->shape());
}

Trend Attainment::MakeTrend(const std::optional<Baseline>& baseline) const {
  Trend::Options options;
  options.periods_per_year = settings_.periods_per_year;
  // A December does not compare with the November before it where values are of
  // their period: what belongs to the season would count as pace.
  const bool seasonal = settings_.flow || settings_.year_to_date;
  options.comparable = seasonal ? settings_.periods_of_one_year : 1;
  options.target_period = settings_.target_period;
  if (baseline.has_value()) options.pace_from = baseline->period;
  if (settings_.year_to_date) options.pace_part_of = settings_.target_period;
  options.across_breaks = settings_.across_breaks;
  return Trend(options);
}

void Attainment::AlongTheWay(sdk::Call& call) const {
  const Target target = ReadTarget(settings_, call);
  const std::optional<Baseline> baseline = FindBaseline(settings_, call);
  const std::optional<Line> line =
      baseline.has_value() ? MakeLine(target, *baseline) : std::nullopt;
  const sdk::Column& values = call.input(settings_.value);
  Trend trend = MakeTrend(baseline);
  bool broken = false;
  for (size_t i = 0; i < call.last(); ++i) {
    call.Poll();
    const int64_t period = call.period(i);
    const bool started = baseline.has_value() && period >= baseline->period;
    const bool missing = values.missing(i);
    if (sdk::IsBreak(values.flags(i))) {
      trend.Break();
      broken |= started && period > baseline->period;
    }
    const Earlier earlier = i < call.first() ? Earlier() : trend.Before(period);
    if (!missing) trend.Add(period, values.value(i), values.flags(i));
    if (i < call.first()) continue;

    Row row(missing ? PT_REASON_INPUT_MISSING : PT_REASON_TOO_FEW_POINTS);
    if (started) {
      const sdk::Flags mark = broken ? PT_FLAG_BREAK : 0;
      const bool comparable = settings_.Comparable(period, baseline->period) &&
                              (!settings_.target_period.has_value() ||
                               settings_.Comparable(period, *settings_.target_period));
      if (!missing && broken && !settings_.across_breaks) {
        row.MissAll(PT_REASON_SERIES_BREAK);
      } else if (!missing && !comparable) {
        row.MissAll(PT_REASON_UNDEFINED);
      } else if (!missing) {
        Judge(target, *baseline, earlier, trend, period, values.value(i),
              static_cast<sdk::Flags>(sdk::Worst(values.flags(i), baseline->flags) | mark), &row);
      }
      row.Put(kBaseline, baseline->value, baseline->flags);
      const std::optional<double> expected =
          line.has_value() ? line->At(period) : std::optional<double>();
      if (expected.has_value() && settings_.Comparable(period, baseline->period)) {
        row.Put(kExpected, *expected, static_cast<sdk::Flags>(baseline->flags | mark));
      } else {
        row.Miss(kExpected, PT_REASON_UNDEFINED);
      }
    }
    row.Write(period, &call);
  }
}

void Attainment::Judge(const Target& target, const Baseline& baseline, const Earlier& earlier,
                       const Trend& trend, int64_t period, double value, sdk::Flags flags,
                       Row* row) const {
  const Goal* goal = target.goal.has_value() ? &*target.goal : nullptr;
  if (const Rest* rest = settings_.method->RestsOn(earlier); rest != nullptr) {
    const sdk::Flags mark = (flags & PT_FLAG_BREAK) | (rest->broken ? PT_FLAG_BREAK : 0);
    flags = static_cast<sdk::Flags>(sdk::Worst(flags, rest->quality) | mark);
  }
  Progress progress;
  progress.baseline = baseline.value;
  progress.years = settings_.YearsBetween(baseline.period, period);
  progress.whole_year = period - baseline.period >= settings_.periods_of_one_year;
  progress.earlier = earlier;
  if (goal != nullptr) {
    progress.all_years = settings_.YearsBetween(baseline.period, *settings_.target_period);
  }
  const bool after = goal != nullptr && period > *settings_.target_period;
  PutJudged(OnTheWay(settings_.method.get(), goal,
                     settings_.relation == Relation::kAtLeast ? 1.0 : -1.0, progress, after),
            value, flags, row);

  for (const OutputIndex output : {kRequiredPace, kBestPace, kOutOfReach}) {
    row->Miss(output, PT_REASON_UNDEFINED);
  }
  if (goal == nullptr) return;
  if (goal->Met(value)) return row->Put(kRequiredPace, 0, flags);
  if (period >= *settings_.target_period) return;
  const double aim = goal->Aim(goal->Direction(value));
  const double years = settings_.YearsBetween(period, *settings_.target_period);
  row->Put(kRequiredPace,
           settings_.method->shape() == Shape::kCompound ? CompoundPace(value, aim, years)
                                                         : (aim - value) / years,
           flags);
  PutRace({period, *settings_.target_period, settings_.periods_per_year, aim - value,
           trend.fastest_rise(), trend.fastest_fall()},
          flags, row);
}

void Attainment::WithinTheYears(sdk::Call& call) const {
  const Target target = ReadTarget(settings_, call);
  const sdk::Column& values = call.input(settings_.value);
  YearSoFar year(*settings_.years, settings_.flow);
  for (size_t i = 0; i < call.last(); ++i) {
    call.Poll();
    const int64_t period = call.period(i);
    const bool missing = values.missing(i);
    year.Advance(period, values.flags(i));
    const bool complete = year.complete();
    const double before = year.before();
    const sdk::Flags quality = year.quality();
    if (!missing) {
      const bool counts = period >= settings_.baseline_period.value_or(period);
      year.Add(values.value(i), values.flags(i), counts);
    }
    if (i < call.first()) continue;

    const PartOfYear& part = year.part();
    const Goal* goal = target.At(part.end);
    const sdk::Flags mark = year.broken() ? PT_FLAG_BREAK : 0;
    Row row(missing ? PT_REASON_INPUT_MISSING : PT_REASON_UNDEFINED);
    if (!missing && year.broken() && !settings_.across_breaks) {
      row.MissAll(PT_REASON_SERIES_BREAK);
    } else if (!missing && goal != nullptr && !complete) {
      row.MissAll(PT_REASON_PART_MISSING);
    } else if (!missing && goal != nullptr) {
      const sdk::Flags flags = static_cast<sdk::Flags>(sdk::Worst(values.flags(i), quality) | mark);
      PutJudged(WithinYear(goal, part, before), values.value(i), flags, &row);
      const double total = before + values.value(i);
      if (MetSoFar(*goal, total, part)) {
        row.Put(kRequiredPace, 0, flags);
      } else if (!part.over()) {
        const double change = goal->AimFrom(total) - total;
        row.Put(kRequiredPace, change / (1 - part.share()), flags);
        if (!goal->Met(total)) {
          PutRace({period, part.end, static_cast<double>(part.all), change, year.fastest_rise(),
                   year.fastest_fall()},
                  flags, &row);
        }
      }
    }
    row.Miss(kBaseline, PT_REASON_UNDEFINED);
    if (goal != nullptr) {
      row.Put(kExpected, goal->AimFrom(0) * part.share(), mark);
    } else {
      row.Miss(kExpected, PT_REASON_UNDEFINED);
    }
    row.Write(period, &call);
  }
}

}  // namespace
}  // namespace attainment

POLICYTRACK_PLUGIN(attainment::Attainment);
