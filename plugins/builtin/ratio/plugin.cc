// ratio: share, coverage, density. Formulas in README.md.
#include <numeric>

#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

// 100 n / d, rounded once: the remainder of the division and that of the product
// are known exactly. So equal figures give exactly 100, a part is never more
// than 100, and figures in ones and in ten thousands give the same bytes.
double Percent(double n, double d) {
  const double quotient = n / d;
  const double rest = std::fma(-quotient, d, n) / d;
  const double product = 100.0 * quotient;
  return product + (std::fma(100.0, quotient, -product) + 100.0 * rest);
}

class Ratio final : public sdk::Instance {
 public:
  explicit Ratio(const sdk::Setup& setup)
      : numerator_(setup.IndexOf("numerator")),
        denominator_(setup.IndexOf("denominator")),
        per_(setup.parameters.Number("per")),
        allow_above_100_(setup.parameters.Boolean("allow_above_100")) {
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
    if (!one_kind_) return;
    // Factors of units are whole numbers; without their common divisor, at least
    // one is 1 for all units of the list, and nothing is rounded that need not be.
    const int64_t n_factor = static_cast<int64_t>(n.unit_factor);
    const int64_t d_factor = static_cast<int64_t>(d.unit_factor);
    const int64_t common = std::gcd(n_factor, d_factor);
    numerator_factor_ = static_cast<double>(n_factor / common);
    denominator_factor_ = static_cast<double>(d_factor / common);
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
      // The total of two months is no part of that of one.
      if (sdk::IsJoint(n.flags(i)) != sdk::IsJoint(d.flags(i))) {
        share.PutMissing(period, PT_REASON_UNDEFINED);
        ratio.PutMissing(period, PT_REASON_UNDEFINED);
        continue;
      }
      if (d.value(i) == 0) {
        share.PutMissing(period, one_kind_ ? PT_REASON_ZERO_BASE : PT_REASON_UNDEFINED);
        ratio.PutMissing(period, PT_REASON_ZERO_BASE);
        continue;
      }
      const sdk::Flags flags =
          static_cast<sdk::Flags>(sdk::Worst(n.flags(i), d.flags(i)) |
                                  ((n.flags(i) | d.flags(i)) & (PT_FLAG_BREAK | PT_FLAG_JOINT)));
      ratio.Put(period, per_ * n.value(i) / d.value(i), flags);
      if (!one_kind_) {
        share.PutMissing(period, PT_REASON_UNDEFINED);
        continue;
      }
      const double percent =
          Percent(n.value(i) * numerator_factor_, d.value(i) * denominator_factor_);
      if (!allow_above_100_ && (percent < 0 || percent > 100)) {
        share.PutMissing(period, PT_REASON_UNDEFINED);
      } else {
        share.Put(period, percent, flags);
      }
    }
  }

 private:
  int numerator_;
  int denominator_;
  double per_;
  bool allow_above_100_;
  bool one_kind_ = false;
  double numerator_factor_ = 1;
  double denominator_factor_ = 1;
};

}  // namespace

POLICYTRACK_PLUGIN(Ratio);
