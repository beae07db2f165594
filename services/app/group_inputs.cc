#include "services/app/group_inputs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/unit.h"
#include "services/app/aggregate.h"

namespace policytrack::app {
namespace {

// What groups share is read again when it would hold more than this.
constexpr size_t kMaxSharedPoints = 4 << 20;

// A part before alignment.
struct RawPart {
  std::string name;
  Columns columns;           // in the unit that the plugin sees
  std::vector<Flags> given;  // before values were scaled
};

// An input before alignment.
struct RawInput {
  Columns column;
  std::vector<RawPart> parts;
};

void Scale(const ResolvedInput& input, Columns* columns) {
  if (input.source_multiplier == 0 && input.source_unit == input.meta.unit) return;
  for (size_t i = 0; i < columns->size(); ++i) {
    if (IsMissing(columns->flags[i])) continue;
    const double value =
        input.conversion.Apply(ScaleToBase(columns->values[i], input.source_multiplier)) + 0.0;
    if (std::isfinite(value)) {
      columns->values[i] = value;
    } else {
      columns->values[i] = 0;
      columns->flags[i] = MissingFlags(v1::MISSING_REASON_UNDEFINED);
    }
  }
}

// The flags as a plugin sees them: one of five qualities, and no value of two
// periods unless it knows them.
void SimplifyFlags(bool knows_joint, Columns* columns) {
  for (size_t i = 0; i < columns->size(); ++i) {
    Flags& flags = columns->flags[i];
    if (IsMissing(flags)) continue;
    if ((flags & kJoint) != 0 && !knows_joint) {
      columns->values[i] = 0;
      flags = static_cast<Flags>(MissingFlags(v1::MISSING_REASON_JOINT_PERIOD) | (flags & kBreak));
      continue;
    }
    flags = static_cast<Flags>((flags & ~kQualityMask) | PropagatedQuality(flags));
  }
}

Columns Align(Columns columns, const std::vector<int64_t>& axis) {
  if (columns.periods == axis) return columns;
  Columns aligned;
  aligned.reserve(axis.size());
  size_t c = 0;
  for (const int64_t period : axis) {
    while (c < columns.size() && columns.periods[c] < period) ++c;
    if (c < columns.size() && columns.periods[c] == period) {
      aligned.Append(period, columns.values[c], columns.flags[c],
                     columns.revisions.empty() ? 0 : columns.revisions[c]);
    } else {
      aligned.Append(period, 0, MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    }
  }
  return aligned;
}

// Whether a part counts from such a point on: it has a value, or its source says
// that one is missing.
bool Counts(Flags flags) { return !IsMissing(flags) || IsMissingAtSource(flags); }

// A part on an axis. Whether it counts where it has no value depends on all that
// came before, so the part is whole whatever the axis is.
plugins::Part AlignPart(RawPart part, const std::vector<int64_t>& axis) {
  const Columns& columns = part.columns;
  plugins::Part aligned;
  aligned.name = std::move(part.name);
  aligned.columns.reserve(axis.size());
  bool counts = false;
  size_t c = 0;
  for (const int64_t period : axis) {
    for (; c < columns.size() && columns.periods[c] < period; ++c) {
      counts = counts || Counts(part.given[c]);
    }
    const bool there = c < columns.size() && columns.periods[c] == period;
    counts = counts || (there && Counts(part.given[c]));
    if (there && !IsMissing(columns.flags[c])) {
      aligned.columns.Append(period, columns.values[c], columns.flags[c]);
      continue;
    }
    // Where there is nothing to add, nothing is missing either.
    const bool gap = counts && !(there && IsNothing(part.given[c]));
    const Flags flags =
        MissingFlags(gap ? v1::MISSING_REASON_PART_MISSING : v1::MISSING_REASON_INPUT_MISSING);
    const Flags mark = there ? static_cast<Flags>(columns.flags[c] & kBreak) : Flags{0};
    aligned.columns.Append(period, 0, static_cast<Flags>(flags | mark));
  }
  aligned.columns.revisions.clear();
  return aligned;
}

void AddColumns(Digest* digest, const Columns& columns) {
  digest->AddInt(static_cast<int64_t>(columns.size()));
  digest->AddRaw(columns.periods.data(), columns.size() * sizeof(int64_t));
  digest->AddRaw(columns.values.data(), columns.size() * sizeof(double));
  digest->AddRaw(columns.flags.data(), columns.size() * sizeof(Flags));
}

// The baseline and the target points of a target.
absl::StatusOr<Columns> ReadConstant(const Calculation& calculation, Figures& figures,
                                     const Group& group, const ResolvedInput& input) {
  if (!input.filled_period.has_value()) return input.constant;
  // A baseline without a value takes that of the indicator.
  const int64_t period = *input.filled_period;
  PT_ASSIGN_OR_RETURN(const Columns at,
                      ReadInput(calculation, figures, group, 0, {period, period}));
  if (at.empty() || IsMissing(at.flags[0])) return input.constant;
  SeriesPatch patch;
  patch.points.Append(period, at.values[0], static_cast<Flags>(at.flags[0] & kQualityMask),
                      at.revisions.empty() ? 0 : at.revisions[0]);
  return ApplyPatch(input.constant, patch, PeriodRange());
}

// Several series as one, in the unit of the source.
absl::StatusOr<Columns> ReadSeries(const ResolvedInput& input, Figures& figures,
                                   const std::vector<std::string>& keys, PeriodRange range) {
  if (!input.aggregated()) {
    if (keys.empty()) return Columns();
    if (keys.size() == 1) return figures.Read(input.source, input.output, keys[0], range);
    return Error(absl::StatusCode::kInternal, reason::kResultRefused,
                 "several series feed one input that has no aggregation");
  }
  // A part counts from its first value on, so all that came before is read.
  const PeriodRange before{kFirstPeriod, range.last};
  std::vector<Columns> parts;
  std::vector<Columns> weights;
  for (const std::string& key : keys) {
    PT_ASSIGN_OR_RETURN(Columns part, figures.Read(input.source, input.output, key, before));
    if (part.empty()) continue;
    parts.push_back(std::move(part));
    if (!input.weights.has_value()) continue;
    PT_ASSIGN_OR_RETURN(Columns weight, figures.Read(input.weights->source, input.weights->output,
                                                     WeightKeyOf(input, key), before));
    weights.push_back(std::move(weight));
  }
  const Columns whole = input.weights.has_value() ? WeightedMean(parts, weights)
                                                  : Aggregate(parts, input.aggregation);
  return whole.Slice(range);
}

// The slot's own column of a spread input, in the unit of the source.
Columns SumOfParts(const ResolvedInput& input, const std::vector<Columns>& parts) {
  Columns sum = Aggregate(parts, v1::AGGREGATION_SUM);
  if (input.additive) return sum;
  for (size_t i = 0; i < sum.size(); ++i) {
    sum.values[i] = 0;
    sum.flags[i] =
        static_cast<Flags>(MissingFlags(v1::MISSING_REASON_UNDEFINED) | (sum.flags[i] & kBreak));
  }
  return sum;
}

absl::StatusOr<RawInput> ReadSpread(const ResolvedInput& input, Figures& figures,
                                    const std::vector<std::string>& keys, PeriodRange wanted) {
  const auto spread = static_cast<size_t>(input.SpreadRule());
  std::map<std::string, std::vector<std::string>> by_part;
  for (const std::string& key : keys) {
    by_part[DecodeDimensionKey(key, input.rules.size())[spread]].push_back(key);
  }
  RawInput raw;
  std::vector<Columns> given;
  for (const auto& [name, of_part] : by_part) {
    // Whole, so that which parts there are does not depend on the range.
    PT_ASSIGN_OR_RETURN(Columns columns, ReadSeries(input, figures, of_part, PeriodRange()));
    if (columns.empty()) continue;
    columns = ConvertPeriods(columns, input.periods);
    given.push_back(columns);
    RawPart& part = raw.parts.emplace_back();
    part.name = name;
    part.given = columns.flags;
    Scale(input, &columns);
    SimplifyFlags(input.joint, &columns);
    part.columns = std::move(columns);
  }
  raw.column = SumOfParts(input, given).Slice(wanted);
  Scale(input, &raw.column);
  SimplifyFlags(input.joint, &raw.column);
  return raw;
}

absl::StatusOr<RawInput> ReadRaw(const Calculation& calculation, Figures& figures,
                                 const Group& group, size_t index, PeriodRange range) {
  const ResolvedInput& input = calculation.inputs[index];
  RawInput raw;
  if (input.source.empty()) {
    PT_ASSIGN_OR_RETURN(raw.column, ReadConstant(calculation, figures, group, input));
    return raw;
  }
  if (input.unaligned) range = PeriodRange();
  if (input.SpreadRule() >= 0) return ReadSpread(input, figures, group.series[index], range);
  PT_ASSIGN_OR_RETURN(raw.column, ReadSeries(input, figures, group.series[index],
                                             SourceRange(input.periods, range)));
  Scale(input, &raw.column);
  if (!input.periods.identity()) {
    raw.column = ConvertPeriods(raw.column, input.periods).Slice(range);
  }
  SimplifyFlags(input.joint, &raw.column);
  return raw;
}

std::string DigestOf(const std::vector<plugins::Part>& parts) {
  Digest digest;
  digest.AddInt(static_cast<int64_t>(parts.size()));
  for (const plugins::Part& part : parts) {
    digest.Add(part.name);
    AddColumns(&digest, part.columns);
  }
  return digest.Finish();
}

std::shared_ptr<const InputColumns> AlignInput(const ResolvedInput& input, RawInput raw,
                                               const std::vector<int64_t>& axis) {
  auto aligned = std::make_shared<InputColumns>();
  aligned->column = input.unaligned ? std::move(raw.column) : Align(std::move(raw.column), axis);
  for (RawPart& part : raw.parts) {
    aligned->parts.push_back(AlignPart(std::move(part), aligned->column.periods));
  }
  if (input.SpreadRule() >= 0) aligned->parts_digest = DigestOf(aligned->parts);
  return aligned;
}

size_t PointCount(const InputColumns& input) {
  return input.column.size() * (input.parts.size() + 1);
}

bool IsShared(const std::vector<std::string>& seen) {
  return std::find(seen.begin(), seen.end(), "") != seen.end();
}

// What is read and not yet aligned, or what another group has read before.
struct PendingInput {
  RawInput raw;
  std::shared_ptr<const InputColumns> ready;
};

absl::StatusOr<PendingInput> ReadPending(const Calculation& calculation, Figures& figures,
                                         const Group& group, size_t index, PeriodRange range,
                                         SharedInputs* shared) {
  const ResolvedInput& input = calculation.inputs[index];
  PendingInput pending;
  const std::vector<std::string> seen = SeenBy(input, group.values);
  const bool alike = shared != nullptr && !input.source.empty() && IsShared(seen);
  if (alike) pending.ready = shared->Find(index, seen);
  if (pending.ready != nullptr) return pending;
  PT_ASSIGN_OR_RETURN(pending.raw, ReadRaw(calculation, figures, group, index, range));
  if (!alike) return pending;
  // It has periods of its own, so it needs no axis.
  pending.ready = AlignInput(input, std::move(pending.raw), {});
  shared->Add(index, seen, pending.ready);
  return pending;
}

}  // namespace

std::shared_ptr<const InputColumns> SharedInputs::Find(size_t input,
                                                       const std::vector<std::string>& seen) const {
  const auto found = inputs_.find({input, seen});
  return found == inputs_.end() ? nullptr : found->second;
}

void SharedInputs::Add(size_t input, const std::vector<std::string>& seen,
                       std::shared_ptr<const InputColumns> columns) {
  points_ += PointCount(*columns);
  if (points_ > kMaxSharedPoints) {
    inputs_.clear();
    points_ = PointCount(*columns);
  }
  inputs_[{input, seen}] = std::move(columns);
}

void GroupInputs::AddTo(Digest* digest, const Calculation& calculation) const {
  digest->Add(key);
  for (size_t i = 0; i < inputs.size(); ++i) {
    digest->Add(calculation.inputs[i].meta.slot);
    digest->Add(calculation.inputs[i].meta.unit);
    AddColumns(digest, inputs[i]->column);
    if (!inputs[i]->parts_digest.empty()) digest->Add(inputs[i]->parts_digest);
  }
}

absl::StatusOr<Columns> ReadInput(const Calculation& calculation, Figures& figures,
                                  const Group& group, size_t index, PeriodRange range) {
  PT_ASSIGN_OR_RETURN(RawInput raw, ReadRaw(calculation, figures, group, index, range));
  return std::move(raw.column);
}

absl::StatusOr<GroupInputs> ReadGroup(const Calculation& calculation, Figures& figures,
                                      const Group& group, PeriodRange range, SharedInputs* shared) {
  GroupInputs inputs;
  inputs.key = group.key;
  std::vector<PendingInput> pending(calculation.inputs.size());
  bool exists = false;
  for (size_t i = 0; i < pending.size(); ++i) {
    const ResolvedInput& input = calculation.inputs[i];
    PT_ASSIGN_OR_RETURN(pending[i], ReadPending(calculation, figures, group, i, range, shared));
    const Columns& column = pending[i].raw.column;
    if (!input.unaligned) {
      inputs.axis.insert(inputs.axis.end(), column.periods.begin(), column.periods.end());
    }
    exists = exists || (FormsGroups(calculation, input) && !column.empty());
  }
  if (!exists) inputs.axis.clear();
  // That of one input is in order already.
  if (!std::is_sorted(inputs.axis.begin(), inputs.axis.end())) {
    std::sort(inputs.axis.begin(), inputs.axis.end());
  }
  inputs.axis.erase(std::unique(inputs.axis.begin(), inputs.axis.end()), inputs.axis.end());
  for (size_t i = 0; i < pending.size(); ++i) {
    if (pending[i].ready == nullptr) {
      pending[i].ready = AlignInput(calculation.inputs[i], std::move(pending[i].raw), inputs.axis);
      inputs.point_count += PointCount(*pending[i].ready);
    }
    inputs.inputs.push_back(std::move(pending[i].ready));
  }
  return inputs;
}

}  // namespace policytrack::app
