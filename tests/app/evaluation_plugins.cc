#include "tests/app/evaluation_plugins.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"

namespace policytrack::app {
namespace {

using Axis = std::vector<int64_t>;
using Inputs = std::vector<const Columns*>;
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

void Add(plugins::FakeEngine* engine, const v1::PluginDescriptor& descriptor,
         plugins::Window window, plugins::FakeEngine::ComputeFunction compute) {
  const absl::Status added = engine->AddPlugin(descriptor, window, std::move(compute));
  EXPECT_TRUE(added.ok()) << added;
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
  Add(engine, CalculatorDescriptor("copy", {"value"}, "@value"), {0, 0},
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
