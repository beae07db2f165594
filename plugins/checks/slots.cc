#include "plugins/checks/slots.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/period.h"
#include "core/unit.h"
#include "plugins/checks/descriptor.h"

namespace policytrack::plugins {
namespace {

const v1::PluginInput* FindSlot(const v1::PluginDescriptor& descriptor, const std::string& slot) {
  for (const v1::PluginInput& input : descriptor.inputs()) {
    if (input.slot() == slot) return &input;
  }
  // The slots of a script are of its own naming, and take anything.
  if (descriptor.runs_scripts() && IsPluginWord(slot)) return &v1::PluginInput::default_instance();
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

// A slot gets parts exactly when it declares that it takes them.
absl::Status CheckSpread(const std::string& field, const v1::PluginDescriptor& descriptor,
                         const v1::PluginInput& slot, const InputMeta& meta) {
  if (meta.spread == slot.spread()) return absl::OkStatus();
  return FieldInvalid(
      field, absl::StrCat("slot `", meta.slot, "` of plugins/", descriptor.id(),
                          slot.spread() ? " must be fed with its parts" : " does not take parts"));
}

bool IsWhole(const Columns& columns) {
  return columns.values.size() == columns.size() && columns.flags.size() == columns.size();
}

// What is wrong with the parts of an input, or "".
std::string WrongParts(const BoundInput& bound, const InputView& input) {
  if (input.parts == nullptr || input.parts->empty()) return "";
  if (!bound.meta.spread) return "has parts, which its slot does not take";
  for (size_t p = 0; p < input.parts->size(); ++p) {
    const Part& part = (*input.parts)[p];
    if (!IsWhole(part.columns) || part.columns.periods != input->periods) {
      return "has a part with other periods than its own";
    }
    if (p > 0 && (*input.parts)[p - 1].name >= part.name) return "has parts out of order";
  }
  return "";
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
    PT_RETURN_IF_ERROR(CheckSpread(field, descriptor, *slot, meta));
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
                         const std::vector<InputView>& inputs) {
  if (inputs.size() != bound.size()) {
    return absl::InternalError(
        absl::StrCat("a plugin with ", bound.size(), " inputs was given ", inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!IsWhole(*inputs[i]) || (bound[i].aligned && inputs[i]->periods != axis)) {
      return absl::InternalError(
          absl::StrCat("input `", bound[i].meta.slot, "` does not have the periods of the axis"));
    }
    const std::string wrong = WrongParts(bound[i], inputs[i]);
    if (!wrong.empty()) {
      return absl::InternalError(absl::StrCat("input `", bound[i].meta.slot, "` ", wrong));
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

ConvertedInputs::ConvertedInputs(const std::vector<BoundInput>& bound,
                                 const std::vector<InputView>& inputs)
    : columns_(inputs.size()), parts_(inputs.size()), views_(inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const double factor = bound[i].factor;
    if (factor == 1) continue;
    columns_[i] = Converted(*inputs[i], factor);
    views_[i].column = &columns_[i];
    if (inputs[i].parts == nullptr) continue;
    for (const Part& part : *inputs[i].parts) {
      parts_[i].push_back({part.name, Converted(part.columns, factor)});
    }
    views_[i].parts = &parts_[i];
  }
}

}  // namespace policytrack::plugins
