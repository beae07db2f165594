// YAML nodes to protobuf messages by descriptor, and back. The form is proto
// JSON written as YAML, with these reliefs: a text field takes a plain number
// as the text it is (`period: 2024`), and a date may be written as text.
//
// Everything that could be a mistake is refused with its line and column:
// unknown fields, keys twice, empty values, a value of another type.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_YAML_MESSAGE_H_
#define POLICYTRACK_CLIENTS_CLI_YAML_MESSAGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "clients/cli/context.h"
#include "google/protobuf/message.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::cli {

struct Position {
  int64_t line = 0;
  int64_t column = 0;
};

// Positions by field path, as in `targets[2].unit`; "" is the document.
using Positions = std::map<std::string, Position>;

Position PositionOf(const YAML::Node& node);

// Fills `message` from a map. Keys in `skip` are left to the caller. All
// problems are appended to `errors`; the message is complete when there are none.
void MessageFromYaml(const YAML::Node& map, const std::string& file,
                     const std::vector<std::string>& skip, google::protobuf::Message* message,
                     Positions* positions, std::vector<Diagnostic>* errors);

// The document as MessageFromYaml reads it, with `kind` first.
std::string MessageToYaml(const google::protobuf::Message& message, absl::string_view kind);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_YAML_MESSAGE_H_
