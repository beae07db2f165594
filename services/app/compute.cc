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

// Raises the quality of each point to the worst of the aligned inputs there.
void RaiseQuality(const Calculation& calculation, const GroupInputs& inputs, Columns* output) {
  for (size_t i = 0; i < output->size(); ++i) {
    Flags& flags = output->flags[i];
    if (IsMissing(flags)) continue;
    const auto at = static_cast<size_t>(
        std::lower_bound(inputs.axis.begin(), inputs.axis.end(), output->periods[i]) -
        inputs.axis.begin());
    Flags worst = static_cast<Flags>(flags & kQualityMask);
    for (size_t c = 0; c < inputs.inputs.size(); ++c) {
      if (calculation.inputs[c].unaligned) continue;
      worst = std::max(worst, QualityAt(inputs.inputs[c]->column, at));
      for (const plugins::Part& part : inputs.inputs[c]->parts) {
        worst = std::max(worst, QualityAt(part.columns, at));
      }
    }
    flags = static_cast<Flags>((flags & ~kQualityMask) | worst);
  }
}

}  // namespace

absl::StatusOr<std::vector<Columns>> ComputeGroup(const Calculation& calculation,
                                                  const GroupInputs& inputs, PeriodRange window) {
  const auto begin = std::lower_bound(inputs.axis.begin(), inputs.axis.end(), window.first);
  if (begin == inputs.axis.end() || *begin > window.last) {
    return std::vector<Columns>(calculation.outputs.size());
  }
  std::vector<plugins::InputView> views;
  for (const auto& input : inputs.inputs) views.emplace_back(&input->column, &input->parts);
  PT_ASSIGN_OR_RETURN(std::vector<Columns> outputs,
                      calculation.instance->Compute(inputs.axis, views, window));
  if (outputs.size() != calculation.outputs.size()) {
    return Error(absl::StatusCode::kInternal, reason::kResultRefused,
                 absl::StrCat(calculation.plugin, " gave ", outputs.size(), " outputs, not the ",
                              calculation.outputs.size(), " that it declares"),
                 {{"resource", calculation.plugin}});
  }
  for (size_t o = 0; o < outputs.size(); ++o) {
    for (const int64_t period : outputs[o].periods) {
      if (window.Contains(period) &&
          std::binary_search(inputs.axis.begin(), inputs.axis.end(), period)) {
        continue;
      }
      return Error(absl::StatusCode::kInternal, reason::kResultRefused,
                   absl::StrCat(calculation.plugin, " gave output ", calculation.outputs[o].name,
                                " for period ", period, ", which it was not asked for"),
                   {{"resource", calculation.plugin}});
    }
    RaiseQuality(calculation, inputs, &outputs[o]);
  }
  return outputs;
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
  for (const Group& group : groups) {
    PT_ASSIGN_OR_RETURN(const GroupInputs inputs,
                        ReadGroup(calculation, figures, group, PeriodRange(), &shared));
    if (inputs.axis.empty()) continue;
    inputs.AddTo(&digest, calculation);
    PT_ASSIGN_OR_RETURN(std::vector<Columns> outputs,
                        ComputeGroup(calculation, inputs, PeriodRange()));
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o].empty()) continue;
      result.series.emplace(std::make_pair(calculation.outputs[o].name, group.key),
                            std::move(outputs[o]));
    }
  }
  result.input_digest = ToHex(digest.Finish());
  return result;
}

}  // namespace policytrack::app
