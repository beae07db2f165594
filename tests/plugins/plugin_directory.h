// A plugin directory of its own for a test, with a list of what is trusted.
#ifndef POLICYTRACK_TESTS_PLUGINS_PLUGIN_DIRECTORY_H_
#define POLICYTRACK_TESTS_PLUGINS_PLUGIN_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugins/engine.h"
#include "plugins/host/worker_options.h"
#include "plugins/versions/build_source.h"

namespace policytrack::plugins {

// The bytes of a file; fails the test when it cannot be read.
std::string FileBytes(const std::string& path);

class PluginDirectory {
 public:
  PluginDirectory();
  ~PluginDirectory();
  PluginDirectory(const PluginDirectory&) = delete;
  PluginDirectory& operator=(const PluginDirectory&) = delete;

  // Puts a test module with its descriptor there, trusted.
  void AddModule(const std::string& name) { AddModuleAs(name, name); }
  // The same under another base name.
  void AddModuleAs(const std::string& name, const std::string& base);
  // As AddModule, but no list names it.
  void AddUnlisted(const std::string& name) { AddUnlistedAs(name, name); }
  void AddUnlistedAs(const std::string& name, const std::string& base);
  // Puts a file there.
  void Write(const std::string& file, absl::string_view bytes);
  // Adds what the file holds now to the list.
  void Trust(const std::string& file);
  // Adds a line to the list as it stands.
  void TrustLine(const std::string& line);
  void Remove(const std::string& file);
  std::string Read(const std::string& file) const { return FileBytes(path_ + "/" + file); }

  // Opens a host on it, without workers; fails the test when that fails.
  std::unique_ptr<Engine> Open(absl::Duration deadline = absl::Seconds(30),
                               SelfTest self_test = nullptr);
  // The same with workers: the program is the built one unless the options name another.
  std::unique_ptr<Engine> OpenWithWorkers(WorkerOptions workers,
                                          absl::Duration deadline = absl::Seconds(30));

  const std::string& path() const { return path_; }
  const std::string& allow_list() const { return allow_list_; }
  // What the host logged.
  const std::vector<std::string>& log() const { return log_; }

 private:
  std::unique_ptr<Engine> OpenHostWith(WorkerOptions workers, absl::Duration deadline,
                                       SelfTest self_test);

  std::string root_;
  std::string path_;
  std::string allow_list_;
  std::vector<std::string> log_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_PLUGIN_DIRECTORY_H_
