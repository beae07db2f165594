// The median of the last periods, in C++17: one odd month does not move it.
#include <algorithm>
#include <vector>

#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

class MovingMedian final : public sdk::Instance {
 public:
  explicit MovingMedian(const sdk::Setup& setup)
      : value_(setup.IndexOf("value")), periods_(setup.parameters.Integer("periods")) {
    if (setup.Input("value").accumulation == PT_ACCUMULATION_YEAR_TO_DATE) {
      throw sdk::Refused("totals since the start of a year have no median; feed single periods");
    }
  }

  sdk::Window window() const override { return {periods_ - 1, 0}; }

  void Compute(sdk::Call& call) override {
    const sdk::Column& value = call.input(value_);
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      At(value, i, &call.output(0));
    }
  }

 private:
  // Counts by the calendar: a period that is not there is one without a value.
  void At(const sdk::Column& value, size_t i, sdk::Output* output) const {
    const int64_t period = value.period(i);
    std::vector<double> values;
    sdk::Flags worst = PT_QUALITY_NORMAL;
    bool broken = false;
    for (size_t back = i + 1; back-- > 0 && value.period(back) > period - periods_;) {
      if (broken) return output->PutMissing(period, PT_REASON_SERIES_BREAK);
      broken = sdk::IsBreak(value.flags(back));  // what is before it does not compare
      if (value.missing(back)) return output->PutMissing(period, PT_REASON_INPUT_MISSING);
      worst = sdk::Worst(worst, value.flags(back));
      values.push_back(value.value(back));
    }
    if (static_cast<int64_t>(values.size()) < periods_) {
      return output->PutMissing(period, PT_REASON_TOO_FEW_POINTS);
    }
    const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    double median = *middle;
    if (values.size() % 2 == 0) median = median / 2 + *std::max_element(values.begin(), middle) / 2;
    output->Put(period, median, worst);
  }

  int value_;
  int64_t periods_;
};

}  // namespace

POLICYTRACK_PLUGIN(MovingMedian);
