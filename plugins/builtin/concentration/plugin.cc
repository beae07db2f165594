// concentration: CR-n and Herfindahl-Hirschman. Formulas in README.md.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "plugins/builtin/concentration/market.h"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

// In the order of the descriptor.
enum Output { kRatio, kHerfindahl, kLower, kUpper, kNormalised, kParts, kOutputs };

// Parts that fill the whole but for this are all of it.
constexpr double kRounding = 1e-9;

// What the parts say of one period.
struct Reading {
  uint32_t reason = PT_REASON_NONE;  // why there is no result
  sdk::Flags flags = 0;
  concentration::Market market;
};

class Concentration final : public sdk::Instance {
 public:
  explicit Concentration(const sdk::Setup& setup)
      : value_(setup.IndexOf("value")),
        total_(setup.IndexOf("total")),
        n_(static_cast<size_t>(setup.parameters.Integer("n"))),
        exclude_(setup.parameters.Text("missing_parts") == "exclude"),
        step_(setup.parameters.Number("rounded_to")) {
    if (step_ > 0 && total_ < 0) {
      throw sdk::Refused("rounded_to is for slot total, which is not fed");
    }
    try {
      other_ = concentration::ParseCodes(setup.parameters.Text("other"));
    } catch (const std::invalid_argument& e) {
      throw sdk::Refused(e.what());
    }
  }

  sdk::Window window() const override { return {0, 0}; }

  void Compute(sdk::Call& call) override {
    const std::vector<sdk::Part> parts = call.input(value_).parts();
    std::vector<bool> other;
    for (const sdk::Part& part : parts) {
      other.push_back(std::find(other_.begin(), other_.end(), part.name()) != other_.end());
    }
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      Write(call.period(i), Read(call, parts, other, i), &call);
    }
  }

 private:
  Reading Read(const sdk::Call& call, const std::vector<sdk::Part>& parts,
               const std::vector<bool>& other, size_t i) const {
    Reading reading;
    std::vector<double> firms;
    std::vector<double> buckets;
    bool counts = false;
    bool gap = false;
    bool negative = false;
    for (size_t p = 0; p < parts.size(); ++p) {
      if (!parts[p].counts(i)) continue;
      counts = true;
      if (parts[p].missing(i)) {
        gap = true;
        continue;
      }
      negative = negative || parts[p].value(i) < 0;
      (other[p] ? buckets : firms).push_back(parts[p].value(i));
      Mark(parts[p].flags(i), &reading);
    }
    if (!counts) {
      reading.reason = PT_REASON_INPUT_MISSING;
    } else if ((gap && !exclude_) || (firms.empty() && buckets.empty())) {
      reading.reason = PT_REASON_PART_MISSING;
    } else if (negative) {
      reading.reason = PT_REASON_UNDEFINED;
    } else {
      Share(call, firms, buckets, i, &reading);
    }
    return reading;
  }

  // Turns values into shares of their sum, or of the total.
  void Share(const sdk::Call& call, const std::vector<double>& firms,
             const std::vector<double>& buckets, size_t i, Reading* reading) const {
    const double sum = concentration::SumOf(firms) + concentration::SumOf(buckets);
    double whole = sum;
    if (total_ >= 0) {
      const sdk::Column& total = call.input(total_);
      if (total.missing(i)) {
        reading->reason = PT_REASON_INPUT_MISSING;
        return;
      }
      Mark(total.flags(i), reading);
      whole = total.value(i);
    }
    double rest = whole - sum;
    if (std::fabs(rest) <= kRounding * std::fabs(whole)) rest = 0;
    // Each figure may be off by half a step, the total too. Parts that add up but for
    // that are all there is, and their sum is what they are shares of.
    const double figures = static_cast<double>(firms.size() + buckets.size() + 1);
    if (step_ > 0 && std::fabs(rest) <= step_ * figures / 2 + kRounding * std::fabs(whole)) {
      whole = sum;
      rest = 0;
    }
    if (!std::isfinite(sum) || whole < 0 || rest < 0) {
      reading->reason = PT_REASON_UNDEFINED;
    } else if (whole == 0) {
      reading->reason = PT_REASON_ZERO_BASE;
    } else {
      reading->market = concentration::MakeMarket(firms, buckets, rest, whole);
    }
  }

  void Write(int64_t period, const Reading& reading, sdk::Call* call) const {
    if (reading.reason != PT_REASON_NONE) {
      for (int o = 0; o < kOutputs; ++o) call->output(o).PutMissing(period, reading.reason);
      return;
    }
    const concentration::Market& market = reading.market;
    const sdk::Flags flags = reading.flags;
    const bool exact = market.buckets.empty();
    // The n largest are not known when one of them may be in a bucket.
    if (!exact && market.firms.size() < n_) {
      call->output(kRatio).PutMissing(period, PT_REASON_TOO_FEW_POINTS);
    } else {
      call->output(kRatio).Put(period, concentration::ConcentrationRatio(market, n_), flags);
    }
    call->output(kLower).Put(period, concentration::HerfindahlLower(market), flags);
    call->output(kUpper).Put(period, concentration::HerfindahlUpper(market), flags);
    call->output(kParts).Put(period, static_cast<double>(market.firms.size()), flags);
    if (exact) {
      call->output(kHerfindahl).Put(period, concentration::HerfindahlLower(market), flags);
      call->output(kNormalised).Put(period, concentration::Normalised(market), flags);
    } else {
      call->output(kHerfindahl).PutMissing(period, PT_REASON_UNDEFINED);
      call->output(kNormalised).PutMissing(period, PT_REASON_UNDEFINED);
    }
  }

  static void Mark(sdk::Flags flags, Reading* reading) {
    reading->flags = static_cast<sdk::Flags>(sdk::Worst(reading->flags, flags) |
                                             ((reading->flags | flags) & PT_FLAG_BREAK));
  }

  int value_;
  int total_;
  size_t n_;
  bool exclude_;
  double step_;  // that figures are rounded to; 0 for exact ones
  std::vector<std::string> other_;
};

}  // namespace

POLICYTRACK_PLUGIN(Concentration);
