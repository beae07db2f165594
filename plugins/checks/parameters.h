// Parameters of plugins: what is given, against what the descriptor allows.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_PARAMETERS_H_
#define POLICYTRACK_PLUGINS_CHECKS_PARAMETERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// A parameter in force.
struct Parameter {
  std::string name;
  v1::ParameterType type = v1::PARAMETER_TYPE_UNSPECIFIED;
  double number = 0;  // of numbers and integers; 0 or 1 of booleans
  std::string text;   // of strings
};

// INVALID_ARGUMENT / PARAMETERS_INVALID with metadata `field`, as in
// `parameters.years`.
absl::Status ParametersInvalid(absl::string_view parameter, absl::string_view message);

// One value against its declaration.
// Returns INVALID_ARGUMENT / PARAMETERS_INVALID when it is of another type, not
// finite, not whole, out of range or not one of the choices.
absl::StatusOr<Parameter> ReadParameter(const v1::PluginParameter& declared,
                                        const google::protobuf::Value& value);

// All that is in force, in the order of the descriptor: what is given, and
// defaults. Errors as for ReadParameter, and for unknown and missing ones.
absl::StatusOr<std::vector<Parameter>> ResolveParameters(const v1::PluginDescriptor& descriptor,
                                                         const google::protobuf::Struct& given);

// `name = value` of each, by name.
std::vector<std::string> FormatParameters(const std::vector<Parameter>& parameters);

// The host's own parameters for an assessment.
std::vector<Parameter> AssessmentParameters(const AssessmentContext& context);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_PARAMETERS_H_
