// Golden vectors: worked examples of a plugin, in `<id>.golden.json` beside its
// descriptor. Whoever changes a plugin is held to them, and whoever loads it can
// try it on them first. docs/writing-plugins.md has the format.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_GOLDEN_VECTORS_H_
#define POLICYTRACK_PLUGINS_CHECKS_GOLDEN_VECTORS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "plugins/checks/feed.h"
#include "plugins/engine.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// The largest file of vectors, in bytes.
inline constexpr size_t kMaxGoldenBytes = 4 * 1024 * 1024;
// What follows the id in the name of the file.
inline constexpr char kGoldenExtension[] = ".golden.json";

struct GoldenCase {
  std::string name;
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  google::protobuf::Struct parameters;
  std::optional<AssessmentContext> assessment;
  std::vector<Feed> feeds;
  // By name; an output that is not named is not compared.
  std::map<std::string, Columns> outputs;
  double tolerance = 0;  // relative, or absolute below 1
};

// Reads the file of a plugin.
// Returns INVALID_ARGUMENT / FIELD_INVALID, naming case and field, for what is
// not of the format or not of this plugin, and for a file without cases.
absl::StatusOr<std::vector<GoldenCase>> ParseGoldenVectors(absl::string_view json,
                                                           const v1::PluginDescriptor& descriptor);

// Ok when the outputs, in the order of the descriptor, are those of the case: the
// same periods and flags, and values within the tolerance.
// Returns INTERNAL / RESULT_REFUSED, naming case, output and period.
absl::Status CompareWithGolden(const v1::PluginDescriptor& descriptor, const GoldenCase& golden,
                               const std::vector<Columns>& outputs);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_GOLDEN_VECTORS_H_
