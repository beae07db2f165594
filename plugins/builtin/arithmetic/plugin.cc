// arithmetic: sums and differences, and whether parts add up to a stated total.
// Rules in README.md.
#include "policytrack_plugin.hpp"
#include "policytrack_sum.hpp"

namespace {

namespace sdk = policytrack_plugin;

constexpr char kSlots[] = "abcdefgh";

// In the order of the descriptor.
enum OutputIndex { kResult, kPoints, kDiscrepancy, kWithinRounding };

// How much of the figures themselves doubles may round away; far below any last
// digit that is published, far above what a few additions lose.
constexpr double kRoundingOfDoubles = 1e-12;

struct Part {
  int input;
  double coefficient;
  bool may_be_missing;
};

// The sum for one period.
struct Result {
  uint32_t reason = PT_REASON_NONE;
  double value = 0;
  double magnitude = 0;  // of what was added
  sdk::Flags flags = 0;
};

class Arithmetic final : public sdk::Instance {
 public:
  explicit Arithmetic(const sdk::Setup& setup);
  sdk::Window window() const override { return {0, 0}; }
  void Compute(sdk::Call& call) override;

 private:
  void ReadParts(const sdk::Setup& setup);
  void CheckInputs(const sdk::Setup& setup) const;
  Result Add(const sdk::Call& call, size_t i) const;
  void Check(const Result& result, size_t i, sdk::Call* call) const;

  std::vector<Part> parts_;
  int total_;
  bool percent_;
  bool difference_ = false;  // a part is subtracted
  double tolerance_ = 0;     // of the discrepancy, in the unit of the figures
};

// The slots that are named in a text such as "b, c".
std::string ReadSlots(const std::string& text) {
  std::string slots;
  bool name_wanted = true;
  for (char c : text) {
    if (c == ' ') continue;
    const bool is_slot = c >= 'a' && c <= 'h';
    if (name_wanted ? !is_slot : c != ',') {
      throw sdk::Refused("may_be_missing lists slots such as `b, c`, not `" + text + "`");
    }
    if (is_slot) slots += c;
    name_wanted = !name_wanted;
  }
  if (name_wanted && !slots.empty()) {
    throw sdk::Refused("may_be_missing ends with a comma");
  }
  return slots;
}

Arithmetic::Arithmetic(const sdk::Setup& setup)
    : total_(setup.IndexOf("total")), percent_(setup.Input("a").unit == "percent") {
  ReadParts(setup);
  CheckInputs(setup);
  const double step = setup.parameters.Number("rounded_to");
  const bool has_steps = setup.parameters.Has("tolerance");
  if (total_ < 0 && (step > 0 || has_steps)) {
    throw sdk::Refused("rounded_to and tolerance are for slot total, which is not fed");
  }
  // Each figure may be off by half a step, the total too.
  double steps = 0.5;
  for (const Part& part : parts_) {
    steps += 0.5 * std::fabs(part.coefficient);
    difference_ |= part.coefficient < 0;
  }
  tolerance_ = step * (has_steps ? setup.parameters.Number("tolerance") : steps);
}

void Arithmetic::ReadParts(const sdk::Setup& setup) {
  const std::string may_be_missing = ReadSlots(setup.parameters.Text("may_be_missing"));
  for (const char* slot = kSlots; *slot != '\0'; ++slot) {
    const std::string name(1, *slot);
    const int input = setup.IndexOf(name.c_str());
    const double coefficient = setup.parameters.Number(("coefficient_" + name).c_str());
    const bool optional = may_be_missing.find(*slot) != std::string::npos;
    if (input >= 0) {
      parts_.push_back({input, coefficient, optional});
    } else if (coefficient != 1) {
      throw sdk::Refused("coefficient_" + name + " is given, but slot " + name + " is not fed");
    } else if (optional) {
      throw sdk::Refused("may_be_missing names slot " + name + ", which is not fed");
    }
  }
}

void Arithmetic::CheckInputs(const sdk::Setup& setup) const {
  const std::string& unit = setup.Input("a").unit;
  if (unit == "code" || unit == "period") {
    throw sdk::Refused("slot a is in " + unit + ": numbers that name a " +
                       (unit == "code" ? "state" : "period") + " are not added or subtracted");
  }
  bool flow = false;
  bool year_to_date = false;
  for (const sdk::InputMeta& input : setup.inputs) {
    flow |= input.accumulation == PT_ACCUMULATION_FLOW;
    year_to_date |= input.accumulation == PT_ACCUMULATION_YEAR_TO_DATE;
  }
  if (flow && year_to_date) {
    throw sdk::Refused(
        "totals of a period and totals since the start of the year do not add up; feed one kind");
  }
  for (const Part& part : parts_) {
    if (percent_ && std::fabs(part.coefficient) != 1) {
      throw sdk::Refused(
          "percentages are only added and subtracted: their weighted mean is not the percentage "
          "of the whole; add up the parts and relate the sums with plugins/ratio");
    }
  }
}

void Arithmetic::Compute(sdk::Call& call) {
  for (size_t i = call.first(); i < call.last(); ++i) {
    call.Poll();
    const int64_t period = call.period(i);
    const Result result = Add(call, i);
    // The difference of percentages is in percentage points.
    const bool points = percent_ && difference_;
    const uint32_t reason = result.reason;
    for (const int output : {kResult, kPoints}) {
      if (reason != PT_REASON_NONE || points != (output == kPoints)) {
        call.output(output).PutMissing(period,
                                       reason != PT_REASON_NONE ? reason : PT_REASON_UNDEFINED);
      } else {
        call.output(output).Put(period, result.value, result.flags);
      }
    }
    Check(result, i, &call);
  }
}

Result Arithmetic::Add(const sdk::Call& call, size_t i) const {
  Result result;
  sdk::Sum sum;
  sdk::Flags breaks = 0;
  bool any = false;
  for (const Part& part : parts_) {
    const sdk::Column& column = call.input(part.input);
    breaks |= column.flags(i) & PT_FLAG_BREAK;
    if (column.missing(i)) {
      if (part.may_be_missing) continue;
      result.reason = PT_REASON_INPUT_MISSING;
      return result;
    }
    any = true;
    const double value = part.coefficient * column.value(i);
    sum.Add(value);
    result.magnitude += std::fabs(value);
    result.flags = sdk::Worst(result.flags, column.flags(i));
  }
  // The sum of nothing is not zero.
  if (!any) result.reason = PT_REASON_INPUT_MISSING;
  result.value = sum.Value();
  result.flags |= breaks;
  return result;
}

// The stated total against the sum.
void Arithmetic::Check(const Result& result, size_t i, sdk::Call* call) const {
  // Nothing can be missing of a total that nobody states: no points, and no marks.
  if (total_ < 0) return;
  const int64_t period = call->period(i);
  sdk::Output& discrepancy = call->output(kDiscrepancy);
  sdk::Output& within = call->output(kWithinRounding);
  if (result.reason != PT_REASON_NONE || call->input(total_).missing(i)) {
    discrepancy.PutMissing(period, PT_REASON_INPUT_MISSING);
    within.PutMissing(period, PT_REASON_INPUT_MISSING);
    return;
  }
  const sdk::Column& total = call->input(total_);
  const sdk::Flags flags = static_cast<sdk::Flags>(
      sdk::Worst(total.flags(i), result.flags) | ((total.flags(i) | result.flags) & PT_FLAG_BREAK));
  const double gap = total.value(i) - result.value;
  if (percent_) {
    discrepancy.PutMissing(period, PT_REASON_UNDEFINED);
  } else {
    discrepancy.Put(period, gap, flags);
  }
  if (!std::isfinite(gap)) return within.PutMissing(period, PT_REASON_UNDEFINED);
  const double slack = kRoundingOfDoubles * (std::fabs(total.value(i)) + result.magnitude);
  within.Put(period, std::fabs(gap) <= tolerance_ + slack ? 1 : 0, flags);
}

}  // namespace

POLICYTRACK_PLUGIN(Arithmetic);
