#include "plugins/checks/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/name_suggestion.h"

namespace policytrack::plugins {
namespace {

// Whole numbers up to here are exact in a double.
constexpr double kLargestWhole = 9007199254740992.0;

// The shortest text that reads back as the same number.
std::string FormatNumber(double number) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), number);
  return std::string(buffer, result.ptr);
}

const char* TypeWord(v1::ParameterType type) {
  switch (type) {
    case v1::PARAMETER_TYPE_NUMBER:
      return "a number";
    case v1::PARAMETER_TYPE_INTEGER:
      return "a whole number";
    case v1::PARAMETER_TYPE_STRING:
      return "a text";
    default:
      return "true or false";
  }
}

absl::Status CheckNumber(const v1::PluginParameter& declared, double number) {
  if (!std::isfinite(number)) return ParametersInvalid(declared.name(), "must be finite");
  if (declared.type() == v1::PARAMETER_TYPE_INTEGER &&
      (number != std::trunc(number) || std::abs(number) > kLargestWhole)) {
    return ParametersInvalid(declared.name(),
                             absl::StrCat("must be a whole number, not ", FormatNumber(number)));
  }
  const v1::ValueRange& range = declared.range();
  if ((range.has_minimum() && number < range.minimum()) ||
      (range.has_maximum() && number > range.maximum())) {
    return ParametersInvalid(
        declared.name(),
        absl::StrCat("must be",
                     range.has_minimum() ? " at least " + FormatNumber(range.minimum()) : "",
                     range.has_minimum() && range.has_maximum() ? " and" : "",
                     range.has_maximum() ? " at most " + FormatNumber(range.maximum()) : "",
                     ", not ", FormatNumber(number)));
  }
  return absl::OkStatus();
}

absl::Status CheckText(const v1::PluginParameter& declared, const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    return ParametersInvalid(declared.name(), "must not hold a NUL character");
  }
  const auto& choices = declared.choices();
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    return ParametersInvalid(
        declared.name(), absl::StrCat("must be one of ", absl::StrJoin(choices, ", "), ", not `",
                                      CutText(text, 100), "`"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParametersInvalid(absl::string_view parameter, absl::string_view message) {
  const std::string field =
      parameter.empty() ? "parameters" : absl::StrCat("parameters.", parameter);
  return Error(absl::StatusCode::kInvalidArgument, reason::kParametersInvalid,
               absl::StrCat(field, ": ", message), {{"field", field}});
}

absl::StatusOr<Parameter> ReadParameter(const v1::PluginParameter& declared,
                                        const google::protobuf::Value& value) {
  Parameter parameter;
  parameter.name = declared.name();
  parameter.type = declared.type();
  using Kind = google::protobuf::Value::KindCase;
  const bool numeric =
      declared.type() == v1::PARAMETER_TYPE_NUMBER || declared.type() == v1::PARAMETER_TYPE_INTEGER;
  if (numeric && value.kind_case() == Kind::kNumberValue) {
    PT_RETURN_IF_ERROR(CheckNumber(declared, value.number_value()));
    parameter.number = value.number_value() == 0 ? 0.0 : value.number_value();  // no -0.0
    return parameter;
  }
  if (declared.type() == v1::PARAMETER_TYPE_STRING && value.kind_case() == Kind::kStringValue) {
    PT_RETURN_IF_ERROR(CheckText(declared, value.string_value()));
    parameter.text = value.string_value();
    return parameter;
  }
  if (declared.type() == v1::PARAMETER_TYPE_BOOLEAN && value.kind_case() == Kind::kBoolValue) {
    parameter.number = value.bool_value() ? 1 : 0;
    return parameter;
  }
  return ParametersInvalid(declared.name(), absl::StrCat("must be ", TypeWord(declared.type())));
}

absl::StatusOr<std::vector<Parameter>> ResolveParameters(const v1::PluginDescriptor& descriptor,
                                                         const google::protobuf::Struct& given) {
  for (const auto& entry : given.fields()) {
    bool known = false;
    for (const v1::PluginParameter& p : descriptor.parameters()) known |= p.name() == entry.first;
    if (known) continue;
    std::vector<std::string> names;
    for (const v1::PluginParameter& p : descriptor.parameters()) names.push_back(p.name());
    return ParametersInvalid(
        CutText(entry.first, 100),
        absl::StrCat("plugins/", descriptor.id(), " has no such parameter; ",
                     names.empty() ? "it has none" : SuggestName(names, entry.first)));
  }
  std::vector<Parameter> result;
  for (const v1::PluginParameter& p : descriptor.parameters()) {
    const auto at = given.fields().find(p.name());
    if (at != given.fields().end()) {
      PT_ASSIGN_OR_RETURN(Parameter parameter, ReadParameter(p, at->second));
      result.push_back(std::move(parameter));
    } else if (p.has_default_value()) {
      PT_ASSIGN_OR_RETURN(Parameter parameter, ReadParameter(p, p.default_value()));
      result.push_back(std::move(parameter));
    } else if (p.required()) {
      return ParametersInvalid(p.name(), absl::StrCat("must be given: ", p.summary()));
    }
  }
  return result;
}

std::vector<std::string> FormatParameters(const std::vector<Parameter>& parameters) {
  std::vector<const Parameter*> sorted;
  for (const Parameter& p : parameters) sorted.push_back(&p);
  std::sort(sorted.begin(), sorted.end(),
            [](const Parameter* a, const Parameter* b) { return a->name < b->name; });
  std::vector<std::string> lines;
  for (const Parameter* p : sorted) {
    std::string value = p->type == v1::PARAMETER_TYPE_STRING ? p->text
                        : p->type == v1::PARAMETER_TYPE_BOOLEAN
                            ? (p->number != 0 ? "true" : "false")
                            : FormatNumber(p->number);
    lines.push_back(absl::StrCat(p->name, " = ", value));
  }
  return lines;
}

std::vector<Parameter> AssessmentParameters(const AssessmentContext& context) {
  std::string relation;
  switch (context.relation) {
    case v1::TARGET_RELATION_AT_LEAST:
      relation = "at_least";
      break;
    case v1::TARGET_RELATION_AT_MOST:
      relation = "at_most";
      break;
    case v1::TARGET_RELATION_ABOUT:
      relation = "about";
      break;
    case v1::TARGET_RELATION_WITHIN:
      relation = "within";
      break;
    default:
      break;
  }
  std::vector<Parameter> result;
  result.push_back({"host.relation", v1::PARAMETER_TYPE_STRING, 0, relation});
  if (context.has_baseline_period) {
    result.push_back({"host.baseline_period", v1::PARAMETER_TYPE_INTEGER,
                      static_cast<double>(context.baseline_period), ""});
  }
  if (context.has_target_period) {
    result.push_back({"host.target_period", v1::PARAMETER_TYPE_INTEGER,
                      static_cast<double>(context.target_period), ""});
  }
  if (context.has_tolerance_percent) {
    result.push_back(
        {"host.tolerance_percent", v1::PARAMETER_TYPE_NUMBER, context.tolerance_percent, ""});
  }
  return result;
}

}  // namespace policytrack::plugins
