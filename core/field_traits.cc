#include "core/field_traits.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace policytrack {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool HasBehavior(const FieldDescriptor* field, google::api::FieldBehavior behavior) {
  const google::protobuf::FieldOptions& options = field->options();
  const int count = options.ExtensionSize(google::api::field_behavior);
  for (int i = 0; i < count; ++i) {
    if (options.GetExtension(google::api::field_behavior, i) == behavior) return true;
  }
  return false;
}

bool IsForeign(const Descriptor* type) {
  const std::string& package = type->file()->package();
  return package == "google.protobuf" || package == "google.type";
}

bool MapValueIsMessage(const FieldDescriptor* field) {
  return field->message_type()->map_value()->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

std::string MapKeyText(const Message& entry) {
  const FieldDescriptor* key = entry.GetDescriptor()->map_key();
  const Reflection* reflection = entry.GetReflection();
  switch (key->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(entry, key);
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(entry, key));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection->GetInt64(entry, key));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(entry, key));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection->GetUInt64(entry, key));
    default:  // bool: no other type can be a key
      return reflection->GetBool(entry, key) ? "true" : "false";
  }
}

std::vector<std::pair<std::string, const Message*>> SortedEntries(const Message& message,
                                                                  const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  std::vector<std::pair<std::string, const Message*>> entries;
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    entries.emplace_back(MapKeyText(entry), &entry);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::string JoinPath(absl::string_view path, absl::string_view part) {
  return path.empty() || part.empty() ? absl::StrCat(path, part) : absl::StrCat(path, ".", part);
}

}  // namespace policytrack
