// Descriptors of plugins: read strictly, and checked against the rules that
// plugin.proto and docs/writing-plugins.md state, before any code of a plugin runs.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CHECKS_DESCRIPTOR_H_
#define POLICYTRACK_PLUGINS_CHECKS_DESCRIPTOR_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// The largest descriptor file, in bytes.
inline constexpr size_t kMaxDescriptorBytes = 256 * 1024;

// The unit of the output of what runs scripts: each script says which.
inline constexpr char kUnitOfScript[] = "@script";

// A descriptor in proto JSON.
// Returns INVALID_ARGUMENT / FIELD_INVALID when the text is too long, is not
// JSON, or has a field that a descriptor does not have.
absl::StatusOr<v1::PluginDescriptor> ParseDescriptor(absl::string_view json);

// Whether names of slots, parameters and outputs have their form:
// `^[a-z]([a-z0-9_-]{0,61}[a-z0-9])?$`.
bool IsPluginWord(absl::string_view word);

// Ok when the descriptor can be that of plugin `id`.
// Returns INVALID_ARGUMENT / FIELD_REQUIRED, FIELD_INVALID or NAME_INVALID with
// the path of the field for a missing field, an id that is not `id`, a version
// that is not semantic, names that are malformed or come twice, a reference to
// a slot that is not there, an unknown unit, slots of what runs scripts, an empty range, a default
// that its parameter would refuse, and a spread slot without ABI 1.1; for an assessment also with a
// spread slot, or without the slots and the output that the evaluation needs.
absl::Status CheckDescriptor(const v1::PluginDescriptor& descriptor, absl::string_view id);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CHECKS_DESCRIPTOR_H_
