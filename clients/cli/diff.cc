#include "clients/cli/diff.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "clients/cli/context.h"
#include "clients/cli/date_text.h"
#include "clients/cli/number_text.h"
#include "clients/cli/safe_text.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "google/protobuf/util/message_differencer.h"
#include "nlohmann/json.hpp"

namespace policytrack::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

constexpr size_t kMaxShownBytes = 160;

std::string Quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string MessageText(const Message& message) {
  if (message.GetDescriptor()->full_name() == "google.type.Date") {
    return FormatDate(static_cast<const google::type::Date&>(message));
  }
  return ToJson(message);
}

// The value of a singular field, or of item `index` of a list.
std::string ValueText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  const bool many = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(many ? r->GetRepeatedMessage(message, field, index)
                              : r->GetMessage(message, field));
    case FieldDescriptor::CPPTYPE_STRING:
      return Quote(many ? r->GetRepeatedString(message, field, index)
                        : r->GetString(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::string(
          (many ? r->GetRepeatedEnum(message, field, index) : r->GetEnum(message, field))->name());
    case FieldDescriptor::CPPTYPE_BOOL:
      return r->GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FormatDouble(many ? r->GetRepeatedDouble(message, field, index)
                               : r->GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(many ? r->GetRepeatedInt32(message, field, index)
                               : r->GetInt32(message, field));
    default:
      return absl::StrCat(many ? r->GetRepeatedInt64(message, field, index)
                               : r->GetInt64(message, field));
  }
}

// Item positions by key. Empty when the items have no unique text ids.
std::map<std::string, int> ItemKeys(const Message& message, const FieldDescriptor* field) {
  std::map<std::string, int> keys;
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return keys;
  const FieldDescriptor* id = field->is_map() ? field->message_type()->map_key()
                                              : field->message_type()->FindFieldByName("id");
  if (id == nullptr || id->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return keys;
  const int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, i);
    if (!keys.emplace(item.GetReflection()->GetString(item, id), i).second) return {};
  }
  return keys;
}

class Differ {
 public:
  explicit Differ(std::vector<FieldChange>* changes) : changes_(changes) {}

  void Compare(const Message& from, const Message& to, const std::string& path) {
    const auto* descriptor = from.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      const std::string field_path =
          path.empty() ? std::string(field->name()) : absl::StrCat(path, ".", field->name());
      if (field->is_repeated()) {
        CompareItems(from, to, field, field_path);
      } else {
        CompareOne(from, to, field, field_path);
      }
    }
  }

 private:
  void Add(const std::string& path, std::optional<std::string> before,
           std::optional<std::string> after) {
    if (before != after) changes_->push_back({path, std::move(before), std::move(after)});
  }

  void CompareOne(const Message& from, const Message& to, const FieldDescriptor* field,
                  const std::string& path) {
    const bool had = from.GetReflection()->HasField(from, field);
    const bool has = to.GetReflection()->HasField(to, field);
    if (!had && !has) return;
    const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (message && had && has && !IsLeaf(*field)) {
      Compare(from.GetReflection()->GetMessage(from, field),
              to.GetReflection()->GetMessage(to, field), path);
      return;
    }
    Add(path, had ? std::optional(ValueText(from, field, -1)) : std::nullopt,
        has ? std::optional(ValueText(to, field, -1)) : std::nullopt);
  }

  // Messages that are one value to a reader.
  static bool IsLeaf(const FieldDescriptor& field) {
    const absl::string_view type = field.message_type()->full_name();
    return type == "google.type.Date" || type == "google.protobuf.Timestamp" ||
           type == "google.protobuf.Value";
  }

  void CompareItems(const Message& from, const Message& to, const FieldDescriptor* field,
                    const std::string& path) {
    const int from_size = from.GetReflection()->FieldSize(from, field);
    const int to_size = to.GetReflection()->FieldSize(to, field);
    const auto from_keys = ItemKeys(from, field);
    const auto to_keys = ItemKeys(to, field);
    const bool keyed = from_keys.size() == static_cast<size_t>(from_size) &&
                       to_keys.size() == static_cast<size_t>(to_size) && from_size + to_size > 0 &&
                       field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!keyed) {
      for (int i = 0; i < std::max(from_size, to_size); ++i) {
        CompareItem(from, i < from_size ? i : -1, to, i < to_size ? i : -1, field,
                    absl::StrCat(path, "[", i, "]"));
      }
      return;
    }
    std::set<std::string> keys;
    for (const auto& [key, index] : from_keys) keys.insert(key);
    for (const auto& [key, index] : to_keys) keys.insert(key);
    const size_t before = changes_->size();
    for (const std::string& key : keys) {
      const auto f = from_keys.find(key);
      const auto t = to_keys.find(key);
      CompareItem(
          from, f == from_keys.end() ? -1 : f->second, to, t == to_keys.end() ? -1 : t->second,
          field,
          field->is_map() ? absl::StrCat(path, ".", key) : absl::StrCat(path, "[", key, "]"));
    }
    // The same items in another order are a change too, but not of a map.
    if (!field->is_map() && changes_->size() == before && from_keys != to_keys) {
      Add(absl::StrCat(path, " (order)"), Order(from, field), Order(to, field));
    }
  }

  static std::string Order(const Message& message, const FieldDescriptor* field) {
    std::string text;
    const FieldDescriptor* id = field->message_type()->FindFieldByName("id");
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, i);
      absl::StrAppend(&text, i == 0 ? "" : ", ", item.GetReflection()->GetString(item, id));
    }
    return text;
  }

  // An index of -1: not there.
  void CompareItem(const Message& from, int from_index, const Message& to, int to_index,
                   const FieldDescriptor* field, const std::string& path) {
    const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (message && from_index >= 0 && to_index >= 0) {
      const Message& a = from.GetReflection()->GetRepeatedMessage(from, field, from_index);
      const Message& b = to.GetReflection()->GetRepeatedMessage(to, field, to_index);
      if (!field->is_map()) {
        Compare(a, b, path);
        return;
      }
      // A map entry: its value stands at the path of the key.
      const FieldDescriptor* value = field->message_type()->map_value();
      if (value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsLeaf(*value)) {
        Compare(a.GetReflection()->GetMessage(a, value), b.GetReflection()->GetMessage(b, value),
                path);
      } else {
        Add(path, ValueText(a, value, -1), ValueText(b, value, -1));
      }
      return;
    }
    Add(path, ItemText(from, field, from_index), ItemText(to, field, to_index));
  }

  static std::optional<std::string> ItemText(const Message& message, const FieldDescriptor* field,
                                             int index) {
    if (index < 0) return std::nullopt;
    if (!field->is_map()) return ValueText(message, field, index);
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, index);
    return ValueText(entry, field->message_type()->map_value(), -1);
  }

  std::vector<FieldChange>* changes_;
};

}  // namespace

std::unique_ptr<Message> Authored(const Message& document) {
  std::unique_ptr<Message> copy(document.New());
  copy->CopyFrom(document);
  ClearOutputOnly(copy.get());
  if (const FieldDescriptor* etag = copy->GetDescriptor()->FindFieldByName("etag")) {
    copy->GetReflection()->ClearField(copy.get(), etag);
  }
  return copy;
}

std::vector<FieldChange> Diff(const Message& from, const Message& to) {
  const std::unique_ptr<Message> a = Authored(from);
  const std::unique_ptr<Message> b = Authored(to);
  std::vector<FieldChange> changes;
  if (MessageDifferencer::Equals(*a, *b)) return changes;
  Differ(&changes).Compare(*a, *b, "");
  return changes;
}

std::string FormatChange(const FieldChange& change) {
  const auto text = [](const std::optional<std::string>& value) {
    return value.has_value() ? CutText(*value, kMaxShownBytes) : std::string("(unset)");
  };
  return OneLine(
      absl::StrCat(change.path, ": ", text(change.old_value), " -> ", text(change.new_value)));
}

}  // namespace policytrack::cli
