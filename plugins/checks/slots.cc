#include "plugins/checks/slots.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/period.h"
#include "core/unit.h"

namespace policytrack::plugins {
namespace {

const v1::PluginInput* FindSlot(const v1::PluginDescriptor& descriptor, const std::string& slot) {
  for (const v1::PluginInput& input : descriptor.inputs()) {
    if (input.slot() == slot) return &input;
  }
  return nullptr;
}

int FindMeta(const std::vector<InputMeta>& inputs, const std::string& slot) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].slot == slot) return static_cast<int>(i);
  }
  return -1;
}

absl::Status UnknownSlot(const std::string& field, const v1::PluginDescriptor& descriptor,
                         const std::string& slot) {
  std::vector<std::string> slots;
  for (const v1::PluginInput& input : descriptor.inputs()) slots.push_back(input.slot());
  return FieldInvalid(
      field, absl::StrCat("plugins/", descriptor.id(), " has no slot `", CutText(slot, 100),
                          "`; it has ", absl::StrJoin(slots, ", ")));
}

}  // namespace

absl::StatusOr<std::vector<BoundInput>> BindInputs(const v1::PluginDescriptor& descriptor,
                                                   const std::vector<InputMeta>& inputs) {
  std::vector<BoundInput> bound;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const InputMeta& meta = inputs[i];
    const std::string field = absl::StrCat("inputs[", i, "]");
    const v1::PluginInput* slot = FindSlot(descriptor, meta.slot);
    if (slot == nullptr) return UnknownSlot(absl::StrCat(field, ".slot"), descriptor, meta.slot);
    if (FindMeta(inputs, meta.slot) != static_cast<int>(i)) {
      return FieldInvalid(absl::StrCat(field, ".slot"),
                          absl::StrCat("slot `", meta.slot, "` is fed twice"));
    }
    if (!v1::Frequency_IsValid(meta.frequency) || meta.frequency == v1::FREQUENCY_UNSPECIFIED) {
      return FieldInvalid(field, absl::StrCat("slot `", meta.slot, "` is fed without a frequency"));
    }
    if (meta.frequency != inputs[0].frequency) {
      return FieldInvalid(
          field, absl::StrCat("slot `", meta.slot, "` is fed by ", FrequencyWord(meta.frequency),
                              ", but slot `", inputs[0].slot, "` by ",
                              FrequencyWord(inputs[0].frequency)));
    }
    const auto& accumulations = slot->accumulations();
    if (!accumulations.empty() && std::find(accumulations.begin(), accumulations.end(),
                                            meta.accumulation) == accumulations.end()) {
      return FieldInvalid(
          field, absl::StrCat("slot `", meta.slot, "` of plugins/", descriptor.id(),
                              " does not take ", v1::Accumulation_Name(meta.accumulation)));
    }
    const Unit* unit = FindUnit(meta.unit);
    if (unit == nullptr) {
      return FieldInvalid(field,
                          absl::StrCat("slot `", meta.slot, "` is fed with the unknown unit `",
                                       CutText(meta.unit, 100), "`"));
    }
    BoundInput input;
    input.meta = meta;
    input.aligned = !slot->unaligned();
    input.periods_per_year = PeriodsPerYear(meta.frequency);
    const int other = FindMeta(inputs, slot->same_unit_as());
    if (other >= 0) {
      const Unit* wanted = FindUnit(inputs[static_cast<size_t>(other)].unit);
      if (wanted == nullptr || wanted->kind != unit->kind) {
        return FieldInvalid(
            field, absl::StrCat("slot `", meta.slot, "` is in ", unit->code, " (", unit->kind,
                                "), but must be of the same kind as slot `", slot->same_unit_as(),
                                "`, which is in ", inputs[static_cast<size_t>(other)].unit));
      }
      if (wanted->code != unit->code) {
        input.factor = unit->factor / wanted->factor;
        input.meta.unit = std::string(wanted->code);
        unit = wanted;
      }
    }
    input.unit_kind = std::string(unit->kind);
    input.unit_factor = unit->factor;
    bound.push_back(std::move(input));
  }
  for (const v1::PluginInput& slot : descriptor.inputs()) {
    if (!slot.optional() && FindMeta(inputs, slot.slot()) < 0) {
      return FieldInvalid("inputs", absl::StrCat("slot `", slot.slot(), "` of plugins/",
                                                 descriptor.id(), " must be fed"));
    }
  }
  return bound;
}

absl::Status CheckInputs(const std::vector<BoundInput>& bound, const std::vector<int64_t>& axis,
                         const std::vector<const Columns*>& inputs) {
  if (inputs.size() != bound.size()) {
    return absl::InternalError(
        absl::StrCat("a plugin with ", bound.size(), " inputs was given ", inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Columns& input = *inputs[i];
    if (input.values.size() != input.size() || input.flags.size() != input.size() ||
        (bound[i].aligned && input.periods != axis)) {
      return absl::InternalError(
          absl::StrCat("input `", bound[i].meta.slot, "` does not have the periods of the axis"));
    }
  }
  return absl::OkStatus();
}

Columns Converted(const Columns& columns, double factor) {
  Columns result;
  result.periods = columns.periods;
  result.flags = columns.flags;
  result.values.reserve(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    double value = columns.values[i] * factor;
    if (!std::isfinite(value)) {
      value = 0;
      result.flags[i] = MissingFlags(v1::MISSING_REASON_UNDEFINED);
    }
    result.values.push_back(value);
  }
  return result;
}

}  // namespace policytrack::plugins
