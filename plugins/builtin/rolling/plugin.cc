// rolling: sums, means and extremes over the last periods, and totals since a
// start. Rules in README.md.
#include <optional>

#include "plugins/builtin/rolling/total.h"
#include "policytrack_calendar.hpp"
#include "policytrack_plugin.hpp"
#include "policytrack_sum.hpp"

namespace {

namespace sdk = policytrack_plugin;
using rolling::Total;

enum class Method { kSum, kMean, kMinimum, kMaximum, kYearToDate, kSinceFirst, kSincePeriod };

// In the order of the descriptor.
enum OutputIndex { kValue, kYearToDate };

Method MethodOf(const std::string& text) {
  if (text == "sum") return Method::kSum;
  if (text == "mean") return Method::kMean;
  if (text == "minimum") return Method::kMinimum;
  if (text == "maximum") return Method::kMaximum;
  if (text == "year_to_date") return Method::kYearToDate;
  if (text == "since_first") return Method::kSinceFirst;
  if (text == "since_period") return Method::kSincePeriod;
  throw sdk::Refused("the method " + text + " is not known");
}

class Rolling final : public sdk::Instance {
 public:
  explicit Rolling(const sdk::Setup& setup);

  sdk::Window window() const override {
    // A difference of year-to-date totals also rests on the one before the first
    // period.
    if (OverPeriods()) return {year_to_date_ ? periods_ : periods_ - 1, 0};
    if (method_ == Method::kYearToDate) return {sdk::MostPeriods(frequency_, 1) - 1, 0};
    return {sdk::kUnbounded, 0};
  }

  void Compute(sdk::Call& call) override;

 private:
  bool OverPeriods() const { return method_ <= Method::kMaximum; }
  void CheckAccumulation(uint32_t accumulation) const;
  void CheckYear() const;
  void ReadPeriods(const sdk::Parameters& parameters);
  void ReadSince(const sdk::Parameters& parameters);
  Total OverLast(const sdk::Column& value, size_t i) const;
  void OverAll(sdk::Call* call) const;
  void Write(int64_t period, const Total& total, sdk::Call* call) const;

  int value_;
  Method method_;
  uint32_t frequency_;
  int year_start_month_;
  bool year_to_date_;  // the input
  bool across_breaks_;
  int64_t periods_ = 0;
  int64_t at_least_ = 0;
  int64_t since_ = 0;
};

Rolling::Rolling(const sdk::Setup& setup)
    : value_(setup.IndexOf("value")),
      method_(MethodOf(setup.parameters.Text("method"))),
      frequency_(setup.Input("value").frequency),
      year_start_month_(setup.Input("value").year_start_month),
      year_to_date_(setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE),
      across_breaks_(setup.parameters.Boolean("across_breaks")) {
  CheckAccumulation(setup.Input("value").accumulation);
  CheckYear();
  ReadPeriods(setup.parameters);
  ReadSince(setup.parameters);
}

void Rolling::CheckAccumulation(uint32_t accumulation) const {
  if (accumulation == PT_ACCUMULATION_YEAR_TO_DATE) {
    if (method_ == Method::kYearToDate) {
      throw sdk::Refused(
          "the series is a total since the start of the year already; plugins/level passes it on");
    }
    if (method_ == Method::kMinimum || method_ == Method::kMaximum) {
      throw sdk::Refused(
          "year-to-date totals start anew every year, so that their smallest and largest say "
          "where in the year a period lies; take the sum over 1 period first");
    }
    return;
  }
  const bool adds = method_ == Method::kSum || !OverPeriods();
  if (adds && accumulation == PT_ACCUMULATION_STOCK) {
    throw sdk::Refused(
        "a sum of stocks counts the same things anew every period; take method mean, minimum or "
        "maximum");
  }
  if (adds && accumulation != PT_ACCUMULATION_FLOW) {
    throw sdk::Refused(
        "rates, prices and other levels do not add up over time; take method mean, minimum or "
        "maximum");
  }
}

// A total to date, given or made, begins where its year does.
void Rolling::CheckYear() const {
  if (!year_to_date_ && method_ != Method::kYearToDate) return;
  if (sdk::YearBeginsWithPeriod(frequency_, year_start_month_)) return;
  throw sdk::Refused("the year of the series starts in month " + std::to_string(year_start_month_) +
                     ", and no period of this frequency begins with it; totals since the start "
                     "of the year need one that does");
}

void Rolling::ReadPeriods(const sdk::Parameters& parameters) {
  const bool has_at_least = parameters.Has("at_least");
  if (!OverPeriods()) {
    if (parameters.Has("periods") || has_at_least) {
      throw sdk::Refused("periods and at_least are for methods sum, mean, minimum and maximum");
    }
    return;
  }
  if (!parameters.Has("periods")) {
    throw sdk::Refused("periods must be given: over how many of them, the last one included");
  }
  periods_ = parameters.Integer("periods");
  at_least_ = has_at_least ? parameters.Integer("at_least") : periods_;
  if (at_least_ > periods_) throw sdk::Refused("at_least is more than periods");
  if (year_to_date_ && at_least_ < periods_) {
    throw sdk::Refused(
        "sum and mean of year-to-date totals are differences of two of them and need both; "
        "at_least does not go with them");
  }
}

void Rolling::ReadSince(const sdk::Parameters& parameters) {
  const bool given = parameters.Has("since");
  if (given != (method_ == Method::kSincePeriod)) {
    throw sdk::Refused(given ? "since is for method since_period"
                             : "method since_period needs since: the first period that counts");
  }
  if (!given) return;
  const std::string& text = parameters.Text("since");
  const std::optional<int64_t> since = sdk::ParsePeriod(frequency_, text);
  if (!since.has_value()) {
    throw sdk::Refused("since is `" + text + "`, but the periods are of the form " +
                       sdk::PeriodExample(frequency_));
  }
  since_ = *since;
}

void Rolling::Compute(sdk::Call& call) {
  if (!OverPeriods()) return OverAll(&call);
  const sdk::Column& value = call.input(value_);
  for (size_t i = call.first(); i < call.last(); ++i) {
    call.Poll();
    if (!year_to_date_) {
      Write(value.period(i), OverLast(value, i), &call);
      continue;
    }
    Total total = rolling::FromYearToDate(value, frequency_, year_start_month_, i,
                                          value.period(i) - periods_);
    if (method_ == Method::kMean) total.value /= static_cast<double>(periods_);
    Write(value.period(i), total, &call);
  }
}

// Over the periods up to that of position i, the last first.
Total Rolling::OverLast(const sdk::Column& value, size_t i) const {
  Total total;
  sdk::Sum sum;
  int64_t count = 0;
  bool break_met = false;  // behind a value, on the way back
  double extreme = 0;
  const int64_t before = value.period(i) - periods_;
  for (size_t j = i + 1; j-- > 0 && value.period(j) > before;) {
    if (!value.missing(j)) {
      const double v = value.value(j);
      if (count == 0 || (method_ == Method::kMinimum ? v < extreme : v > extreme)) extreme = v;
      sum.Add(v);
      ++count;
      total.flags = sdk::Worst(total.flags, value.flags(j));
      total.broken |= break_met;
    }
    break_met |= count > 0 && sdk::IsBreak(value.flags(j));
  }
  if (count < at_least_) {
    total.reason = count == 0 ? PT_REASON_INPUT_MISSING : PT_REASON_TOO_FEW_POINTS;
  }
  if (count < periods_) {
    // Something is left out, and the result stands for the whole.
    total.flags = std::max<sdk::Flags>(total.flags, PT_QUALITY_ESTIMATED);
  }
  const bool extremes = method_ == Method::kMinimum || method_ == Method::kMaximum;
  total.value = extremes                   ? extreme
                : method_ == Method::kMean ? sum.Value() / static_cast<double>(count)
                                           : sum.Value();
  return total;
}

// Totals since a start, for every period of the window.
void Rolling::OverAll(sdk::Call* call) const {
  const sdk::Column& value = call->input(value_);
  rolling::Running running;
  std::optional<int64_t> start;
  if (method_ == Method::kSincePeriod) start = since_;
  for (size_t i = 0; i < call->last(); ++i) {
    call->Poll();
    const int64_t period = value.period(i);
    if (method_ == Method::kYearToDate) {
      start = sdk::FirstOfYear(frequency_, period, year_start_month_);
    } else if (!start.has_value() && !value.missing(i)) {
      // The first year-to-date total reaches back to the start of its year.
      start = year_to_date_ ? sdk::FirstOfYear(frequency_, period, year_start_month_) : period;
    }
    const bool started = start.has_value() && period >= *start;
    if (started && !year_to_date_) running.Add(*start, value, i);
    if (i < call->first()) continue;
    Total total;
    if (!started) {
      total.reason = start.has_value() ? PT_REASON_UNDEFINED : PT_REASON_INPUT_MISSING;
    } else {
      total = year_to_date_
                  ? rolling::FromYearToDate(value, frequency_, year_start_month_, i, *start - 1)
                  : running.At(value, i);
    }
    Write(period, total, call);
  }
}

void Rolling::Write(int64_t period, const Total& total, sdk::Call* call) const {
  const bool to_year = method_ == Method::kYearToDate;
  call->output(to_year ? kValue : kYearToDate).PutMissing(period, PT_REASON_UNDEFINED);
  sdk::Output& output = call->output(to_year ? kYearToDate : kValue);
  if (total.reason != PT_REASON_NONE) return output.PutMissing(period, total.reason);
  if (total.broken && !across_breaks_) return output.PutMissing(period, PT_REASON_SERIES_BREAK);
  output.Put(period, total.value,
             static_cast<sdk::Flags>(total.flags | (total.broken ? PT_FLAG_BREAK : 0)));
}

}  // namespace

POLICYTRACK_PLUGIN(Rolling);
