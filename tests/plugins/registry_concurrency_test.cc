// Readers, instances in flight, reloads, quarantines and releases at the same time: run
// under the thread sanitizer too.
#include <atomic>
#include <thread>

#include "tests/plugins/registry_fixture.h"

namespace policytrack::plugins {
namespace {

// Until each of these has happened so often.
constexpr int kTimes = 200;

TEST_F(RegistryTest, SwapsWhileOthersCompute) {
  Put("growth", "growth", "1.0.0", 100);
  Open();
  std::atomic<int> events{0};
  registry_->SetQuarantineListener([&](const QuarantineEvent&) { ++events; });
  std::atomic<bool> done{false};
  std::atomic<int> computed{0};
  std::vector<std::string> wrong[2];
  std::vector<std::thread> readers;
  for (std::vector<std::string>& of_thread : wrong) {
    readers.emplace_back([&] {
      InputMeta meta;
      meta.slot = "value";
      meta.frequency = v1::FREQUENCY_YEAR;
      meta.unit = "percent";
      while (!done || computed < kTimes) {
        const auto build = registry_->Find("plugins/growth");
        if (!build.ok()) {
          of_thread.push_back(build.status().ToString());
          return;
        }
        const std::string version = (*build)->plugin().plugin_descriptor().version();
        const auto instance = (*build)->MakeInstance({}, {meta}, nullptr);
        if ((*build)->digest().empty()) {
          // Quarantined, and it says so.
          if (instance.ok()) of_thread.push_back("an instance of what is quarantined");
          continue;
        }
        if (!instance.ok()) {
          of_thread.push_back(instance.status().ToString());
          return;
        }
        // 1.0.0 gives 100, 1.0.1 gives 101, whatever has been swapped meanwhile.
        const std::string value = ValueOf(**instance);
        if (value != "10" + version.substr(4)) of_thread.push_back(version + " gave " + value);
        registry_->ListPlugins();
        ++computed;
      }
    });
  }
  std::thread operators([&] {
    v1::PluginRecord record;
    record.set_name("plugins/growth");
    for (int i = 0; i < kTimes; ++i) {
      registry_->Quarantine(registry_->PluginDigest("plugins/growth"), "for a moment");
      record.set_revision(i + 1);
      registry_->Apply(record);
    }
  });
  for (int i = 0; i < kTimes; ++i) {
    const int patch = i % 10;
    Put("growth", "growth", absl::StrCat("1.0.", patch), 100 + patch);
    EXPECT_TRUE(registry_->Reload(false).ok());
  }
  operators.join();
  // What is quarantined last must not stay so, or nobody computes any more.
  v1::PluginRecord last;
  last.set_name("plugins/growth");
  last.set_revision(kTimes + 1);
  registry_->Apply(last);
  done = true;
  for (std::thread& reader : readers) reader.join();
  registry_->SetQuarantineListener(nullptr);
  for (const auto& of_thread : wrong) EXPECT_THAT(of_thread, testing::IsEmpty());
  EXPECT_GE(computed.load(), kTimes);
}

}  // namespace
}  // namespace policytrack::plugins
