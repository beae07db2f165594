// Settings as they are written, before they are understood: `name: value` lines of a
// file and flags of a command line, each with the place where it stands.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_SETTINGS_H_
#define POLICYTRACK_SERVICES_SERVER_SETTINGS_H_

#include <functional>
#include <string>
#include <vector>

namespace policytrack::server {

struct Setting {
  std::string name;  // without dashes
  std::string value;
  std::string place;  // "/etc/policytrack.yaml:3", or "--workers" on the command line
};

enum class SettingKind { kNone, kFlag, kValue };
// What kind of setting a name is; kNone where there is none.
using KindOf = std::function<SettingKind(const std::string&)>;

// Reads the YAML of a config file. What is wrong goes into `problems`, each with
// file and line, and the rest is read nevertheless.
std::vector<Setting> ReadSettingsFile(const std::string& path, const KindOf& kind_of,
                                      std::vector<std::string>* problems);

// Reads `--name value`, `--name=value` and `--flag`. The same of what is wrong.
std::vector<Setting> ReadSettingsOf(const std::vector<std::string>& arguments,
                                    const KindOf& kind_of, std::vector<std::string>* problems);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_SETTINGS_H_
