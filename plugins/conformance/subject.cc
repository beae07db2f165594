#include "plugins/conformance/subject.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack::plugins {
namespace {

std::optional<std::string> FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in.good()) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

google::protobuf::Value FirstValue(const v1::PluginParameter& parameter) {
  google::protobuf::Value value;
  const v1::ValueRange& range = parameter.range();
  switch (parameter.type()) {
    case v1::PARAMETER_TYPE_STRING:
      value.set_string_value(parameter.choices_size() > 0 ? parameter.choices(0) : "");
      break;
    case v1::PARAMETER_TYPE_BOOLEAN:
      value.set_bool_value(false);
      break;
    default:
      value.set_number_value(range.has_minimum()   ? range.minimum()
                             : range.has_maximum() ? range.maximum()
                                                   : 1);
      break;
  }
  return value;
}

// What two setups differ in, but for their figures.
std::string Identity(const Setup& setup) {
  std::string identity = absl::StrCat(setup.frequency, "\n");
  for (const Feed& feed : setup.feeds) {
    absl::StrAppend(&identity, feed.slot, " ", feed.unit, " ", feed.accumulation, "\n");
  }
  absl::StrAppend(&identity, DeterministicBytes(setup.parameters));
  if (setup.assessment.has_value()) {
    absl::StrAppend(&identity, "\n", setup.assessment->relation, " ",
                    setup.assessment->has_target_period, setup.assessment->has_baseline_period);
  }
  return identity;
}

}  // namespace

absl::StatusOr<PluginBytes> ReadPlugin(const std::string& path) {
  constexpr absl::string_view kExtension = ".so";
  PluginBytes plugin;
  plugin.path = std::filesystem::absolute(path).string();  // not looked for elsewhere
  const size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  if (path.size() < name + kExtension.size() + 1 ||
      path.substr(path.size() - kExtension.size()) != kExtension) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is not the shared object of a plugin: its name must end in .so"));
  }
  const std::string base = path.substr(0, path.size() - kExtension.size());
  plugin.id = base.substr(name);
  std::optional<std::string> bytes = FileBytes(path);
  if (!bytes.has_value()) return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  plugin.shared_object = *std::move(bytes);
  plugin.descriptor_path = base + ".json";
  plugin.descriptor = FileBytes(plugin.descriptor_path);
  plugin.golden_path = base + kGoldenExtension;
  plugin.golden = FileBytes(plugin.golden_path);
  return plugin;
}

Setup SuggestedSetup(const v1::PluginDescriptor& descriptor) {
  Setup setup;
  setup.name = "defaults";
  for (const v1::PluginParameter& parameter : descriptor.parameters()) {
    if (!parameter.required()) continue;
    (*setup.parameters.mutable_fields())[parameter.name()] = FirstValue(parameter);
  }
  for (const v1::PluginInput& input : descriptor.inputs()) {
    // Where no slot has to be fed, the first one is.
    if (input.optional() && !setup.feeds.empty()) continue;
    if (input.optional() && &input != &descriptor.inputs(0)) continue;
    Feed feed;
    feed.slot = input.slot();
    feed.aligned = !input.unaligned();
    if (input.accumulations_size() > 0) feed.accumulation = input.accumulations(0);
    if (input.spread()) feed.parts = {{"a", {}}, {"b", {}}, {"c", {}}};
    setup.feeds.push_back(std::move(feed));
  }
  if (descriptor.kind() == v1::PLUGIN_KIND_ASSESSMENT) {
    setup.assessment = AssessmentContext{};
    setup.assessment->relation = v1::TARGET_RELATION_AT_LEAST;
  }
  return setup;
}

std::vector<Setup> SetupsOf(const v1::PluginDescriptor& descriptor,
                            const std::vector<GoldenCase>& golden, size_t most) {
  std::vector<Setup> setups;
  std::set<std::string> seen;
  for (const GoldenCase& one : golden) {
    Setup setup{one.name, one.frequency, one.parameters, one.assessment, one.feeds};
    if (setups.size() + 1 < most && seen.insert(Identity(setup)).second) {
      setups.push_back(std::move(setup));
    }
  }
  setups.push_back(SuggestedSetup(descriptor));
  return setups;
}

absl::StatusOr<BoundSetup> Bind(const v1::PluginDescriptor& descriptor, const Setup& setup) {
  BoundSetup bound;
  PT_ASSIGN_OR_RETURN(bound.parameters, ResolveParameters(descriptor, setup.parameters));
  if (setup.assessment.has_value()) {
    for (Parameter& parameter : AssessmentParameters(*setup.assessment)) {
      bound.parameters.push_back(std::move(parameter));
    }
  }
  PT_ASSIGN_OR_RETURN(bound.inputs, BindInputs(descriptor, MetasOf(setup.frequency, setup.feeds)));
  return bound;
}

}  // namespace policytrack::plugins
