#include "plugins/fake/fake_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack::plugins {
namespace {

class FakeSource final : public BuildSource {
 public:
  explicit FakeSource(const FakeDirectory* directory) : directory_(directory) {}

  absl::StatusOr<std::vector<FoundBuild>> Find() override {
    PT_RETURN_IF_ERROR(directory_->error());
    return directory_->Builds();
  }

 private:
  const FakeDirectory* const directory_;
};

}  // namespace

absl::Status FakeDirectory::Put(const std::string& file, const v1::PluginDescriptor& descriptor,
                                Window window, FakeEngine::ComputeFunction compute,
                                absl::string_view salt) {
  auto engine = std::make_shared<FakeEngine>();
  PT_RETURN_IF_ERROR(engine->AddPlugin(descriptor, window, std::move(compute)));
  FoundBuild build;
  build.file = file;
  const std::string name = absl::StrCat("plugins/", descriptor.id());
  PT_ASSIGN_OR_RETURN(build.plugin, engine->GetPlugin(name));
  build.plugin.set_digest(Sha256Hex(absl::StrCat(build.plugin.digest(), salt)));
  build.plugin.set_hosting(v1::PLUGIN_HOSTING_IN_PROCESS);
  build.version = descriptor.version();
  build.digest = Sha256Hex(build.plugin.digest() + build.plugin.descriptor_digest());
  engine->SetDigest(name, build.digest);
  build.engine = std::move(engine);
  absl::MutexLock lock(&mutex_);
  builds_[file] = std::move(build);
  return absl::OkStatus();
}

void FakeDirectory::PutBroken(const std::string& file, const std::string& plugin,
                              v1::PluginState state, absl::string_view message, bool other_bytes) {
  absl::MutexLock lock(&mutex_);
  FoundBuild& build = builds_[file];
  build.file = file;
  build.plugin.set_name(absl::StrCat("plugins/", plugin));
  build.plugin.set_state(state);
  build.plugin.set_state_message(std::string(message));
  build.plugin.clear_hosting();
  if (other_bytes) {
    build.plugin.set_digest(Sha256Hex(build.plugin.digest() + "other"));
    build.plugin.clear_plugin_descriptor();
    build.version.clear();
  }
  build.digest.clear();
  build.engine.reset();
}

void FakeDirectory::Remove(const std::string& file) {
  absl::MutexLock lock(&mutex_);
  builds_.erase(file);
}

void FakeDirectory::SetError(const absl::Status& error) {
  absl::MutexLock lock(&mutex_);
  error_ = error;
}

std::vector<FoundBuild> FakeDirectory::Builds() const {
  absl::MutexLock lock(&mutex_);
  std::vector<FoundBuild> builds;
  for (const auto& build : builds_) builds.push_back(build.second);
  return builds;
}

absl::Status FakeDirectory::error() const {
  absl::MutexLock lock(&mutex_);
  return error_;
}

std::unique_ptr<BuildSource> SourceOf(const FakeDirectory* directory) {
  return std::make_unique<FakeSource>(directory);
}

}  // namespace policytrack::plugins
