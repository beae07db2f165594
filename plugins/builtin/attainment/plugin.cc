// attainment: how far a target has come. Formulas and choices in README.md.
#include <optional>
#include <utility>

#include "plugins/builtin/attainment/methods.h"
#include "plugins/builtin/attainment/path.h"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;
using attainment::Goal;
using attainment::Line;
using attainment::Progress;
using attainment::Relation;
using attainment::Shape;
using attainment::Verdict;
using attainment::Waypoint;

// In the order of the descriptor.
enum OutputIndex { kStatus, kScore, kRatio, kExpected, kProjected, kRequiredPace, kBaseline };

// Where progress is measured from.
struct Baseline {
  int64_t period;
  double value;
  sdk::Flags flags;
};

// The target as one computation sees it.
struct Target {
  std::optional<Goal> goal;                      // none without a final point
  std::vector<std::pair<int64_t, Goal>> points;  // interim and final ones, in order
};

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

class Attainment final : public sdk::Instance {
 public:
  explicit Attainment(const sdk::Setup& setup);

  // The baseline may be the first value.
  sdk::Window window() const override { return {sdk::kUnbounded, 0}; }

  void Compute(sdk::Call& call) override;

 private:
  Target ReadTarget(const sdk::Call& call) const;
  std::optional<Baseline> FindBaseline(const sdk::Call& call) const;
  // None when nothing is to be expected on the way: without a final point, and
  // when the baseline meets it already, from where a way would lead back.
  std::optional<Line> MakeLine(const Target& target, const Baseline& baseline) const;
  // Whether both are the same part of their years; year-to-date totals of
  // different parts do not compare.
  bool Comparable(int64_t a, int64_t b) const {
    return !year_to_date_ || (a - b) % periods_of_one_year_ == 0;
  }
  double YearsBetween(int64_t from, int64_t to) const {
    return static_cast<double>(to - from) / periods_per_year_;
  }

  void One(const Target& target, const Baseline& baseline, int64_t period, double value,
           sdk::Flags flags, bool broken, sdk::Call* call) const;
  void Judge(const Target& target, const Baseline& baseline, int64_t period, double value,
             sdk::Flags flags, sdk::Call* call) const;
  void Pace(const Target& target, int64_t period, double value, sdk::Flags flags,
            sdk::Call* call) const;

  int value_;
  int path_;
  int path_upper_;
  double periods_per_year_;
  int64_t periods_of_one_year_;
  bool year_to_date_;
  bool open_sdg_;
  bool across_breaks_;
  std::optional<double> natural_limit_;
  Relation relation_;
  double tolerance_percent_;
  std::optional<int64_t> baseline_period_;
  std::optional<int64_t> target_period_;
};

Attainment::Attainment(const sdk::Setup& setup)
    : value_(setup.IndexOf("value")),
      path_(setup.IndexOf("path")),
      path_upper_(setup.IndexOf("path_upper")),
      periods_per_year_(setup.Input("value").periods_per_year),
      periods_of_one_year_(static_cast<int64_t>(std::floor(periods_per_year_))),
      year_to_date_(setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE),
      open_sdg_(setup.parameters.Text("method") == "open_sdg"),
      across_breaks_(setup.parameters.Boolean("across_breaks")),
      natural_limit_(OptionalNumber(setup.parameters, "natural_limit")),
      relation_(RelationOf(setup.parameters.Text("host.relation"))),
      tolerance_percent_(OptionalNumber(setup.parameters, "host.tolerance_percent").value_or(0)),
      baseline_period_(OptionalInteger(setup.parameters, "host.baseline_period")),
      target_period_(OptionalInteger(setup.parameters, "host.target_period")) {
  if (target_period_.has_value()) {
    if (path_ < 0) throw sdk::Refused("the target has a final point, but slot path is not fed");
    if (relation_ == Relation::kWithin && path_upper_ < 0) {
      throw sdk::Refused("the target is a range, but slot path_upper is not fed");
    }
  } else {
    if (!open_sdg_) throw sdk::Refused("method linear_pace needs a target with a final point");
    if (relation_ == Relation::kAbout || relation_ == Relation::kWithin) {
      throw sdk::Refused(
          "a target without final point can be judged only when more or less is wanted: use the "
          "relation at least or at most, or state a final point");
    }
  }
  const uint32_t frequency = setup.Input("value").frequency;
  if (year_to_date_ && (frequency == PT_FREQUENCY_DAY || frequency == PT_FREQUENCY_WEEK)) {
    throw sdk::Refused("year-to-date totals by day or week are not judged; use months or longer");
  }
}

Target Attainment::ReadTarget(const sdk::Call& call) const {
  Target target;
  if (path_ < 0) return target;
  const sdk::Column& path = call.input(path_);
  for (size_t i = 0; i < path.size(); ++i) {
    const int64_t period = path.period(i);
    if (path.missing(i) || (baseline_period_.has_value() && period <= *baseline_period_)) continue;
    std::optional<double> upper;
    if (path_upper_ >= 0) {
      const sdk::Column& uppers = call.input(path_upper_);
      const ptrdiff_t at = uppers.Find(period);
      if (at >= 0 && !uppers.missing(static_cast<size_t>(at))) {
        upper = uppers.value(static_cast<size_t>(at));
      }
    }
    if (relation_ == Relation::kWithin && (!upper.has_value() || *upper < path.value(i))) {
      throw sdk::Failed("a point of the path has no upper end, or one below its lower end");
    }
    target.points.emplace_back(period, Goal(relation_, path.value(i), upper, tolerance_percent_));
    if (period == target_period_) target.goal = target.points.back().second;
  }
  if (target_period_.has_value() && !target.goal.has_value()) {
    throw sdk::Failed("the path has no value at the period of the final point");
  }
  return target;
}

std::optional<Baseline> Attainment::FindBaseline(const sdk::Call& call) const {
  if (baseline_period_.has_value() && path_ >= 0) {
    const sdk::Column& path = call.input(path_);
    const ptrdiff_t at = path.Find(*baseline_period_);
    if (at >= 0 && !path.missing(static_cast<size_t>(at))) {
      return Baseline{*baseline_period_, path.value(static_cast<size_t>(at)),
                      sdk::Quality(path.flags(static_cast<size_t>(at)))};
    }
  }
  // The value at the period or the next later one; the first value without one.
  const sdk::Column& value = call.input(value_);
  for (size_t i = 0; i < value.size(); ++i) {
    if (value.missing(i)) continue;
    if (baseline_period_.has_value() && value.period(i) < *baseline_period_) continue;
    if (target_period_.has_value() && !Comparable(value.period(i), *target_period_)) continue;
    return Baseline{value.period(i), value.value(i), sdk::Quality(value.flags(i))};
  }
  return std::nullopt;
}

std::optional<Line> Attainment::MakeLine(const Target& target, const Baseline& baseline) const {
  if (!target.goal.has_value() || target.goal->Met(baseline.value)) return std::nullopt;
  std::vector<Waypoint> points;
  for (const auto& [period, goal] : target.points) {
    points.push_back({period, goal.AimFrom(baseline.value)});
  }
  return Line({baseline.period, baseline.value}, std::move(points),
              open_sdg_ ? Shape::kCompound : Shape::kStraight);
}

void Attainment::Compute(sdk::Call& call) {
  const Target target = ReadTarget(call);
  const std::optional<Baseline> baseline = FindBaseline(call);
  const std::optional<Line> line =
      baseline.has_value() ? MakeLine(target, *baseline) : std::nullopt;
  const sdk::Column& value = call.input(value_);
  bool broken = false;
  for (size_t i = 0; i < call.last(); ++i) {
    call.Poll();
    const int64_t period = call.period(i);
    const bool started = baseline.has_value() && period >= baseline->period;
    broken |= started && period > baseline->period && sdk::IsBreak(value.flags(i));
    if (i < call.first()) continue;
    const uint32_t reason = value.missing(i) ? PT_REASON_INPUT_MISSING : PT_REASON_TOO_FEW_POINTS;
    if (!started) {
      for (int output = kStatus; output <= kBaseline; ++output) {
        call.output(output).PutMissing(period, reason);
      }
      continue;
    }
    const sdk::Flags mark = broken ? PT_FLAG_BREAK : 0;
    call.output(kBaseline).Put(period, baseline->value, baseline->flags);
    const std::optional<double> expected =
        line.has_value() ? line->At(period) : std::optional<double>();
    if (expected.has_value() && Comparable(period, baseline->period)) {
      call.output(kExpected).Put(period, *expected,
                                 static_cast<sdk::Flags>(baseline->flags | mark));
    } else {
      call.output(kExpected).PutMissing(period, PT_REASON_UNDEFINED);
    }
    if (value.missing(i)) {
      for (int output : {kStatus, kScore, kRatio, kProjected, kRequiredPace}) {
        call.output(output).PutMissing(period, PT_REASON_INPUT_MISSING);
      }
      continue;
    }
    const sdk::Flags flags =
        static_cast<sdk::Flags>(sdk::Worst(value.flags(i), baseline->flags) | mark);
    One(target, *baseline, period, value.value(i), flags, broken, &call);
  }
}

// All but baseline and expected, for a value at or after the baseline.
void Attainment::One(const Target& target, const Baseline& baseline, int64_t period, double value,
                     sdk::Flags flags, bool broken, sdk::Call* call) const {
  const bool comparable = Comparable(period, baseline.period) &&
                          (!target_period_.has_value() || Comparable(period, *target_period_));
  const uint32_t reason = broken && !across_breaks_ ? PT_REASON_SERIES_BREAK
                          : !comparable             ? PT_REASON_UNDEFINED
                                                    : PT_REASON_NONE;
  if (reason != PT_REASON_NONE) {
    for (int output : {kStatus, kScore, kRatio, kProjected, kRequiredPace}) {
      call->output(output).PutMissing(period, reason);
    }
    return;
  }
  Judge(target, baseline, period, value, flags, call);
  Pace(target, period, value, flags, call);
}

void Attainment::Judge(const Target& target, const Baseline& baseline, int64_t period, double value,
                       sdk::Flags flags, sdk::Call* call) const {
  sdk::Output& status = call->output(kStatus);
  sdk::Output& score = call->output(kScore);
  sdk::Output& ratio = call->output(kRatio);
  sdk::Output& projected = call->output(kProjected);
  const bool met = target.goal.has_value() && target.goal->Met(value);
  const bool enough = period - baseline.period >= (open_sdg_ ? periods_of_one_year_ : int64_t{1});

  Progress progress;
  progress.baseline = baseline.value;
  progress.value = value;
  progress.years = YearsBetween(baseline.period, period);
  bool pace_known = enough;
  if (target.goal.has_value()) {
    // On which side of the goal: that of the value, or when it is met that of
    // the baseline.
    const double side = met ? baseline.value : value;
    progress.direction = target.goal->Direction(side);
    progress.target = target.goal->Aim(progress.direction);
    progress.all_years = YearsBetween(baseline.period, *target_period_);
    pace_known = enough && progress.all_years > 0 && !target.goal->Met(side);
  } else {
    progress.direction = relation_ == Relation::kAtLeast ? 1.0 : -1.0;
  }

  std::optional<Verdict> verdict;
  if (pace_known) {
    verdict = !target.goal.has_value() ? attainment::OpenSdgWithoutTarget(progress, natural_limit_)
              : open_sdg_              ? attainment::OpenSdgWithTarget(progress)
                                       : std::optional<Verdict>(attainment::LinearPace(progress));
  }
  const uint32_t reason = enough ? PT_REASON_UNDEFINED : PT_REASON_TOO_FEW_POINTS;
  if (met) {
    status.Put(period, attainment::kAchieved, flags);
    score.Put(period, 5, flags);
  } else if (verdict.has_value()) {
    status.Put(period, verdict->status, flags);
    score.Put(period, verdict->score, flags);
  } else {
    status.PutMissing(period, reason);
    score.PutMissing(period, reason);
  }
  if (verdict.has_value() && verdict->ratio.has_value()) {
    ratio.Put(period, *verdict->ratio, flags);
  } else {
    ratio.PutMissing(period, reason);
  }

  std::optional<double> end;
  if (enough && target.goal.has_value() && period <= *target_period_) {
    end = open_sdg_ ? attainment::ProjectCompound(progress)
                    : std::optional<double>(attainment::ProjectLinear(progress));
  }
  if (end.has_value()) {
    projected.Put(period, *end, flags);
  } else {
    projected.PutMissing(period, reason);
  }
}

void Attainment::Pace(const Target& target, int64_t period, double value, sdk::Flags flags,
                      sdk::Call* call) const {
  sdk::Output& required = call->output(kRequiredPace);
  if (!target.goal.has_value()) return required.PutMissing(period, PT_REASON_UNDEFINED);
  if (target.goal->Met(value)) return required.Put(period, 0, flags);
  if (period >= *target_period_) return required.PutMissing(period, PT_REASON_UNDEFINED);
  const double aim = target.goal->Aim(target.goal->Direction(value));
  const double years = YearsBetween(period, *target_period_);
  required.Put(period,
               open_sdg_ ? attainment::CompoundPace(value, aim, years) : (aim - value) / years,
               flags);
}

}  // namespace

POLICYTRACK_PLUGIN(Attainment);
