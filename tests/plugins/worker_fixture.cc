#include "tests/plugins/worker_fixture.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "gtest/gtest.h"

namespace policytrack::plugins {

std::vector<int> ChildProcesses(const std::string& name) {
  std::vector<int> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "stat");
    int pid = 0;
    int parent = 0;
    std::string command;
    char state = 0;
    in >> pid >> command >> state >> parent;
    if (in && parent == getpid() && command == absl::StrCat("(", name, ")")) result.push_back(pid);
  }
  return result;
}

WorkerWorld::WorkerWorld(std::vector<std::string> unlisted, absl::Duration deadline)
    : deadline_(deadline) {
  for (const std::string& name : unlisted) directory_.AddUnlisted(name);
  options_.grace = absl::Milliseconds(50);
  options_.pause = absl::Milliseconds(1);
  options_.memory_bytes = 256 << 20;
  options_.quarantine = std::make_shared<Quarantine>(&clock_);
  options_.log = [this](absl::string_view line) {
    std::unique_lock<std::mutex> lock(mutex_);
    absl::StrAppend(&log_, line, "\n");
  };
  Open();
}

void WorkerWorld::Open() {
  engine_.reset();
  engine_ = directory_.OpenWithWorkers(options_, deadline_);
  engine_->SetQuarantineListener([this](const QuarantineEvent& event) {
    std::unique_lock<std::mutex> lock(mutex_);
    quarantined_.push_back(absl::StrCat(event.plugin, " ", event.build_digest, " ", event.reason));
  });
}

void WorkerWorld::BePatient() {
  options_.grace = absl::Seconds(20);
  Open();
}

v1::Plugin WorkerWorld::Get(const std::string& name) {
  auto plugin = engine_->GetPlugin("plugins/" + name);
  EXPECT_TRUE(plugin.ok()) << plugin.status();
  return plugin.ok() ? *plugin : v1::Plugin();
}

std::string WorkerWorld::BuildDigest(const std::string& name) {
  Digest digest;
  digest.Add(directory_.Read(name + ".so")).Add(directory_.Read(name + ".json"));
  return ToHex(digest.Finish());
}

absl::StatusOr<std::unique_ptr<Instance>> WorkerWorld::Make(const std::string& name) {
  return engine_->MakeInstance("plugins/" + name, {},
                               {{"value", v1::FREQUENCY_YEAR, v1::ACCUMULATION_FLOW, "vehicles"}},
                               nullptr);
}

absl::StatusOr<Columns> WorkerWorld::Call(const std::string& name,
                                          const std::vector<double>& values) {
  auto instance = Make(name);
  if (!instance.ok()) return instance.status();
  const Columns input = Years(values);
  auto result = (*instance)->Compute(input.periods, {&input}, {});
  if (!result.ok()) return result.status();
  return std::move((*result)[0]);
}

std::string WorkerWorld::Logged() {
  std::unique_lock<std::mutex> lock(mutex_);
  return log_;
}

std::vector<std::string> WorkerWorld::Quarantined() {
  std::unique_lock<std::mutex> lock(mutex_);
  return quarantined_;
}

Columns Years(const std::vector<double>& values) {
  Columns columns;
  for (size_t i = 0; i < values.size(); ++i) {
    columns.Append(2001 + static_cast<int64_t>(i), values[i], kNormal);
  }
  return columns;
}

}  // namespace policytrack::plugins
