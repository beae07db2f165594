// The plugin under test: its files, and ways to feed it.
//
// Thread rule: as values.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_SUBJECT_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_SUBJECT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/checks/feed.h"
#include "plugins/checks/golden_vectors.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// The files of a plugin, unread by anybody else.
struct PluginBytes {
  std::string path;  // of the shared object
  std::string id;    // its base name
  std::string shared_object;
  std::string descriptor_path;
  std::optional<std::string> descriptor;
  std::string golden_path;
  std::optional<std::string> golden;
};

// Returns NOT_FOUND when there is no shared object of this path, and
// INVALID_ARGUMENT when its name does not end in .so.
absl::StatusOr<PluginBytes> ReadPlugin(const std::string& path);

// One way to make an instance: what it is fed with and told. The points of the
// feeds are an example of the figures that belong there.
struct Setup {
  std::string name;
  v1::Frequency frequency = v1::FREQUENCY_YEAR;
  google::protobuf::Struct parameters;
  std::optional<AssessmentContext> assessment;
  std::vector<Feed> feeds;
};

// A setup as create gets it.
struct BoundSetup {
  std::vector<Parameter> parameters;
  std::vector<BoundInput> inputs;
};

// The setup that the descriptor suggests: every required slot fed, every parameter
// at its default, else at the first value that it may have.
Setup SuggestedSetup(const v1::PluginDescriptor& descriptor);

// That one, and those of the golden vectors, each once; at most `most`.
std::vector<Setup> SetupsOf(const v1::PluginDescriptor& descriptor,
                            const std::vector<GoldenCase>& golden, size_t most);

// Errors as of ResolveParameters and BindInputs.
absl::StatusOr<BoundSetup> Bind(const v1::PluginDescriptor& descriptor, const Setup& setup);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_SUBJECT_H_
