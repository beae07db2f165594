// What a field is, by its descriptor: the questions that checking and updating
// share. Free functions, any thread.
#ifndef POLICYTRACK_CORE_FIELD_TRAITS_H_
#define POLICYTRACK_CORE_FIELD_TRAITS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/api/field_behavior.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace policytrack {

// Whether the field is annotated with this behaviour.
bool HasBehavior(const google::protobuf::FieldDescriptor* field,
                 google::api::FieldBehavior behavior);

// Whether the type is one of Google's (google.protobuf.Struct, google.type.Date):
// their fields have no behaviours, and they are one value each.
bool IsForeign(const google::protobuf::Descriptor* type);

// Whether a map's values are messages. REQUIRES: field->is_map().
bool MapValueIsMessage(const google::protobuf::FieldDescriptor* field);

// The key of a map entry as text.
std::string MapKeyText(const google::protobuf::Message& entry);

// The entries of a map in the order of their keys as text, so that what is said
// of a map does not depend on its hashes. REQUIRES: field->is_map().
std::vector<std::pair<std::string, const google::protobuf::Message*>> SortedEntries(
    const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field);

// `path` and `part` with a dot between them, or the one that is not empty.
std::string JoinPath(absl::string_view path, absl::string_view part);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FIELD_TRAITS_H_
