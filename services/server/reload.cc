#include "services/server/reload.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace policytrack::server {

void ReloadConfig(int argc, char** argv, ParsedConfig* current, Log* log, Server* server) {
  const ParsedConfig next = ParseConfig(argc, argv);
  if (!next.run) {
    log->Error(absl::StrCat("nothing reloaded, the settings are wrong: ",
                            absl::StrJoin(next.problems, "; ")));
    return;
  }
  std::vector<std::string> applied;
  for (const auto& [name, value] : next.values) {
    const std::string before = current->values[name];
    if (value == before) continue;
    if (name == "log-level" || name == "slow-call-ms") {
      current->values[name] = value;
      applied.push_back(absl::StrCat(name, " ", value));
    } else {
      log->Warn(absl::StrCat(name, " needs a restart: it stays ", before.empty() ? "unset" : before,
                             " and not ", value.empty() ? "unset" : value));
    }
  }
  log->SetLevel(next.config.log_level);
  log->Info(absl::StrCat("settings reloaded: ",
                         applied.empty() ? "nothing is new" : absl::StrJoin(applied, ", ")));
  if (const absl::Status plugins = server->Reload(next.config); plugins.ok()) {
    log->Info("plugins reloaded");
  } else {
    log->Error(absl::StrCat("plugins not reloaded: ", plugins.message()));
  }
}

}  // namespace policytrack::server
