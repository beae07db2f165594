// trend: where a series is going, by least squares. Formulas in README.md.
#include <algorithm>
#include <map>
#include <optional>

#include "plugins/builtin/trend/fit.h"
#include "plugins/builtin/trend/student_t.h"
#include "policytrack_calendar.hpp"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;
using trend::Line;
using trend::Point;

enum class Method { kOrdinary, kHorizonWeighted, kHalfLife };

// In the order of the descriptor.
enum OutputIndex { kFitted, kSlope, kGrowthRate, kProjected, kLower, kUpper, kRSquared };

// A weight of 2^-52 and less changes no digit of a result, but would count as a
// further observation in its interval.
constexpr double kHalfLivesThatCount = 52;

// What the line of a period is fitted to.
struct Sample {
  uint32_t reason = PT_REASON_NONE;  // why there is no line
  std::vector<Point> points;
  sdk::Flags quality = 0;
  bool crossed = false;  // a break lies between the points

  // Keeps the memory.
  void Clear() {
    reason = PT_REASON_NONE;
    points.clear();
    quality = 0;
    crossed = false;
  }
  int64_t count() const { return static_cast<int64_t>(points.size()); }
  sdk::Flags flags() const {
    return static_cast<sdk::Flags>(quality | (crossed ? PT_FLAG_BREAK : 0));
  }
};

// Of the quotients with a reference: exact for equal figures, and nothing of a
// small change is lost. False when a figure has no logarithm.
bool ToLogarithms(double reference, std::vector<Point>* points) {
  for (const Point& p : *points) {
    if (p.y <= 0) return false;
  }
  for (Point& p : *points) {
    const double change = p.y - reference;
    p.y = std::fabs(change) < reference / 2 ? std::log1p(change / reference)
                                            : std::log(p.y / reference);
  }
  return true;
}

class Trend final : public sdk::Instance {
 public:
  explicit Trend(const sdk::Setup& setup);

  sdk::Window window() const override { return {reach_, 0}; }

  void Compute(sdk::Call& call) override;

 private:
  void ReadWeights(const sdk::Parameters& parameters);
  void ReadHorizon(const sdk::Parameters& parameters);
  // The period that is projected to, which is after `period`, if there is one.
  std::optional<int64_t> HorizonFrom(int64_t period) const;
  double Weight(int64_t period, int64_t last, int64_t horizon) const;
  void Take(const sdk::Column& value, size_t i, Sample* sample) const;
  void Write(int64_t period, double value, Sample* sample, sdk::Call* call);

  int value_;
  uint32_t frequency_;
  double periods_per_year_;
  int64_t step_ = 1;  // only periods so far apart compare
  bool compound_;
  bool across_breaks_;
  int64_t min_points_;
  double confidence_;
  Method method_ = Method::kOrdinary;
  double half_life_ = 0;             // in periods
  int64_t reach_ = sdk::kUnbounded;  // how many periods back points count
  int64_t horizon_ = 1;
  std::optional<int64_t> horizon_period_;
  std::map<int64_t, double> quantiles_;  // by degrees of freedom
};

Trend::Trend(const sdk::Setup& setup)
    : value_(setup.IndexOf("value")),
      frequency_(setup.Input("value").frequency),
      periods_per_year_(setup.Input("value").periods_per_year),
      compound_(setup.parameters.Text("curve") == "compound"),
      across_breaks_(setup.parameters.Boolean("across_breaks")),
      min_points_(setup.parameters.Integer("min_points")),
      confidence_(setup.parameters.Number("confidence") / 100) {
  if (setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE) {
    if (frequency_ == PT_FREQUENCY_DAY || frequency_ == PT_FREQUENCY_WEEK) {
      throw sdk::Refused(
          "year-to-date totals compare with the same part of other years, which days and weeks do "
          "not have in all of them; use months or longer");
    }
    step_ = sdk::PeriodsOfOneYear(frequency_);
  }
  const int64_t periods = setup.parameters.Integer("periods");
  if (periods > 0) reach_ = periods - 1;
  ReadWeights(setup.parameters);
  ReadHorizon(setup.parameters);
}

void Trend::ReadWeights(const sdk::Parameters& parameters) {
  const std::string& method = parameters.Text("method");
  method_ = method == "horizon_weighted" ? Method::kHorizonWeighted
            : method == "half_life"      ? Method::kHalfLife
                                         : Method::kOrdinary;
  const bool given = parameters.Has("half_life");
  if (given != (method_ == Method::kHalfLife)) {
    throw sdk::Refused(given ? "half_life goes only with method half_life"
                             : "method half_life needs half_life: after how many years a figure "
                               "counts half as much");
  }
  if (!given) return;
  half_life_ = parameters.Number("half_life") * periods_per_year_;
  const int64_t counts = static_cast<int64_t>(std::ceil(kHalfLivesThatCount * half_life_));
  reach_ = reach_ == sdk::kUnbounded ? counts : std::min(reach_, counts);
}

void Trend::ReadHorizon(const sdk::Parameters& parameters) {
  const bool has_horizon = parameters.Has("horizon");
  if (has_horizon) horizon_ = parameters.Integer("horizon");
  if (parameters.Has("horizon_period")) {
    if (has_horizon) throw sdk::Refused("give horizon or horizon_period, not both");
    const std::string& text = parameters.Text("horizon_period");
    horizon_period_ = sdk::ParsePeriod(frequency_, text);
    if (!horizon_period_.has_value()) {
      throw sdk::Refused("horizon_period is `" + text + "`, but the periods are of the form " +
                         sdk::PeriodExample(frequency_));
    }
  } else if (horizon_ % step_ != 0) {
    throw sdk::Refused("year-to-date totals are projected by whole years: give a horizon of " +
                       std::to_string(step_) + " periods or a multiple of it");
  }
}

std::optional<int64_t> Trend::HorizonFrom(int64_t period) const {
  const int64_t horizon = horizon_period_.value_or(period + horizon_);
  if (horizon <= period || (horizon - period) % step_ != 0) return std::nullopt;
  return horizon;
}

double Trend::Weight(int64_t period, int64_t last, int64_t horizon) const {
  switch (method_) {
    case Method::kHorizonWeighted:
      return 1.0 / static_cast<double>(horizon - period);
    case Method::kHalfLife:
      return std::exp2(-static_cast<double>(last - period) / half_life_);
    case Method::kOrdinary:
      break;
  }
  return 1;
}

// The values up to position i, the last first.
void Trend::Take(const sdk::Column& value, size_t i, Sample* sample) const {
  sample->Clear();
  const int64_t last = value.period(i);
  const std::optional<int64_t> horizon = HorizonFrom(last);
  if (value.missing(i)) {
    sample->reason = PT_REASON_INPUT_MISSING;
    return;
  }
  if (method_ == Method::kHorizonWeighted && !horizon.has_value()) {
    sample->reason = PT_REASON_UNDEFINED;
    return;
  }
  int64_t before_break = 0;
  bool break_met = false;
  for (size_t j = i + 1; j-- > 0;) {
    const int64_t period = value.period(j);
    if (reach_ != sdk::kUnbounded && last - period > reach_) break;
    if (!value.missing(j) && (step_ == 1 || (last - period) % step_ == 0)) {
      if (break_met && !across_breaks_) {
        ++before_break;
      } else {
        sample->points.push_back({static_cast<double>(period - last), value.value(j),
                                  Weight(period, last, horizon.value_or(last))});
        sample->quality = sdk::Worst(sample->quality, value.flags(j));
        sample->crossed |= break_met;
      }
    }
    break_met |= sdk::IsBreak(value.flags(j));
    // What is before the break only tells which reason it is.
    if (break_met && !across_breaks_ && sample->count() + before_break >= min_points_) break;
  }
  if (sample->count() < min_points_) {
    sample->reason = sample->count() + before_break >= min_points_ ? PT_REASON_SERIES_BREAK
                                                                   : PT_REASON_TOO_FEW_POINTS;
  } else if (compound_ && !ToLogarithms(value.value(i), &sample->points)) {
    sample->reason = PT_REASON_UNDEFINED;
  }
}

void Trend::Compute(sdk::Call& call) {
  const sdk::Column& value = call.input(value_);
  Sample sample;
  for (size_t i = call.first(); i < call.last(); ++i) {
    call.Poll();
    Take(value, i, &sample);
    if (sample.reason == PT_REASON_NONE) {
      Write(value.period(i), value.value(i), &sample, &call);
      continue;
    }
    for (int output = kFitted; output <= kRSquared; ++output) {
      call.output(output).PutMissing(value.period(i), sample.reason);
    }
  }
}

void Trend::Write(int64_t period, double value, Sample* sample, sdk::Call* call) {
  const Line line = trend::Fit(&sample->points);
  const sdk::Flags flags = sample->flags();
  const auto put = [&](OutputIndex output, double result) {
    call->output(output).Put(period, result, flags);
  };
  // From the scale of the line to that of the figures.
  const auto figure = [&](double y) { return compound_ ? value * std::exp(y) : y; };
  const double fitted = figure(line.At(0));
  const double a_year = line.slope * periods_per_year_;
  put(kFitted, fitted);
  if (compound_) {
    put(kSlope, fitted * std::expm1(a_year));
    put(kGrowthRate, 100 * std::expm1(a_year));
  } else {
    put(kSlope, a_year);
    call->output(kGrowthRate).PutMissing(period, PT_REASON_UNDEFINED);
  }
  if (line.r_squared.has_value()) {
    put(kRSquared, *line.r_squared);
  } else {
    call->output(kRSquared).PutMissing(period, PT_REASON_UNDEFINED);
  }
  const std::optional<int64_t> horizon = HorizonFrom(period);
  const int64_t freedom = static_cast<int64_t>(line.count) - 2;
  if (!horizon.has_value() || freedom < 1) {
    const uint32_t reason = !horizon.has_value() ? PT_REASON_UNDEFINED : PT_REASON_TOO_FEW_POINTS;
    call->output(kLower).PutMissing(period, reason);
    call->output(kUpper).PutMissing(period, reason);
  }
  if (!horizon.has_value()) return call->output(kProjected).PutMissing(period, PT_REASON_UNDEFINED);
  const double x = static_cast<double>(*horizon - period);
  put(kProjected, figure(line.At(x)));
  if (freedom < 1) return;
  const auto [quantile, is_new] = quantiles_.try_emplace(freedom, 0);
  if (is_new) quantile->second = trend::StudentQuantile(confidence_, freedom);
  const double half = quantile->second * line.StandardError(x);
  put(kLower, figure(line.At(x) - half));
  put(kUpper, figure(line.At(x) + half));
}

}  // namespace

POLICYTRACK_PLUGIN(Trend);
