#include "services/server/check_config.h"

#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "plugins/host/allow_list.h"
#include "services/server/limits.h"
#include "services/server/listen_address.h"
#include "storage/sqlite/data_directory.h"

namespace policytrack::server {
namespace {

namespace fs = std::filesystem;

bool May(const fs::path& path, int how) { return access(path.c_str(), how) == 0; }

void CheckDataDir(const Config& config, std::vector<NamedProblem>* problems) {
  if (config.data_dir.empty()) return;
  const fs::path path = fs::absolute(config.data_dir);
  std::error_code missing;
  const fs::file_status status = fs::status(path, missing);
  if (fs::exists(status)) {
    if (!fs::is_directory(status)) {
      problems->push_back({"data-dir", absl::StrCat(config.data_dir, " is not a directory")});
    } else if (!May(path, R_OK | W_OK | X_OK)) {
      problems->push_back(
          {"data-dir", absl::StrCat("this user may not write in ", config.data_dir)});
    } else if (const absl::Status content =
                   storage::sqlite::DataDirectory::CheckContent(config.data_dir);
               !content.ok()) {
      problems->push_back({"data-dir", std::string(content.message())});
    }
    return;
  }
  // It will be made, with what is missing above it.
  fs::path above = path.parent_path();
  while (above != above.parent_path() && !fs::exists(above, missing)) above = above.parent_path();
  struct statfs kind = {};
  const bool of_processes = statfs(above.c_str(), &kind) == 0 && kind.f_type == PROC_SUPER_MAGIC;
  if (!fs::is_directory(above, missing) || !May(above, W_OK | X_OK) || of_processes) {
    problems->push_back({"data-dir", absl::StrCat(config.data_dir,
                                                  " is not there, and this user cannot make it in ",
                                                  above.string())});
  }
}

void CheckPlugins(const Config& config, std::vector<NamedProblem>* problems) {
  std::error_code missing;
  if (!fs::is_directory(config.plugin_dir, missing)) {
    problems->push_back({"plugin-dir", absl::StrCat("there is no directory ", config.plugin_dir)});
  } else if (!May(config.plugin_dir, R_OK | X_OK)) {
    problems->push_back({"plugin-dir", absl::StrCat("this user may not read ", config.plugin_dir)});
  }
  const std::string& path = config.plugin_allow_list;
  if (!fs::exists(path, missing)) {
    problems->push_back({"plugin-allow-list", absl::StrCat("there is no file ", path)});
    return;
  }
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!fs::is_regular_file(path, missing) || !file) {
    problems->push_back({"plugin-allow-list", absl::StrCat(path, " cannot be read")});
    return;
  }
  const auto list = plugins::AllowList::Parse(text.str());
  if (list.ok()) return;
  // "line 3 is not ..." as file:line.
  const absl::string_view what = list.status().message();
  const std::pair<absl::string_view, absl::string_view> line =
      absl::StrSplit(absl::StripPrefix(what, "line "), absl::MaxSplits(' ', 1));
  problems->push_back(
      {"plugin-allow-list", absl::StrCat(path, ":", line.first, ": ", line.second)});
}

void CheckFileLimit(const Config& config, std::vector<NamedProblem>* problems) {
  rlimit limit = {};
  const auto wanted = static_cast<rlim_t>(config.max_connections) + kOwnFiles;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < wanted) {
    problems->push_back(
        {"max-connections",
         absl::StrCat(config.max_connections, " need a limit of open files of ", wanted,
                      ", and it is ", limit.rlim_max, "; raise it, or allow fewer")});
  }
}

void CheckPorts(const Config& config, std::vector<NamedProblem>* problems) {
  if (config.listen != config.metrics_listen || absl::EndsWith(config.listen, ":0")) return;
  problems->push_back(
      {"metrics-listen", absl::StrCat(config.metrics_listen, " is where listen is already")});
}

void CheckSocketPath(const Config& config, std::vector<NamedProblem>* problems) {
  const fs::path path = UnixPath(config.listen);
  if (path.empty()) return;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const size_t room = sizeof(sockaddr_un::sun_path) - 1;
  if (path.native().size() > room) {
    problems->push_back(
        {"listen", absl::StrCat("the path of a socket has ", room,
                                " bytes at most, and this one has ", path.native().size())});
    return;
  }
  if (!May(folder, W_OK | X_OK)) {
    problems->push_back(
        {"listen", absl::StrCat("this user cannot make a socket in ", folder.string())});
  }
}

}  // namespace

std::vector<NamedProblem> CheckWhatIsNamed(const Config& config) {
  std::vector<NamedProblem> problems;
  CheckDataDir(config, &problems);
  CheckPlugins(config, &problems);
  CheckSocketPath(config, &problems);
  CheckPorts(config, &problems);
  CheckFileLimit(config, &problems);
  return problems;
}

}  // namespace policytrack::server
