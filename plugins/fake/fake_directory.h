// A directory of plugins that are lambdas: what a Registry reads in tests. It can be
// changed while a Registry over it runs.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_PLUGINS_FAKE_FAKE_DIRECTORY_H_
#define POLICYTRACK_PLUGINS_FAKE_FAKE_DIRECTORY_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "plugins/fake/fake_engine.h"
#include "plugins/versions/build_source.h"

namespace policytrack::plugins {

class FakeDirectory {
 public:
  // Puts an active plugin there, in the place of what has this base name. Builds of
  // one descriptor are the same unless `salt` differs.
  // Returns what CheckDescriptor returns.
  absl::Status Put(const std::string& file, const v1::PluginDescriptor& descriptor, Window window,
                   FakeEngine::ComputeFunction compute, absl::string_view salt = "");
  // Puts one there that cannot be used. Its bytes are those of what was there unless
  // `other_bytes`.
  void PutBroken(const std::string& file, const std::string& plugin, v1::PluginState state,
                 absl::string_view message, bool other_bytes);
  void Remove(const std::string& file);
  // What Find returns from now on, if not ok.
  void SetError(const absl::Status& error);

  std::vector<FoundBuild> Builds() const;
  absl::Status error() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, FoundBuild> builds_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

// Not owned; must outlive the source.
std::unique_ptr<BuildSource> SourceOf(const FakeDirectory* directory);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_FAKE_FAKE_DIRECTORY_H_
