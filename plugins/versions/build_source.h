// Where builds of plugins come from: a directory of shared objects, or lambdas.
//
// Thread rule: one call at a time.
#ifndef POLICYTRACK_PLUGINS_VERSIONS_BUILD_SOURCE_H_
#define POLICYTRACK_PLUGINS_VERSIONS_BUILD_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// What the files of one base name are.
struct FoundBuild {
  std::string file;     // the base name: `growth` or `growth@1.2.0`
  v1::Plugin plugin;    // its name, state, digests, hosting, and descriptor if it was read
  std::string version;  // of the descriptor, else of the base name, else empty
  // When it is active: over both files.
  std::string digest;
  // When it is active: what runs it, under plugin.name(). Lives as long as anyone
  // computes with it. It is told of every record of the plugin (Engine::Apply).
  std::shared_ptr<Engine> engine;
  // The golden vectors beside it, as they were read; empty when there are none.
  std::string golden;

  bool active() const { return engine != nullptr; }
};

class BuildSource {
 public:
  virtual ~BuildSource() = default;

  // All there are now, by file. What cannot be used is there too, with what is
  // wrong. A build that was given before and is still held may be given again.
  // Returns an error when it cannot be known what there is.
  virtual absl::StatusOr<std::vector<FoundBuild>> Find() = 0;
};

// Tries a build that is active and not yet in use: what it returns, if not ok, says
// in what it failed, in words that follow "its self-test failed: ".
using SelfTest = std::function<absl::Status(const FoundBuild&)>;

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_VERSIONS_BUILD_SOURCE_H_
