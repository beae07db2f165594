// The settings of a mapping that say how a file is written: encoding, lines,
// numbers, units, marks for no value, wide tables, SDMX-CSV.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_FORMAT_SETTINGS_H_
#define POLICYTRACK_CLIENTS_CLI_FORMAT_SETTINGS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/cli/push_mapping.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::cli {

class FormatSettings {
 public:
  using Fail = std::function<void(const YAML::Node& node, std::string message)>;

  explicit FormatSettings(Fail fail) : fail_(std::move(fail)) {}

  // For messages.
  static absl::string_view Keys();
  // Reads one setting; problems go to `fail`. False when it is not one of these.
  bool Read(const std::string& key, const YAML::Node& value, PushMapping* mapping);

  // A text that is not empty; a text or a list of texts. Problems go to `fail`, and
  // what is empty is given.
  std::string Scalar(const YAML::Node& node, const std::string& key);
  std::vector<std::string> Texts(const YAML::Node& node, const std::string& key);

 private:
  std::optional<int64_t> Whole(const YAML::Node& node, const std::string& key, int64_t least,
                               int64_t most);
  bool Flag(const YAML::Node& node, const std::string& key);
  std::vector<std::pair<std::string, std::string>> Pairs(const YAML::Node& node,
                                                         const std::string& key);
  void ReadStatuses(const YAML::Node& node, PushMapping* mapping);
  void ReadMarks(const YAML::Node& node, PushMapping* mapping);
  bool ReadTable(const std::string& key, const YAML::Node& value, PushMapping* mapping);
  bool ReadNumbers(const std::string& key, const YAML::Node& value, PushMapping* mapping);
  bool ReadSdmx(const std::string& key, const YAML::Node& value, PushMapping* mapping);

  Fail fail_;
};

// Whether the settings go together.
// Returns INVALID_ARGUMENT, saying which do not.
absl::Status CheckFormat(const PushMapping& mapping);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_FORMAT_SETTINGS_H_
