#include "services/app/scripts.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/columns.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "services/app/definitions.h"

namespace policytrack::app {
namespace {

constexpr char kOutput[] = "value";
// Periods of the dry run whose values are computed; before them as many as the
// script looks back. Few, since the writer waits for it.
constexpr int64_t kDryPeriods = 36;
constexpr int64_t kFirstDryPeriod = 2000 * 12;  // January 2000

// The unit of an input as it is fed in the dry run: any, since it has no figures.
constexpr char kDryUnit[] = "ratio";

google::protobuf::Struct ParametersOf(const v1::Script& script) {
  google::protobuf::Struct parameters;
  auto& fields = *parameters.mutable_fields();
  if (!script.code().empty()) {
    fields["code"].set_string_value(script.code());
  } else {
    fields["expression"].set_string_value(script.expression());
  }
  std::string inputs;
  for (const v1::ScriptInput& input : script.inputs()) {
    absl::StrAppend(&inputs, inputs.empty() ? "" : ",", input.slot());
  }
  fields["inputs"].set_string_value(inputs);
  fields["look_back"].set_number_value(script.look_back());
  fields["handles_missing"].set_bool_value(script.handles_missing());
  return parameters;
}

// A made-up series: no two inputs alike, none ever 0, and gaps of each by itself
// and of all at once.
Columns DryFigures(int input, const std::vector<int64_t>& axis) {
  Columns figures;
  for (size_t i = 0; i < axis.size(); ++i) {
    const int position = static_cast<int>(i);
    if (position % 11 == 5 + input % 5 || position % 13 == 12) {
      figures.Append(axis[i], 0, MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    } else {
      figures.Append(axis[i], 100.5 + 10 * input + position % 12 + 0.25 * position, kNormal);
    }
  }
  return figures;
}

absl::Status RunDry(plugins::Engine& engine, const v1::Script& script, bool with_optional) {
  std::vector<int64_t> axis;
  for (int64_t i = 0; i < script.look_back() + kDryPeriods; ++i)
    axis.push_back(kFirstDryPeriod + i);
  std::vector<plugins::InputMeta> metas;
  std::vector<Columns> figures;
  for (int i = 0; i < script.inputs_size(); ++i) {
    const v1::ScriptInput& input = script.inputs(i);
    if (input.optional() && !with_optional) continue;
    metas.push_back({input.slot(), v1::FREQUENCY_MONTH,
                     input.accumulations().empty() ? v1::ACCUMULATION_FLOW : input.accumulations(0),
                     kDryUnit, false});
    figures.push_back(DryFigures(i, axis));
  }
  google::protobuf::Struct parameters = ParametersOf(script);
  (*parameters.mutable_fields())["trial"].set_bool_value(true);
  PT_ASSIGN_OR_RETURN(const std::unique_ptr<plugins::Instance> instance,
                      engine.MakeInstance(kScriptRunner, parameters, metas, nullptr));
  std::vector<plugins::InputView> views;
  for (const Columns& column : figures) views.emplace_back(&column);
  return instance->Compute(axis, views, {axis.back() - kDryPeriods + 1, axis.back()}).status();
}

// What the script is at fault for, after what says which plugin found it.
std::string FaultOf(const absl::Status& status) {
  const std::string message(status.message());
  for (const char* before : {"refuses: ", "failed: "}) {
    const size_t at = message.find(before);
    if (at != std::string::npos) return message.substr(at + std::string(before).size());
  }
  return message;
}

}  // namespace

bool IsScript(absl::string_view plugin) { return CollectionOf(plugin) == kScripts; }

std::string RunnerOf(const std::string& reference) {
  return IsScript(reference) ? std::string(kScriptRunner) : reference;
}

std::string FormulaOf(const v1::Script& script) {
  v1::Script formula;
  formula.set_expression(script.expression());
  formula.set_code(script.code());
  *formula.mutable_inputs() = script.inputs();
  for (v1::ScriptInput& input : *formula.mutable_inputs()) input.clear_summary();
  formula.set_unit(script.unit());
  formula.set_accumulation(script.accumulation());
  formula.set_look_back(script.look_back());
  formula.set_handles_missing(script.handles_missing());
  return DeterministicBytes(formula);
}

Method MethodOfScript(const v1::Script& script, std::shared_ptr<const plugins::Build> runner) {
  Method method;
  method.parameters = ParametersOf(script);
  const std::string& of_runner = runner->digest();
  if (!of_runner.empty()) method.digest = Sha256Hex(absl::StrCat(of_runner, FormulaOf(script)));
  v1::PluginDescriptor& descriptor = method.descriptor;
  descriptor.set_version(runner->plugin().plugin_descriptor().version());
  descriptor.set_kind(v1::PLUGIN_KIND_CALCULATOR);
  for (const v1::ScriptInput& input : script.inputs()) {
    v1::PluginInput& slot = *descriptor.add_inputs();
    slot.set_slot(input.slot());
    slot.set_optional(input.optional());
    slot.set_same_unit_as(input.same_unit_as());
    *slot.mutable_accumulations() = input.accumulations();
  }
  v1::PluginOutput& output = *descriptor.add_outputs();
  output.set_name(kOutput);
  output.set_unit(script.unit());
  output.set_accumulation(script.accumulation());
  method.build = std::move(runner);
  return method;
}

absl::StatusOr<std::string> MethodDigest(storage::ReadTransaction& tx, int64_t as_of,
                                         const plugins::Engine& engine,
                                         const std::string& reference) {
  if (!IsScript(reference)) return engine.PluginDigest(reference);
  PT_ASSIGN_OR_RETURN(const auto script, LoadScript(tx, reference, as_of));
  auto runner = engine.Find(kScriptRunner);
  if (!script.has_value() || !runner.ok()) return std::string();
  return MethodOfScript(*script, *std::move(runner)).digest;
}

absl::Status DryRun(plugins::Engine& engine, const v1::Script& script) {
  const char* field = script.code().empty() ? "script.expression" : "script.code";
  const bool any_optional =
      std::any_of(script.inputs().begin(), script.inputs().end(),
                  [](const v1::ScriptInput& input) { return input.optional(); });
  for (const bool with_optional : {true, false}) {
    if (!with_optional && !any_optional) continue;
    const absl::Status status = RunDry(engine, script, with_optional);
    if (status.ok()) continue;
    const std::string why = ReasonOf(status);
    if (why == reason::kParametersInvalid) return FieldInvalid(field, FaultOf(status));
    if (why == reason::kPluginFailed || why == reason::kPluginTimeout ||
        why == reason::kResultRefused) {
      return FieldInvalid(field, absl::StrCat("fails on made-up figures, ", FaultOf(status)));
    }
    return status;
  }
  return absl::OkStatus();
}

absl::Status InNameOf(const std::string& plugin, const absl::Status& status) {
  if (status.ok() || !IsScript(plugin)) return status;
  return WithFieldPrefix(status, plugin);
}

}  // namespace policytrack::app
