#include "tests/plugins/plugin_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

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

void PluginDirectory::AddModule(const std::string& name) {
  AddUnlisted(name);
  for (const char* extension : {".so", ".json"}) Trust(name + extension);
}

void PluginDirectory::AddUnlisted(const std::string& name) {
  for (const char* extension : {".so", ".json"}) {
    const std::string file = name + extension;
    Write(file, FileBytes(std::string(TEST_MODULE_DIR) + "/" + file));
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

void PluginDirectory::Remove(const std::string& file) { fs::remove(path_ + "/" + file); }

std::unique_ptr<Engine> PluginDirectory::Open(absl::Duration deadline) {
  return OpenHostWith({}, deadline);
}

std::unique_ptr<Engine> PluginDirectory::OpenWithWorkers(WorkerOptions workers,
                                                         absl::Duration deadline) {
  if (workers.program.empty()) workers.program = TEST_WORKER;
  return OpenHostWith(std::move(workers), deadline);
}

std::unique_ptr<Engine> PluginDirectory::OpenHostWith(WorkerOptions workers,
                                                      absl::Duration deadline) {
  HostOptions options;
  options.workers = std::move(workers);
  options.plugin_dir = path_;
  options.allow_list_file = allow_list_;
  options.call_deadline = deadline;
  auto engine = OpenHost(options, [this](absl::string_view line) { log_.emplace_back(line); });
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

}  // namespace policytrack::plugins
