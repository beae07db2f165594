// growth: on the period before, year on year, compound; and published growth
// beside it. Formulas in README.md.
#include <map>
#include <optional>

#include "policytrack_calendar.hpp"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

enum class Method { kPreviousPeriod, kYearOnYear, kCagr, kTwoYearAverage };

// In the order of the descriptor.
enum OutputIndex { kGrowth, kPublished, kImpliedBase, kImpliedBaseGap, kDifference };

// The base of a value, or why it does not compare with one.
struct Base {
  uint32_t reason = PT_REASON_NONE;
  double value = 0;
  sdk::Flags flags = 0;
};

// A result before it is written: a value, or why there is none.
struct Result {
  uint32_t reason = PT_REASON_NONE;
  double value = 0;
  sdk::Flags flags = 0;

  static Result Missing(uint32_t why) { return {why, 0, 0}; }
  void Write(int64_t period, sdk::Output* output) const {
    if (reason != PT_REASON_NONE) return output->PutMissing(period, reason);
    output->Put(period, value, flags);
  }
};

sdk::Flags Either(sdk::Flags a, sdk::Flags b) {
  return static_cast<sdk::Flags>(sdk::Worst(a, b) | ((a | b) & (PT_FLAG_BREAK | PT_FLAG_JOINT)));
}

class Growth final : public sdk::Instance {
 public:
  explicit Growth(const sdk::Setup& setup);

  sdk::Window window() const override {
    if (method_ == Method::kPreviousPeriod) return {1, 0};
    return {years_ == 0 ? sdk::kUnbounded : sdk::MostPeriods(frequency_, years_), 0};
  }

  void Compute(sdk::Call& call) override;

 private:
  // What of a series the comparisons need to know.
  struct Series {
    const sdk::Column* value;
    std::vector<size_t> breaks;  // before each position
    std::map<int64_t, size_t>
        first;  // first value, of each part of the year for year-to-date; without years_
  };

  std::optional<size_t> BasePosition(const Series& series, size_t i) const;
  Base FindBase(const Series& series, size_t i) const;
  std::optional<double> YearsTo(const Series& series, size_t i) const;
  Result ImpliedBase(const Series& series, size_t i, double published, sdk::Flags flags) const;
  void Published(const Series& series, size_t i, const Base& base, const Result& growth,
                 sdk::Call* call) const;

  int value_;
  int published_;
  uint32_t frequency_;
  bool year_to_date_;
  double periods_per_year_;
  int64_t years_;  // over which growth is; 0 from the first value
  bool across_breaks_;
  Method method_ = Method::kYearOnYear;
};

Growth::Growth(const sdk::Setup& setup)
    : value_(setup.IndexOf("value")),
      published_(setup.IndexOf("published")),
      frequency_(setup.Input("value").frequency),
      year_to_date_(setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE),
      periods_per_year_(setup.Input("value").periods_per_year),
      years_(setup.parameters.Integer("years")),
      across_breaks_(setup.parameters.Boolean("across_breaks")) {
  const std::string& method = setup.parameters.Text("method");
  method_ = method == "previous_period"    ? Method::kPreviousPeriod
            : method == "cagr"             ? Method::kCagr
            : method == "two_year_average" ? Method::kTwoYearAverage
                                           : Method::kYearOnYear;
  if (method_ == Method::kPreviousPeriod && year_to_date_) {
    throw sdk::Refused(
        "year-to-date totals do not compare with the period before; use method year_on_year");
  }
  if (method_ != Method::kCagr) {
    if (years_ != 0) throw sdk::Refused("years goes only with method cagr");
    years_ = method_ == Method::kTwoYearAverage ? 2 : 1;
  }
  if (published_ >= 0 && setup.Input("published").unit != "percent") {
    throw sdk::Refused("slot published takes growth in percent, not a figure in " +
                       setup.Input("published").unit);
  }
}

// The position that i, which has a value, is compared with, if there is one.
std::optional<size_t> Growth::BasePosition(const Series& series, size_t i) const {
  const int64_t period = series.value->period(i);
  std::optional<int64_t> wanted;
  if (method_ == Method::kPreviousPeriod) {
    wanted = period - 1;
  } else if (years_ > 0) {
    wanted = sdk::YearsBefore(frequency_, period, years_);
  } else {
    // Never empty: i itself has a value.
    return series.first.at(year_to_date_ ? sdk::PartOfYear(frequency_, period) : 0);
  }
  const ptrdiff_t at = wanted.has_value() ? series.value->Find(*wanted) : -1;
  if (at < 0 || series.value->missing(static_cast<size_t>(at))) return std::nullopt;
  return static_cast<size_t>(at);
}

Base Growth::FindBase(const Series& series, size_t i) const {
  const sdk::Column& value = *series.value;
  Base base;
  const std::optional<size_t> at =
      value.missing(i) ? std::optional<size_t>() : BasePosition(series, i);
  if (!at.has_value()) {
    base.reason = PT_REASON_INPUT_MISSING;
    return base;
  }
  const bool broken = series.breaks[i + 1] != series.breaks[*at + 1];
  base.value = value.value(*at);
  base.flags =
      static_cast<sdk::Flags>(sdk::Quality(value.flags(*at)) | (broken ? PT_FLAG_BREAK : 0));
  // The total of two months grows on one of two months.
  const bool joint = sdk::IsJoint(value.flags(i));
  if (joint) base.flags = static_cast<sdk::Flags>(base.flags | PT_FLAG_JOINT);
  if (joint != sdk::IsJoint(value.flags(*at))) {
    base.reason = PT_REASON_UNDEFINED;
  } else if (method_ == Method::kCagr &&
             value.period(i) - value.period(*at) < sdk::PeriodsOfOneYear(frequency_)) {
    base.reason = PT_REASON_TOO_FEW_POINTS;
  } else if (broken && !across_breaks_) {
    base.reason = PT_REASON_SERIES_BREAK;
  } else if (base.value == 0) {
    base.reason = PT_REASON_ZERO_BASE;
  } else if (base.value < 0) {
    base.reason = PT_REASON_UNDEFINED;
  }
  return base;
}

// Over how many years growth at i, which has a value, is an average; 1 for
// growth that is none. None when less than a year has passed.
std::optional<double> Growth::YearsTo(const Series& series, size_t i) const {
  if (years_ > 0) return static_cast<double>(years_);
  const int64_t distance = series.value->period(i) - series.value->period(*BasePosition(series, i));
  if (distance < sdk::PeriodsOfOneYear(frequency_)) return std::nullopt;
  return static_cast<double>(distance) / periods_per_year_;
}

void Growth::Compute(sdk::Call& call) {
  Series series{&call.input(value_), {}, {}};
  const sdk::Column& value = *series.value;
  series.breaks.assign(value.size() + 1, 0);
  for (size_t i = 0; i < value.size(); ++i) {
    series.breaks[i + 1] = series.breaks[i] + (sdk::IsBreak(value.flags(i)) ? 1 : 0);
    if (years_ == 0 && !value.missing(i)) {
      // March does not compare with January: year-to-date totals begin anew.
      series.first.emplace(year_to_date_ ? sdk::PartOfYear(frequency_, value.period(i)) : 0, i);
    }
  }
  for (size_t i = call.first(); i < call.last(); ++i) {
    call.Poll();
    const Base base = FindBase(series, i);
    Result growth;
    if (base.reason != PT_REASON_NONE) {
      growth = Result::Missing(base.reason);
    } else if (value.value(i) < 0) {
      growth = Result::Missing(PT_REASON_UNDEFINED);
    } else {
      const double years = *YearsTo(series, i);
      growth.value = years == 1
                         ? 100.0 * (value.value(i) - base.value) / base.value
                         : 100.0 * (std::pow(value.value(i) / base.value, 1.0 / years) - 1.0);
      // The break mark is that of the comparison: one at the base is behind it.
      growth.flags = static_cast<sdk::Flags>(sdk::Worst(value.flags(i), base.flags) |
                                             (base.flags & (PT_FLAG_BREAK | PT_FLAG_JOINT)));
    }
    growth.Write(value.period(i), &call.output(kGrowth));
    Published(series, i, base, growth, &call);
  }
}

Result Growth::ImpliedBase(const Series& series, size_t i, double published,
                           sdk::Flags flags) const {
  const std::optional<double> years = YearsTo(series, i);
  if (!years.has_value()) return Result::Missing(PT_REASON_TOO_FEW_POINTS);
  const double value = series.value->value(i);
  if (published <= -100 || value <= 0) return Result::Missing(PT_REASON_UNDEFINED);
  return {PT_REASON_NONE,
          *years == 1 ? 100.0 * value / (100.0 + published)
                      : value / std::pow((100.0 + published) / 100.0, *years),
          static_cast<sdk::Flags>(sdk::Worst(series.value->flags(i), flags) |
                                  (series.value->flags(i) & PT_FLAG_JOINT))};
}

// What is published, and what it says of the base.
void Growth::Published(const Series& series, size_t i, const Base& base, const Result& growth,
                       sdk::Call* call) const {
  // Nothing can be missing of what nobody feeds: these outputs have no points
  // then, which would else be four marks for every value.
  if (published_ < 0) return;
  const int64_t period = call->period(i);
  const sdk::Column& published = call->input(published_);
  const sdk::Flags flags = published.flags(i);
  call->output(kPublished).Append(period, published.value(i), flags);
  Result implied = Result::Missing(PT_REASON_INPUT_MISSING);
  Result gap = implied;
  Result difference = implied;
  if (!published.missing(i) && !series.value->missing(i)) {
    implied = ImpliedBase(series, i, published.value(i), flags);
    gap = implied.reason != PT_REASON_NONE ? implied : Result::Missing(base.reason);
    if (gap.reason == PT_REASON_NONE) {
      gap.value = 100.0 * (implied.value - base.value) / base.value;
      gap.flags = Either(implied.flags, base.flags);
    }
    difference = Result::Missing(growth.reason);
    if (difference.reason == PT_REASON_NONE) {
      difference.value = growth.value - published.value(i);
      difference.flags = Either(growth.flags, sdk::Quality(flags));
    }
  }
  implied.Write(period, &call->output(kImpliedBase));
  gap.Write(period, &call->output(kImpliedBaseGap));
  difference.Write(period, &call->output(kDifference));
}

}  // namespace

POLICYTRACK_PLUGIN(Growth);
