#include "plugins/checks/descriptor.h"

#include <cmath>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "google/protobuf/util/json_util.h"
#include "plugins/checks/parameters.h"
#include "plugins/version.h"

namespace policytrack::plugins {
namespace {

absl::Status CheckWord(absl::string_view field, absl::string_view word,
                       std::set<std::string>* seen) {
  if (!IsPluginWord(word)) {
    return FieldInvalid(field, absl::StrCat("`", word,
                                            "` must be of small letters, digits, `_` and `-`, "
                                            "begin with a letter and have at most 63 characters"));
  }
  if (!seen->insert(std::string(word)).second) {
    return FieldInvalid(field, absl::StrCat("`", word, "` comes twice"));
  }
  return absl::OkStatus();
}

absl::Status CheckRange(absl::string_view field, const v1::ValueRange& range) {
  if (range.has_minimum() && range.has_maximum() && range.minimum() > range.maximum()) {
    return FieldInvalid(field, "minimum is above maximum");
  }
  return absl::OkStatus();
}

absl::Status CheckInputs(const v1::PluginDescriptor& d, std::set<std::string>* slots) {
  for (int i = 0; i < d.inputs_size(); ++i) {
    PT_RETURN_IF_ERROR(CheckWord(absl::StrCat("inputs[", i, "].slot"), d.inputs(i).slot(), slots));
  }
  for (int i = 0; i < d.inputs_size(); ++i) {
    const v1::PluginInput& input = d.inputs(i);
    const std::string& other = input.same_unit_as();
    if (!other.empty() && (other == input.slot() || slots->count(other) == 0)) {
      return FieldInvalid(absl::StrCat("inputs[", i, "].same_unit_as"),
                          absl::StrCat("there is no other slot `", other, "`"));
    }
    if (input.spread() && d.abi_minor() < 1) {
      return FieldInvalid(absl::StrCat("inputs[", i, "].spread"),
                          "parts need ABI 1.1; state abi_minor 1");
    }
    if (input.spread() && d.kind() == v1::PLUGIN_KIND_ASSESSMENT) {
      return FieldInvalid(absl::StrCat("inputs[", i, "].spread"),
                          "a target has no parts: an assessment has no spread slot");
    }
    std::set<int> accumulations;
    for (int accumulation : input.accumulations()) {
      if (accumulation == v1::ACCUMULATION_UNSPECIFIED || !v1::Accumulation_IsValid(accumulation) ||
          !accumulations.insert(accumulation).second) {
        return FieldInvalid(absl::StrCat("inputs[", i, "].accumulations"),
                            "an accumulation is not stated or comes twice");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckParameters(const v1::PluginDescriptor& d) {
  std::set<std::string> names;
  for (int i = 0; i < d.parameters_size(); ++i) {
    const v1::PluginParameter& p = d.parameters(i);
    const std::string field = absl::StrCat("parameters[", i, "]");
    PT_RETURN_IF_ERROR(CheckWord(absl::StrCat(field, ".name"), p.name(), &names));
    const bool numeric =
        p.type() == v1::PARAMETER_TYPE_NUMBER || p.type() == v1::PARAMETER_TYPE_INTEGER;
    if (p.has_range() && !numeric) {
      return FieldInvalid(absl::StrCat(field, ".range"), "only a number has a range");
    }
    PT_RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".range"), p.range()));
    if (p.choices_size() > 0 && p.type() != v1::PARAMETER_TYPE_STRING) {
      return FieldInvalid(absl::StrCat(field, ".choices"), "only a string has choices");
    }
    std::set<std::string> choices;
    for (const std::string& choice : p.choices()) {
      if (!choices.insert(choice).second) {
        return FieldInvalid(absl::StrCat(field, ".choices"),
                            absl::StrCat("`", choice, "` comes twice"));
      }
    }
    if (!p.has_default_value()) continue;
    if (p.required()) {
      return FieldInvalid(absl::StrCat(field, ".default_value"),
                          "a required parameter has no default");
    }
    const absl::StatusOr<Parameter> value = ReadParameter(p, p.default_value());
    if (!value.ok()) {
      return FieldInvalid(absl::StrCat(field, ".default_value"), value.status().message());
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOutputs(const v1::PluginDescriptor& d, std::set<std::string>* names) {
  for (int i = 0; i < d.outputs_size(); ++i) {
    const v1::PluginOutput& output = d.outputs(i);
    const std::string field = absl::StrCat("outputs[", i, "]");
    PT_RETURN_IF_ERROR(CheckWord(absl::StrCat(field, ".name"), output.name(), names));
    PT_RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".range"), output.range()));
    if (output.unit() == kUnitOfScript && d.runs_scripts()) continue;
    const auto of = ParseUnitOfSlot(output.unit());
    if (!of.has_value()) {
      PT_RETURN_IF_ERROR(CheckUnit(absl::StrCat(field, ".unit"), output.unit()));
      continue;
    }
    const v1::PluginInput* slot = nullptr;
    for (const v1::PluginInput& input : d.inputs()) {
      if (input.slot() == of->slot) slot = &input;
    }
    if (slot == nullptr || slot->optional()) {
      return FieldInvalid(absl::StrCat(field, ".unit"),
                          absl::StrCat("`", output.unit(), "` is not a slot that is always fed"));
    }
  }
  return absl::OkStatus();
}

// What runs scripts gets its slots and the unit of its one output from them.
absl::Status CheckRunsScripts(const v1::PluginDescriptor& d) {
  if (!d.runs_scripts()) {
    if (d.inputs().empty()) return FieldRequired("inputs", "must list the slots");
    return absl::OkStatus();
  }
  if (d.kind() != v1::PLUGIN_KIND_CALCULATOR) {
    return FieldInvalid("runs_scripts", "is for calculators only");
  }
  if (!d.inputs().empty()) {
    return FieldInvalid("inputs", "must be empty: the slots are those of the scripts");
  }
  if (d.outputs_size() != 1 || d.outputs(0).unit() != kUnitOfScript) {
    return FieldInvalid("outputs", absl::StrCat("must be one, of the unit `", kUnitOfScript, "`"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::PluginDescriptor> ParseDescriptor(absl::string_view json) {
  if (json.size() > kMaxDescriptorBytes) {
    return FieldInvalid("descriptor",
                        absl::StrCat("is longer than ", kMaxDescriptorBytes, " bytes"));
  }
  v1::PluginDescriptor descriptor;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status =
      google::protobuf::util::JsonStringToMessage(std::string(json), &descriptor, options);
  if (!status.ok()) {
    return FieldInvalid("descriptor", absl::StrCat("is not a plugin descriptor in proto JSON: ",
                                                   CutText(std::string(status.message()), 400)));
  }
  return descriptor;
}

bool IsPluginWord(absl::string_view word) {
  if (word.empty() || word.size() > 63 || !absl::ascii_islower(word[0])) return false;
  for (char c : word) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '_' && c != '-') return false;
  }
  return word.back() != '_' && word.back() != '-';
}

absl::Status CheckDescriptor(const v1::PluginDescriptor& d, absl::string_view id) {
  PT_RETURN_IF_ERROR(CheckFields(d, ""));
  if (absl::string_view(d.id()) != id) {
    return FieldInvalid("id",
                        absl::StrCat("is `", d.id(), "`, but the files are named `", id, "`"));
  }
  PT_RETURN_IF_ERROR(CheckResourceId("id", d.id()));
  if (!ParseVersion(d.version()).has_value()) {
    return FieldInvalid(
        "version", absl::StrCat("`", d.version(), "` is not a semantic version such as 1.0.0"));
  }
  if (d.abi_minor() < 0) return FieldInvalid("abi_minor", "is negative");
  std::set<std::string> slots;
  std::set<std::string> outputs;
  PT_RETURN_IF_ERROR(CheckRunsScripts(d));
  PT_RETURN_IF_ERROR(CheckInputs(d, &slots));
  PT_RETURN_IF_ERROR(CheckParameters(d));
  PT_RETURN_IF_ERROR(CheckOutputs(d, &outputs));
  if (d.kind() == v1::PLUGIN_KIND_ASSESSMENT) {
    for (const char* slot : {"value", "path"}) {
      if (slots.count(slot) == 0) {
        return FieldInvalid("inputs", absl::StrCat("an assessment has a slot `", slot, "`"));
      }
    }
    if (outputs.count("status") == 0) {
      return FieldInvalid("outputs", "an assessment has an output `status`");
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::plugins
