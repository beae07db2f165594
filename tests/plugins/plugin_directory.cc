#include "tests/plugins/plugin_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/digest.h"
#include "gtest/gtest.h"
#include "plugins/host/host.h"

namespace policytrack::plugins {

namespace fs = std::filesystem;

std::string FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

PluginDirectory::PluginDirectory() {
  root_ = testing::TempDir() + "policytrack-plugins-XXXXXX";
  EXPECT_NE(mkdtemp(root_.data()), nullptr);
  path_ = root_ + "/plugins";
  allow_list_ = root_ + "/plugins.sha256";
  fs::create_directory(path_);
  std::ofstream list(allow_list_);
  list << "# trusted by the test\n\n";
}

PluginDirectory::~PluginDirectory() {
  std::error_code error;
  fs::remove_all(root_, error);
}

void PluginDirectory::AddModuleAs(const std::string& name, const std::string& base) {
  AddUnlistedAs(name, base);
  for (const char* extension : {".so", ".json"}) Trust(base + extension);
}

void PluginDirectory::AddUnlistedAs(const std::string& name, const std::string& base) {
  for (const char* extension : {".so", ".json"}) {
    Write(base + extension, FileBytes(std::string(TEST_MODULE_DIR) + "/" + name + extension));
  }
}

void PluginDirectory::Write(const std::string& file, absl::string_view bytes) {
  std::ofstream out(path_ + "/" + file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void PluginDirectory::Trust(const std::string& file) {
  std::ofstream list(allow_list_, std::ios::app);
  list << Sha256Hex(Read(file)) << "  " << file << "\n";
}

void PluginDirectory::TrustLine(const std::string& line) {
  std::ofstream list(allow_list_, std::ios::app);
  list << line << "\n";
}

void PluginDirectory::Remove(const std::string& file) { fs::remove(path_ + "/" + file); }

std::unique_ptr<Engine> PluginDirectory::Open(absl::Duration deadline, SelfTest self_test) {
  return OpenHostWith({}, deadline, std::move(self_test));
}

std::unique_ptr<Engine> PluginDirectory::OpenWithWorkers(WorkerOptions workers,
                                                         absl::Duration deadline) {
  if (workers.program.empty()) workers.program = TEST_WORKER;
  return OpenHostWith(std::move(workers), deadline, nullptr);
}

std::unique_ptr<Engine> PluginDirectory::OpenHostWith(WorkerOptions workers,
                                                      absl::Duration deadline, SelfTest self_test) {
  HostOptions options;
  options.workers = std::move(workers);
  options.plugin_dir = path_;
  options.allow_list_file = allow_list_;
  options.call_deadline = deadline;
  options.self_test = std::move(self_test);
  auto engine = OpenHost(options, [this](absl::string_view line) { log_.emplace_back(line); });
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

}  // namespace policytrack::plugins
