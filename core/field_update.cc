// ApplyUpdate; the other functions of field_behavior.h are in field_behavior.cc.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "core/field_traits.h"
#include "core/utf8.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/message_differencer.h"

namespace policytrack {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

constexpr int kMaxPaths = 1000;

absl::Status PathInvalid(absl::string_view path, absl::string_view why) {
  return FieldInvalid("update_mask", absl::StrCat("path ", Quoted(path, 200), " ", why));
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                              : reflection->HasField(message, field);
}

// Makes the field of `to` what it is in `from`, unset if it is unset there, and
// takes it out of `from`.
void MoveField(Message* from, const FieldDescriptor* field, Message* to) {
  const Reflection* reflection = to->GetReflection();
  if (IsSet(*from, field)) {
    reflection->SwapFields(from, to, {field});
  } else {
    reflection->ClearField(to, field);
  }
}

void CopyField(const Message& from, const FieldDescriptor* field, Message* to) {
  std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  MoveField(copy.get(), field, to);
}

// The position of a key in a map, or -1.
int FindEntry(const Message& message, const FieldDescriptor* map, const std::string& key) {
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, map); ++i) {
    if (MapKeyText(reflection->GetRepeatedMessage(message, map, i)) == key) return i;
  }
  return -1;
}

void RemoveEntry(const FieldDescriptor* map, int at, Message* message) {
  const Reflection* reflection = message->GetReflection();
  const int last = reflection->FieldSize(*message, map) - 1;
  if (at != last) reflection->SwapElements(message, map, at, last);
  reflection->RemoveLast(message, map);
}

// Parts of a path: split at dots, except in `backticks` as AIP-161 writes keys
// that hold dots.
bool SplitPath(absl::string_view path, std::vector<std::string>* parts) {
  while (true) {
    if (!path.empty() && path.front() == '`') {
      const size_t end = path.find('`', 1);
      if (end == absl::string_view::npos) return false;
      parts->emplace_back(path.substr(1, end - 1));
      path.remove_prefix(end + 1);
    } else {
      const size_t end = std::min(path.find('.'), path.size());
      parts->emplace_back(path.substr(0, end));
      path.remove_prefix(end);
    }
    if (parts->back().empty()) return false;
    if (path.empty()) return true;
    if (path.front() != '.') return false;
    path.remove_prefix(1);
  }
}

// One path of a mask on its way down.
class PathWalk {
 public:
  PathWalk(absl::string_view path, const std::vector<std::string>& parts)
      : path_(path), parts_(parts) {}

  // Copies what the parts from `at` on name.
  absl::Status Apply(size_t at, const Message& update, Message* result) const {
    const FieldDescriptor* field = update.GetDescriptor()->FindFieldByName(parts_[at]);
    if (field == nullptr) return NoSuchField(update.GetDescriptor(), at);
    if (HasBehavior(field, google::api::OUTPUT_ONLY) ||
        HasBehavior(field, google::api::IDENTIFIER) || (at == 0 && field->name() == "etag")) {
      return absl::OkStatus();
    }
    const bool last = at + 1 == parts_.size();
    if (last) {
      CopyField(update, field, result);
      return absl::OkStatus();
    }
    if (field->is_map()) return ApplyEntry(at + 1, update, field, result);
    if (field->is_repeated()) {
      return PathInvalid(path_, absl::StrCat("goes into the list ", field->name(),
                                             ", which can only be replaced as a whole"));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return PathInvalid(path_, absl::StrCat("goes into ", field->name(), ", which has no fields"));
    }
    return ApplyInside(at, update, field, result);
  }

 private:
  absl::Status NoSuchField(const Descriptor* type, size_t at) const {
    return PathInvalid(path_, absl::StrCat("does not exist: ", type->name(), " has no field ",
                                           Quoted(parts_[at])));
  }

  absl::Status ApplyInside(size_t at, const Message& update, const FieldDescriptor* field,
                           Message* result) const {
    const Reflection* reflection = result->GetReflection();
    const Message& from = reflection->GetMessage(update, field);
    const bool was_set = reflection->HasField(*result, field);
    Message* to = reflection->MutableMessage(result, field);
    absl::Status status;
    if (field->message_type() == google::protobuf::Struct::descriptor()) {
      status = ApplyEntry(at + 1, from, field->message_type()->FindFieldByName("fields"), to);
    } else {
      status = Apply(at + 1, from, to);
    }
    // A path to nothing must not leave an empty message where there was none.
    if (!was_set && !reflection->HasField(update, field)) reflection->ClearField(result, field);
    return status;
  }

  // parts_[at] is a key of the map.
  absl::Status ApplyEntry(size_t at, const Message& update, const FieldDescriptor* map,
                          Message* result) const {
    const Reflection* reflection = result->GetReflection();
    const FieldDescriptor* value = map->message_type()->map_value();
    if (map->message_type()->map_key()->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      return PathInvalid(path_, "goes into a map whose keys are not texts");
    }
    const std::string& key = parts_[at];
    const int from = FindEntry(update, map, key);
    const int to = FindEntry(*result, map, key);
    const bool last = at + 1 == parts_.size();
    if (!last && (value->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
                  IsForeign(value->message_type()))) {
      return PathInvalid(
          path_, absl::StrCat("goes into the value of ", Quoted(key), ", which has no fields"));
    }
    if (last && from < 0) {
      if (to >= 0) RemoveEntry(map, to, result);
      return absl::OkStatus();
    }
    std::unique_ptr<Message> entry;
    if (last) {
      const Message& present = reflection->GetRepeatedMessage(update, map, from);
      entry.reset(present.New());
      entry->CopyFrom(present);
    } else {
      PT_RETURN_IF_ERROR(MergeEntry(at, update, map, from, *result, to, &entry));
      if (entry == nullptr) return absl::OkStatus();
    }
    Message* target = to >= 0 ? reflection->MutableRepeatedMessage(result, map, to)
                              : reflection->AddMessage(result, map);
    target->CopyFrom(*entry);
    return absl::OkStatus();
  }

  // The entry with the rest of the path applied to its value; null when there
  // is nothing on either side.
  absl::Status MergeEntry(size_t at, const Message& update, const FieldDescriptor* map, int from,
                          const Message& result, int to, std::unique_ptr<Message>* merged) const {
    const Reflection* reflection = result.GetReflection();
    const FieldDescriptor* value = map->message_type()->map_value();
    const Message* from_entry =
        from < 0 ? nullptr : &reflection->GetRepeatedMessage(update, map, from);
    const Message* to_entry = to < 0 ? nullptr : &reflection->GetRepeatedMessage(result, map, to);
    const Message* prototype = from_entry != nullptr ? from_entry : to_entry;
    if (prototype == nullptr) {
      // Still the path must exist.
      std::unique_ptr<Message> scratch(google::protobuf::MessageFactory::generated_factory()
                                           ->GetPrototype(value->message_type())
                                           ->New());
      std::unique_ptr<Message> empty(scratch->New());
      return Apply(at + 1, *empty, scratch.get());
    }
    merged->reset(prototype->New());
    Message* entry = merged->get();
    if (to_entry != nullptr) {
      entry->CopyFrom(*to_entry);
    } else {
      entry->GetReflection()->SetString(entry, entry->GetDescriptor()->map_key(), parts_[at]);
    }
    Message* to_value = entry->GetReflection()->MutableMessage(entry, value);
    std::unique_ptr<Message> from_value(to_value->New());
    if (from_entry != nullptr) {
      from_value->CopyFrom(from_entry->GetReflection()->GetMessage(*from_entry, value));
    }
    return Apply(at + 1, *from_value, to_value);
  }

  absl::string_view path_;
  const std::vector<std::string>& parts_;
};

bool IsKept(const FieldDescriptor* field) {
  return HasBehavior(field, google::api::OUTPUT_ONLY) ||
         HasBehavior(field, google::api::IDENTIFIER) || field->name() == "etag";
}

absl::Status CheckImmutable(const Message& before, const Message& after, const std::string& path) {
  const Descriptor* type = before.GetDescriptor();
  if (IsForeign(type)) return absl::OkStatus();
  const Reflection* reflection = before.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const std::string field_path = JoinPath(path, field->name());
    if (HasBehavior(field, google::api::IMMUTABLE)) {
      MessageDifferencer differencer;
      if (!differencer.CompareWithFields(before, after, {field}, {field})) {
        return FieldInvalid(field_path, "cannot change once it is set; leave it as it is");
      }
    } else if (!field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
               reflection->HasField(before, field) && reflection->HasField(after, field)) {
      PT_RETURN_IF_ERROR(CheckImmutable(reflection->GetMessage(before, field),
                                        reflection->GetMessage(after, field), field_path));
    }
  }
  return absl::OkStatus();
}

// Gives `result` the fields that the mask names, top-level ones where it is unset
// or `*`. What `update` holds afterwards is of no use.
absl::Status Merge(const google::protobuf::FieldMask& mask, Message* update, Message* result) {
  const Descriptor* type = update->GetDescriptor();
  const bool unset = mask.paths().empty();
  if (mask.paths_size() > kMaxPaths) {
    return FieldInvalid("update_mask", absl::StrCat("has more than ", kMaxPaths, " paths"));
  }
  if (unset || (mask.paths_size() == 1 && mask.paths(0) == "*")) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (!IsKept(field) && (!unset || IsSet(*update, field))) MoveField(update, field, result);
    }
    return absl::OkStatus();
  }
  absl::flat_hash_set<std::string> seen;
  for (const std::string& path : mask.paths()) {
    if (!seen.insert(path).second) continue;
    std::vector<std::string> parts;
    if (path == "*") return PathInvalid(path, "replaces all and must stand alone");
    if (!SplitPath(path, &parts)) return PathInvalid(path, "is not a path of field names");
    PT_RETURN_IF_ERROR(PathWalk(path, parts).Apply(0, *update, result));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyUpdate(const Message& update, const google::protobuf::FieldMask& mask,
                         Message* present) {
  if (update.GetDescriptor() != present->GetDescriptor()) {
    return absl::InternalError(absl::StrCat("update of type ", update.GetDescriptor()->full_name(),
                                            " to a ", present->GetDescriptor()->full_name()));
  }
  std::unique_ptr<Message> given(update.New());
  given->CopyFrom(update);
  ClearOutputOnly(given.get());
  std::unique_ptr<Message> result(present->New());
  result->CopyFrom(*present);
  PT_RETURN_IF_ERROR(Merge(mask, given.get(), result.get()));
  PT_RETURN_IF_ERROR(CheckImmutable(*present, *result, ""));
  present->GetReflection()->Swap(present, result.get());
  return absl::OkStatus();
}

}  // namespace policytrack
