// ratio: share, coverage, density. Formulas in README.md.
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

class Ratio final : public sdk::Instance {
 public:
  explicit Ratio(const sdk::Setup& setup)
      : numerator_(setup.IndexOf("numerator")),
        denominator_(setup.IndexOf("denominator")),
        per_(setup.parameters.Number("per")) {
    const sdk::InputMeta& n = setup.Input("numerator");
    const sdk::InputMeta& d = setup.Input("denominator");
    // A total within a period over one since the start of the year is no share
    // of anything.
    if ((n.accumulation == PT_ACCUMULATION_YEAR_TO_DATE &&
         d.accumulation == PT_ACCUMULATION_FLOW) ||
        (n.accumulation == PT_ACCUMULATION_FLOW &&
         d.accumulation == PT_ACCUMULATION_YEAR_TO_DATE)) {
      throw sdk::Refused(
          "numerator and denominator must both be flows or both be year-to-date totals");
    }
    one_kind_ = n.unit_kind == d.unit_kind;
    // Exactly 1 for equal units.
    factor_ = n.unit == d.unit ? 1.0 : n.unit_factor / d.unit_factor;
  }

  sdk::Window window() const override { return {0, 0}; }

  void Compute(sdk::Call& call) override {
    const sdk::Column& n = call.input(numerator_);
    const sdk::Column& d = call.input(denominator_);
    sdk::Output& share = call.output(0);
    sdk::Output& ratio = call.output(1);
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      const int64_t period = call.period(i);
      if (n.missing(i) || d.missing(i)) {
        share.PutMissing(period, PT_REASON_INPUT_MISSING);
        ratio.PutMissing(period, PT_REASON_INPUT_MISSING);
        continue;
      }
      if (d.value(i) == 0) {
        share.PutMissing(period, one_kind_ ? PT_REASON_ZERO_BASE : PT_REASON_UNDEFINED);
        ratio.PutMissing(period, PT_REASON_ZERO_BASE);
        continue;
      }
      const sdk::Flags flags = static_cast<sdk::Flags>(sdk::Worst(n.flags(i), d.flags(i)) |
                                                       ((n.flags(i) | d.flags(i)) & PT_FLAG_BREAK));
      if (one_kind_) {
        share.Put(period, 100.0 * n.value(i) * factor_ / d.value(i), flags);
      } else {
        share.PutMissing(period, PT_REASON_UNDEFINED);
      }
      ratio.Put(period, per_ * n.value(i) / d.value(i), flags);
    }
  }

 private:
  int numerator_;
  int denominator_;
  double per_;
  bool one_kind_ = false;
  double factor_ = 1;
};

}  // namespace

POLICYTRACK_PLUGIN(Ratio);
