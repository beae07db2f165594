#include "services/app/compute.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

int64_t Minus(int64_t period, int64_t distance) {
  if (period == kFirstPeriod || period == kLastPeriod) return period;
  if (distance == plugins::kUnbounded) return kFirstPeriod;
  return period < kFirstPeriod + distance ? kFirstPeriod : period - distance;
}

int64_t Plus(int64_t period, int64_t distance) {
  if (period == kFirstPeriod || period == kLastPeriod) return period;
  if (distance == plugins::kUnbounded) return kLastPeriod;
  return period > kLastPeriod - distance ? kLastPeriod : period + distance;
}

// The quality of a point; that of a missing one marks nothing.
Flags QualityAt(const Columns& columns, size_t at) {
  return IsMissing(columns.flags[at]) ? kNormal
                                      : static_cast<Flags>(columns.flags[at] & kQualityMask);
}

// The aligned columns that mark any point.
std::vector<const Columns*> MarkingColumns(const Calculation& calculation,
                                           const GroupInputs& inputs) {
  std::vector<const Columns*> marking;
  const auto add = [&](const Columns& columns) {
    const auto marks = [](Flags flags) { return !IsMissing(flags) && (flags & kQualityMask) != 0; };
    if (std::any_of(columns.flags.begin(), columns.flags.end(), marks)) marking.push_back(&columns);
  };
  for (size_t c = 0; c < inputs.inputs.size(); ++c) {
    if (calculation.inputs[c].unaligned) continue;
    add(inputs.inputs[c]->column);
    for (const plugins::Part& part : inputs.inputs[c]->parts) add(part.columns);
  }
  return marking;
}

// Raises the quality of each point to the worst of `marking` there.
// REQUIRES: its periods increase, and are on the axis.
void RaiseQuality(const std::vector<const Columns*>& marking, const std::vector<int64_t>& axis,
                  Columns* output) {
  if (marking.empty()) return;
  size_t at = 0;
  for (size_t i = 0; i < output->size(); ++i) {
    while (axis[at] < output->periods[i]) ++at;
    Flags& flags = output->flags[i];
    if (IsMissing(flags)) continue;
    Flags worst = static_cast<Flags>(flags & kQualityMask);
    for (const Columns* columns : marking) worst = std::max(worst, QualityAt(*columns, at));
    flags = static_cast<Flags>((flags & ~kQualityMask) | worst);
  }
}

// What the plugin gave for a group, when it fits the calculation.
absl::Status Accept(const Calculation& calculation, const GroupInputs& inputs, PeriodRange window,
                    std::vector<Columns>* outputs) {
  if (outputs->size() != calculation.outputs.size()) {
    return Error(absl::StatusCode::kInternal, reason::kResultRefused,
                 absl::StrCat(calculation.plugin, " gave ", outputs->size(), " outputs, not the ",
                              calculation.outputs.size(), " that it declares"),
                 {{"resource", calculation.plugin}});
  }
  const std::vector<const Columns*> marking = MarkingColumns(calculation, inputs);
  for (size_t o = 0; o < outputs->size(); ++o) {
    Columns& output = (*outputs)[o];
    // Both increase, so one walk is enough; a period that does not is not found.
    auto on_axis = inputs.axis.begin();
    for (const int64_t period : output.periods) {
      while (on_axis != inputs.axis.end() && *on_axis < period) ++on_axis;
      if (window.Contains(period) && on_axis != inputs.axis.end() && *on_axis == period) {
        ++on_axis;
        continue;
      }
      return Error(absl::StatusCode::kInternal, reason::kResultRefused,
                   absl::StrCat(calculation.plugin, " gave output ", calculation.outputs[o].name,
                                " for period ", period, ", which it was not asked for"),
                   {{"resource", calculation.plugin}});
    }
    RaiseQuality(marking, inputs.axis, &output);
  }
  return absl::OkStatus();
}

// Whether anything is asked of a group.
bool IsAsked(const GroupInputs& inputs, PeriodRange window) {
  const auto begin = std::lower_bound(inputs.axis.begin(), inputs.axis.end(), window.first);
  return begin != inputs.axis.end() && *begin <= window.last;
}

}  // namespace

std::vector<absl::StatusOr<std::vector<Columns>>> ComputeGroups(
    const Calculation& calculation, const std::vector<GroupWindow>& groups) {
  std::vector<absl::StatusOr<std::vector<Columns>>> results(
      groups.size(), std::vector<Columns>(calculation.outputs.size()));
  std::vector<plugins::BatchCall> calls;
  std::vector<size_t> asked;
  for (size_t g = 0; g < groups.size(); ++g) {
    const GroupInputs& inputs = *groups[g].inputs;
    if (!IsAsked(inputs, groups[g].window)) continue;
    plugins::BatchCall& call = calls.emplace_back();
    call.axis = &inputs.axis;
    call.window = groups[g].window;
    for (const auto& input : inputs.inputs) call.inputs.emplace_back(&input->column, &input->parts);
    asked.push_back(g);
  }
  if (calls.empty()) return results;
  auto computed = calculation.instance->ComputeBatch(calls);
  for (size_t c = 0; c < asked.size(); ++c) {
    const GroupWindow& group = groups[asked[c]];
    if (computed[c].ok()) {
      const absl::Status status =
          Accept(calculation, *group.inputs, group.window, &computed[c].value());
      if (!status.ok()) computed[c] = status;
    }
    results[asked[c]] = std::move(computed[c]);
  }
  return results;
}

absl::StatusOr<std::vector<Columns>> ComputeGroup(const Calculation& calculation,
                                                  const GroupInputs& inputs, PeriodRange window) {
  return std::move(ComputeGroups(calculation, {{&inputs, window}})[0]);
}

PeriodRange OutputRange(PeriodRange changed, const plugins::Window& window) {
  return {Minus(changed.first, window.look_ahead), Plus(changed.last, window.look_back)};
}

PeriodRange InputRange(PeriodRange outputs, const plugins::Window& window) {
  return {Minus(outputs.first, window.look_back), Plus(outputs.last, window.look_ahead)};
}

PeriodRange Union(PeriodRange a, PeriodRange b) {
  return {std::min(a.first, b.first), std::max(a.last, b.last)};
}

bool IsWhole(PeriodRange range) { return range.first == kFirstPeriod && range.last == kLastPeriod; }

absl::StatusOr<ComputedOutputs> ComputeAll(const Calculation& calculation, Figures& figures) {
  ComputedOutputs result;
  Digest digest;
  SharedInputs shared;
  PT_ASSIGN_OR_RETURN(const std::vector<Group> groups, FindGroups(calculation, figures));
  for (auto next = groups.begin(); next != groups.end();) {
    std::vector<GroupInputs> batch;
    size_t points = 0;
    while (next != groups.end() && batch.size() < kBatchGroups && points < kBatchPoints) {
      PT_ASSIGN_OR_RETURN(GroupInputs inputs,
                          ReadGroup(calculation, figures, *next++, PeriodRange(), &shared));
      if (inputs.axis.empty()) continue;
      inputs.AddTo(&digest, calculation);
      points += inputs.axis.size() + inputs.point_count;
      batch.push_back(std::move(inputs));
    }
    std::vector<GroupWindow> windows;
    for (const GroupInputs& inputs : batch) windows.push_back({&inputs, PeriodRange()});
    auto computed = ComputeGroups(calculation, windows);
    for (size_t b = 0; b < batch.size(); ++b) {
      PT_ASSIGN_OR_RETURN(std::vector<Columns> outputs, std::move(computed[b]));
      for (size_t o = 0; o < outputs.size(); ++o) {
        if (outputs[o].empty()) continue;
        result.series.emplace(std::make_pair(calculation.outputs[o].name, batch[b].key),
                              std::move(outputs[o]));
      }
    }
  }
  result.input_digest = ToHex(digest.Finish());
  return result;
}

}  // namespace policytrack::app
