// growth: on the period before, year on year, compound. Formulas in README.md.
#include <map>
#include <optional>

#include "plugins/builtin/growth/calendar.h"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

enum class Method { kPreviousPeriod, kYearOnYear, kCagr };

class Growth final : public sdk::Instance {
 public:
  explicit Growth(const sdk::Setup& setup)
      : value_(setup.IndexOf("value")),
        frequency_(setup.Input("value").frequency),
        year_to_date_(setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE),
        periods_per_year_(setup.Input("value").periods_per_year),
        years_(setup.parameters.Integer("years")),
        across_breaks_(setup.parameters.Boolean("across_breaks")) {
    const std::string& method = setup.parameters.Text("method");
    method_ = method == "previous_period" ? Method::kPreviousPeriod
              : method == "cagr"          ? Method::kCagr
                                          : Method::kYearOnYear;
    if (method_ == Method::kPreviousPeriod && year_to_date_) {
      throw sdk::Refused(
          "year-to-date totals do not compare with the period before; use method year_on_year");
    }
    if (method_ != Method::kCagr && years_ != 0) {
      throw sdk::Refused("years goes only with method cagr");
    }
  }

  sdk::Window window() const override {
    switch (method_) {
      case Method::kPreviousPeriod:
        return {1, 0};
      case Method::kYearOnYear:
        return {growth::MostPeriods(frequency_, 1), 0};
      case Method::kCagr:
        break;
    }
    return {years_ == 0 ? sdk::kUnbounded : growth::MostPeriods(frequency_, years_), 0};
  }

  void Compute(sdk::Call& call) override {
    const sdk::Column& value = call.input(value_);
    // Breaks up to each position, to know whether there is one between two.
    std::vector<size_t> breaks(value.size() + 1, 0);
    // The first value of the series, of each part of the year for year-to-date
    // totals: March does not compare with January.
    std::map<int64_t, size_t> first;
    for (size_t i = 0; i < value.size(); ++i) {
      breaks[i + 1] = breaks[i] + (sdk::IsBreak(value.flags(i)) ? 1 : 0);
      if (!value.missing(i)) {
        first.emplace(year_to_date_ ? growth::PartOfYear(frequency_, value.period(i)) : 0, i);
      }
    }
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      One(value, breaks, first, i, &call.output(0));
    }
  }

 private:
  // The position that i is compared with, if there is one.
  std::optional<size_t> Base(const sdk::Column& value, const std::map<int64_t, size_t>& first,
                             size_t i) const {
    const int64_t period = value.period(i);
    std::optional<int64_t> wanted;
    if (method_ == Method::kPreviousPeriod) {
      wanted = period - 1;
    } else if (method_ == Method::kYearOnYear) {
      wanted = growth::YearsBefore(frequency_, period, 1);
    } else if (years_ > 0) {
      wanted = growth::YearsBefore(frequency_, period, years_);
    } else {
      // Never empty: i itself has a value.
      return first.at(year_to_date_ ? growth::PartOfYear(frequency_, period) : 0);
    }
    const ptrdiff_t at = wanted.has_value() ? value.Find(*wanted) : -1;
    if (at < 0 || value.missing(static_cast<size_t>(at))) return std::nullopt;
    return static_cast<size_t>(at);
  }

  void One(const sdk::Column& value, const std::vector<size_t>& breaks,
           const std::map<int64_t, size_t>& first, size_t i, sdk::Output* output) const {
    const int64_t period = value.period(i);
    if (value.missing(i)) return output->PutMissing(period, PT_REASON_INPUT_MISSING);
    const std::optional<size_t> at = Base(value, first, i);
    if (!at.has_value()) return output->PutMissing(period, PT_REASON_INPUT_MISSING);
    const int64_t distance = period - value.period(*at);
    if (method_ == Method::kCagr && distance < growth::PeriodsOfOneYear(frequency_)) {
      return output->PutMissing(period, PT_REASON_TOO_FEW_POINTS);
    }
    const bool broken = breaks[i + 1] != breaks[*at + 1];
    if (broken && !across_breaks_) return output->PutMissing(period, PT_REASON_SERIES_BREAK);
    const double base = value.value(*at);
    const double now = value.value(i);
    if (base == 0) return output->PutMissing(period, PT_REASON_ZERO_BASE);
    if (base < 0 || now < 0) return output->PutMissing(period, PT_REASON_UNDEFINED);
    const sdk::Flags flags = static_cast<sdk::Flags>(sdk::Worst(value.flags(i), value.flags(*at)) |
                                                     (broken ? PT_FLAG_BREAK : 0));
    if (method_ != Method::kCagr) return output->Put(period, 100.0 * (now - base) / base, flags);
    const double years = years_ > 0 ? static_cast<double>(years_)
                                    : static_cast<double>(distance) / periods_per_year_;
    output->Put(period, 100.0 * (std::pow(now / base, 1.0 / years) - 1.0), flags);
  }

  int value_;
  uint32_t frequency_;
  bool year_to_date_;
  double periods_per_year_;
  int64_t years_;
  bool across_breaks_;
  Method method_ = Method::kYearOnYear;
};

}  // namespace

POLICYTRACK_PLUGIN(Growth);
