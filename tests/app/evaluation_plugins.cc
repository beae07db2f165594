#include "tests/app/evaluation_plugins.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"

namespace policytrack::app {
namespace {

using Axis = std::vector<int64_t>;
using Inputs = std::vector<plugins::InputView>;
using google::protobuf::Struct;

// One output point for each period of the axis in the window.
template <typename PointFunction>
Columns ForEach(const Axis& axis, PeriodRange window, const PointFunction& point) {
  Columns output;
  for (size_t i = 0; i < axis.size(); ++i) {
    if (window.Contains(axis[i])) point(i, &output);
  }
  return output;
}

void Copy(const Columns& in, size_t i, Columns* out) {
  out->Append(in.periods[i], in.values[i], in.flags[i]);
}

// The value at i less that at the period `distance` away.
void Difference(const Columns& in, size_t i, int64_t distance, Columns* out) {
  const int64_t period = in.periods[i];
  const int64_t other = in.Find(period + distance);
  if (IsMissing(in.flags[i])) {
    out->Append(period, 0, in.flags[i]);
  } else if (other < 0 || IsMissing(in.flags[other])) {
    out->Append(period, 0, MissingFlags(v1::MISSING_REASON_TOO_FEW_POINTS));
  } else {
    out->Append(period, in.values[i] - in.values[other],
                std::max<Flags>(in.flags[i] & kQualityMask, in.flags[other] & kQualityMask));
  }
}

void Total(const Columns& in, size_t i, Columns* out) {
  double sum = 0;
  Flags quality = kNormal;
  for (size_t j = 0; j <= i; ++j) {
    if (IsMissing(in.flags[j])) continue;
    sum += in.values[j];
    quality = std::max<Flags>(quality, in.flags[j] & kQualityMask);
  }
  out->Append(in.periods[i], sum, quality);
}

void Share(const Columns& part, const Columns& whole, size_t i, Columns* out) {
  const int64_t period = part.periods[i];
  if (IsMissing(part.flags[i])) {
    out->Append(period, 0, part.flags[i]);
  } else if (IsMissing(whole.flags[i])) {
    out->Append(period, 0, whole.flags[i]);
  } else if (whole.values[i] == 0) {
    out->Append(period, 0, MissingFlags(v1::MISSING_REASON_ZERO_BASE));
  } else {
    // The quality is left to the host to raise.
    out->Append(period, part.values[i] / whole.values[i], kNormal);
  }
}

// Every part by its place: what the result rests on cannot change unseen. A part
// that is missing weighs in too, more where it counts.
double Trace(const std::vector<plugins::Part>& parts, size_t i) {
  double trace = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    const Columns& part = parts[p].columns;
    const double value = !IsMissing(part.flags[i]) ? part.values[i]
                         : ReasonOfFlags(part.flags[i]) == v1::MISSING_REASON_PART_MISSING ? 1000
                                                                                           : 0.125;
    trace += value * static_cast<double>((p + 1) * parts[p].name.size() + parts[p].name.back());
  }
  return trace;
}

// The column, the trace of its parts, and the largest part less the largest one
// of the period before.
std::vector<Columns> Parts(const Axis& axis, const plugins::InputView& in, PeriodRange window) {
  const auto largest = [&](int64_t period) {
    const int64_t at = in->Find(period);
    double value = 0;
    for (const plugins::Part& part : *in.parts) {
      if (at >= 0) value = std::max(value, part.columns.values[at]);
    }
    return value;
  };
  std::vector<Columns> outputs(3);
  for (size_t i = 0; i < axis.size(); ++i) {
    if (!window.Contains(axis[i])) continue;
    Copy(*in, i, &outputs[0]);
    outputs[1].Append(axis[i], Trace(*in.parts, i), kNormal);
    outputs[2].Append(axis[i], largest(axis[i]) - largest(axis[i] - 1), kNormal);
  }
  return outputs;
}

// How many parts of the reference are below the value at its period, and the trace
// of all of it.
std::vector<Columns> Place(const Axis& axis, const Inputs& in, PeriodRange window) {
  std::vector<Columns> outputs(2);
  for (size_t i = 0; i < axis.size(); ++i) {
    if (!window.Contains(axis[i])) continue;
    const int64_t at = in[1]->Find(axis[i]);
    double below = 0;
    for (const plugins::Part& part : *in[1].parts) {
      below += at >= 0 && !IsMissing(part.columns.flags[at]) &&
               part.columns.values[at] < in[0]->values[i];
    }
    double trace = 0;
    for (size_t r = 0; r < in[1]->size(); ++r) trace += Trace(*in[1].parts, r);
    if (IsMissing(in[0]->flags[i])) {
      Copy(*in[0], i, &outputs[0]);
    } else {
      outputs[0].Append(axis[i], below, kNormal);
    }
    outputs[1].Append(axis[i], trace, kNormal);
  }
  return outputs;
}

// Linear pace from the baseline, or the first value, to the last point of the path.
std::vector<Columns> Judge(const Axis& axis, const Inputs& inputs, PeriodRange window,
                           const Struct& parameters) {
  const Columns& value = *inputs[0];
  const Columns& path = *inputs[1];
  std::vector<Columns> outputs(10);
  const auto strict = parameters.fields().find("strictness");
  const double strictness = strict == parameters.fields().end() ? 1 : strict->second.number_value();
  int64_t first = -1;
  const auto stated = parameters.fields().find("host.baseline_period");
  for (size_t i = 0; i < value.size() && first < 0; ++i) {
    if (!IsMissing(value.flags[i])) first = static_cast<int64_t>(i);
  }
  double base = first < 0 ? 0 : value.values[first];
  int64_t base_period = first < 0 ? 0 : value.periods[first];
  if (stated != parameters.fields().end()) {
    base_period = static_cast<int64_t>(stated->second.number_value());
    const int64_t at = path.Find(base_period);
    if (at >= 0) base = path.values[at];
  }
  for (size_t i = 0; i < axis.size(); ++i) {
    if (!window.Contains(axis[i])) continue;
    const int64_t period = axis[i];
    if (IsMissing(value.flags[i]) || path.empty() || period <= base_period) {
      for (Columns& output : outputs) {
        output.Append(period, 0, MissingFlags(v1::MISSING_REASON_TOO_FEW_POINTS));
      }
      continue;
    }
    const double goal = path.values.back();
    const int64_t end = path.periods.back();
    const double required = (goal - base) / static_cast<double>(end - base_period);
    const double actual = (value.values[i] - base) / static_cast<double>(period - base_period);
    const double ratio = required == 0 ? 1 : actual / required;
    const double status = value.values[i] >= goal      ? 5
                          : ratio >= 0.95 * strictness ? 4
                          : ratio >= 0.6 * strictness  ? 3
                          : ratio >= 0                 ? 2
                                                       : 1;
    outputs[0].Append(period, status, kNormal);
    outputs[1].Append(period, std::clamp(ratio * 5, -5.0, 5.0), kNormal);
    outputs[2].Append(period, ratio, kNormal);
    outputs[3].Append(period, base + required * static_cast<double>(period - base_period), kNormal);
    outputs[4].Append(period, base + actual * static_cast<double>(end - base_period), kNormal);
    outputs[5].Append(
        period, end > period ? (goal - value.values[i]) / static_cast<double>(end - period) : 0,
        kNormal);
    // What steers, simply: the change on the period before, the last period but one,
    // and what is missing to the goal.
    const double step =
        i > 0 && !IsMissing(value.flags[i - 1]) ? value.values[i] - value.values[i - 1] : 0;
    outputs[6].Append(period, step, kNormal);
    outputs[7].Append(period, static_cast<double>(end - 1), kNormal);
    outputs[8].Append(period, goal - value.values[i], kNormal);
    outputs[9].Append(period, 5, kNormal);
  }
  return outputs;
}

void AddOutput(const std::string& name, v1::PluginDescriptor* descriptor) {
  v1::PluginOutput& output = *descriptor->add_outputs();
  output.set_name(name);
  output.set_unit("ratio");
}

void Add(plugins::FakeEngine* engine, const v1::PluginDescriptor& descriptor,
         plugins::Window window, plugins::FakeEngine::ComputeFunction compute) {
  const absl::Status added = engine->AddPlugin(descriptor, window, std::move(compute));
  EXPECT_TRUE(added.ok()) << added;
}

// Those that see parts, and one whose slots are all optional.
void AddPartPlugins(plugins::FakeEngine* engine) {
  v1::PluginDescriptor parts = CalculatorDescriptor("parts", {"value"}, "@value");
  parts.set_abi_minor(1);
  parts.mutable_inputs(0)->set_spread(true);
  AddOutput("trace", &parts);
  AddOutput("rise", &parts);
  Add(engine, parts, {1, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return Parts(axis, in[0], window);
      });
  v1::PluginDescriptor place = CalculatorDescriptor("place", {"value", "set"}, "ratio");
  place.set_abi_minor(1);
  place.mutable_inputs(1)->set_spread(true);
  place.mutable_inputs(1)->set_unaligned(true);
  AddOutput("trace", &place);
  Add(engine, place, {0, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return Place(axis, in, window);
      });
  v1::PluginDescriptor either = CalculatorDescriptor("either", {"a", "b"}, "ratio");
  for (v1::PluginInput& input : *either.mutable_inputs()) input.set_optional(true);
  Add(engine, either, {0, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{ForEach(axis, window, [&](size_t i, Columns* out) {
          double sum = 0;
          for (const plugins::InputView& input : in) sum += 2 * sum + input->values[i];
          out->Append(axis[i], sum, kNormal);
        })};
      });
}

}  // namespace

v1::PluginDescriptor CalculatorDescriptor(const std::string& id,
                                          const std::vector<std::string>& slots,
                                          const std::string& output_unit) {
  v1::PluginDescriptor descriptor;
  descriptor.set_id(id);
  descriptor.set_version("1.0.0");
  descriptor.set_abi_major(1);
  descriptor.set_kind(v1::PLUGIN_KIND_CALCULATOR);
  descriptor.set_summary("For tests.");
  for (const std::string& slot : slots) descriptor.add_inputs()->set_slot(slot);
  v1::PluginOutput& output = *descriptor.add_outputs();
  output.set_name("value");
  output.set_unit(output_unit);
  return descriptor;
}

void AddTestPlugins(plugins::FakeEngine* engine) {
  v1::PluginDescriptor copy = CalculatorDescriptor("copy", {"value"}, "@value");
  copy.mutable_inputs(0)->set_joint(true);
  Add(engine, copy, {0, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{
            ForEach(axis, window, [&](size_t i, Columns* out) { Copy(*in[0], i, out); })};
      });
  Add(engine, CalculatorDescriptor("change", {"value"}, "@value"), {1, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{
            ForEach(axis, window, [&](size_t i, Columns* out) { Difference(*in[0], i, -1, out); })};
      });
  Add(engine, CalculatorDescriptor("ahead", {"value"}, "@value"), {0, 2},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{
            ForEach(axis, window, [&](size_t i, Columns* out) { Difference(*in[0], i, 2, out); })};
      });
  Add(engine, CalculatorDescriptor("total", {"value"}, "@value"), {plugins::kUnbounded, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{
            ForEach(axis, window, [&](size_t i, Columns* out) { Total(*in[0], i, out); })};
      });
  v1::PluginDescriptor share = CalculatorDescriptor("share", {"part", "whole"}, "ratio");
  share.mutable_inputs(1)->set_same_unit_as("part");
  Add(engine, share, {0, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{
            ForEach(axis, window, [&](size_t i, Columns* out) { Share(*in[0], *in[1], i, out); })};
      });
  v1::PluginDescriptor weighted = CalculatorDescriptor("weighted", {"value", "weight"}, "@value");
  weighted.mutable_inputs(1)->set_optional(true);
  Add(engine, weighted, {0, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct&) {
        return std::vector<Columns>{ForEach(axis, window, [&](size_t i, Columns* out) {
          if (IsMissing(in[0]->flags[i]) || in.size() < 2 || IsMissing(in[1]->flags[i])) {
            Copy(*in[0], i, out);
          } else {
            out->Append(axis[i], in[0]->values[i] * in[1]->values[i], kNormal);
          }
        })};
      });

  AddPartPlugins(engine);

  v1::PluginDescriptor judge =
      CalculatorDescriptor("judge", {"value", "path", "path_upper"}, "code");
  judge.set_kind(v1::PLUGIN_KIND_ASSESSMENT);
  for (int i = 1; i < 3; ++i) {
    judge.mutable_inputs(i)->set_optional(true);
    judge.mutable_inputs(i)->set_unaligned(true);
    judge.mutable_inputs(i)->set_same_unit_as("value");
  }
  judge.clear_outputs();
  for (const auto& [name, unit] :
       std::vector<std::pair<std::string, std::string>>{{"status", "code"},
                                                        {"score", "score"},
                                                        {"ratio", "ratio"},
                                                        {"expected", "@value"},
                                                        {"projected", "@value"},
                                                        {"required_pace", "@value"},
                                                        {"best_pace", "@value"},
                                                        {"out_of_reach", "period"},
                                                        {"flip_change", "@value"},
                                                        {"flip_status", "code"}}) {
    v1::PluginOutput& output = *judge.add_outputs();
    output.set_name(name);
    output.set_unit(unit);
  }
  v1::PluginParameter& strict = *judge.add_parameters();
  strict.set_name("strictness");
  strict.set_type(v1::PARAMETER_TYPE_NUMBER);
  strict.mutable_default_value()->set_number_value(1);
  Add(engine, judge, {plugins::kUnbounded, 0},
      [](const Axis& axis, const Inputs& in, PeriodRange window, const Struct& parameters)
          -> absl::StatusOr<std::vector<Columns>> { return Judge(axis, in, window, parameters); });
}

}  // namespace policytrack::app
