// A registry over a directory of lambdas that say which build they are.
#ifndef POLICYTRACK_TESTS_PLUGINS_REGISTRY_FIXTURE_H_
#define POLICYTRACK_TESTS_PLUGINS_REGISTRY_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/fake/fake_directory.h"
#include "plugins/versions/registry.h"

namespace policytrack::plugins {

inline v1::PluginDescriptor TestDescriptor(const std::string& id, const std::string& version) {
  v1::PluginDescriptor descriptor;
  descriptor.set_id(id);
  descriptor.set_version(version);
  descriptor.set_abi_major(1);
  descriptor.set_kind(v1::PLUGIN_KIND_CALCULATOR);
  descriptor.set_summary("For tests.");
  descriptor.add_inputs()->set_slot("value");
  v1::PluginOutput& output = *descriptor.add_outputs();
  output.set_name("value");
  output.set_unit("@value");
  return descriptor;
}

// Gives `constant` for every period.
inline FakeEngine::ComputeFunction Constant(double constant) {
  return [constant](const std::vector<int64_t>& axis, const std::vector<InputView>&,
                    PeriodRange window,
                    const google::protobuf::Struct&) -> absl::StatusOr<std::vector<Columns>> {
    std::vector<Columns> outputs(1);
    for (const int64_t period : axis) {
      if (window.Contains(period)) outputs[0].Append(period, constant, kNormal);
    }
    return outputs;
  };
}

class RegistryTest : public testing::Test {
 protected:
  void Put(const std::string& file, const std::string& id, const std::string& version,
           double constant, absl::string_view salt = "") {
    const absl::Status put =
        directory_.Put(file, TestDescriptor(id, version), {0, 0}, Constant(constant), salt);
    EXPECT_TRUE(put.ok()) << put;
  }

  void Open() {
    auto opened = Registry::Open(
        SourceOf(&directory_), [this](const FoundBuild& build) { return SelfTestOf(build); },
        [this](absl::string_view line) { log_.emplace_back(line); });
    ASSERT_TRUE(opened.ok()) << opened.status();
    registry_ = *std::move(opened);
  }

  absl::Status SelfTestOf(const FoundBuild& build) {
    tested_.push_back(build.file + " " + build.version);
    return build.digest == failing_ ? absl::InternalError("2020 is 3, not 2") : absl::OkStatus();
  }

  // "added growth 1.0.0->1.1.0: why", one for each change.
  std::vector<std::string> Reload(bool dry_run = false) {
    const auto response = registry_->Reload(dry_run);
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> changes;
    if (!response.ok()) return changes;
    for (const v1::PluginReload& change : response->changes()) {
      changes.push_back(absl::StrCat(v1::PluginReloadOutcome_Name(change.outcome()).substr(22), " ",
                                     change.file(), " ", change.from_version(), "->",
                                     change.to_version(), change.message().empty() ? "" : ": ",
                                     change.message()));
    }
    return changes;
  }

  // What an instance that a reference gets computes, or the reason of its refusal.
  std::string Value(const std::string& reference) {
    InputMeta meta;
    meta.slot = "value";
    meta.frequency = v1::FREQUENCY_YEAR;
    meta.unit = "percent";
    auto instance = registry_->MakeInstance(reference, {}, {meta}, nullptr);
    if (!instance.ok()) return std::string(instance.status().message());
    return ValueOf(**instance);
  }

  static std::string ValueOf(Instance& instance) {
    Columns column;
    column.Append(2020, 7, kNormal);
    const auto outputs = instance.Compute(column.periods, {&column}, PeriodRange());
    if (!outputs.ok()) return outputs.status().ToString();
    return absl::StrCat((*outputs)[0].values[0]);
  }

  v1::Plugin Get(const std::string& name) {
    const auto plugin = registry_->GetPlugin(name);
    EXPECT_TRUE(plugin.ok()) << plugin.status();
    return plugin.ok() ? *plugin : v1::Plugin();
  }

  // "1.0.0 ACTIVE*", the one in use with a star.
  std::vector<std::string> Versions(const std::string& name) {
    std::vector<std::string> versions;
    const v1::Plugin plugin = Get(name);
    for (const v1::PluginVersion& version : plugin.versions()) {
      versions.push_back(absl::StrCat(version.version(), " ",
                                      v1::PluginState_Name(version.state()).substr(13),
                                      version.in_use() ? "*" : ""));
    }
    return versions;
  }

  void Quarantine(const std::string& name, const std::string& version, const std::string& reason) {
    v1::PluginRecord record;
    record.set_name(name);
    const v1::Plugin plugin = Get(name);
    for (const v1::PluginVersion& candidate : plugin.versions()) {
      if (candidate.version() != version) continue;
      v1::PluginBuildRecord& build = *record.add_builds();
      build.set_build_digest(candidate.build_digest());
      build.mutable_quarantine()->set_reason(reason);
    }
    registry_->Apply(record);
  }

  FakeDirectory directory_;
  std::unique_ptr<Registry> registry_;
  std::string failing_;              // the digest of the build whose self-test fails
  std::vector<std::string> tested_;  // file and version
  std::vector<std::string> log_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_TESTS_PLUGINS_REGISTRY_FIXTURE_H_
