#include "clients/cli/yaml_message.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "clients/cli/date_text.h"
#include "clients/cli/number_text.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace policytrack::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Deeper than any document; an alias that holds itself would have no end.
constexpr int kMaxDepth = 64;

// yaml-cpp gives quoted scalars the tag "!" and plain ones "?".
bool IsQuoted(const YAML::Node& node) { return node.Tag() == "!"; }

absl::string_view Shape(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Null:
      return "empty";
    default:
      return "a scalar";
  }
}

std::string EnumChoices(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.emplace_back(type.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

const FieldDescriptor* FindField(const Descriptor& type, const std::string& key) {
  const FieldDescriptor* field = type.FindFieldByName(key);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(key);
}

class Reader {
 public:
  Reader(const std::string& file, Positions* positions, std::vector<Diagnostic>* errors)
      : file_(file), positions_(positions), errors_(errors) {}

  void ReadMap(const YAML::Node& node, const std::string& path,
               const std::vector<std::string>& skip, int depth, Message* message) {
    const Descriptor& type = *message->GetDescriptor();
    std::set<const FieldDescriptor*> seen;
    std::set<std::string> skipped;
    for (const auto& entry : node) {
      std::string key;
      if (!ReadKey(entry.first, &key)) continue;
      if (std::find(skip.begin(), skip.end(), key) != skip.end()) {
        if (!skipped.insert(key).second)
          Fail(entry.first, absl::StrCat("`", key, "` is here twice"));
        continue;
      }
      const FieldDescriptor* field = FindField(type, key);
      if (field == nullptr) {
        Fail(entry.first, absl::StrCat("`", type.name(), "` has no field `", key,
                                       "`; its fields are ", FieldNames(type)));
        continue;
      }
      const std::string field_path =
          path.empty() ? std::string(field->name()) : absl::StrCat(path, ".", field->name());
      if (!seen.insert(field).second) {
        Fail(entry.first, absl::StrCat("`", key, "` is here twice"));
        continue;
      }
      if (field->containing_oneof() != nullptr && !field->has_optional_keyword() &&
          message->GetReflection()->HasOneof(*message, field->containing_oneof())) {
        Fail(entry.first,
             absl::StrCat("`", key, "` cannot stand beside another of the choices for `",
                          field->containing_oneof()->name(), "`"));
        continue;
      }
      if (entry.second.IsNull() && !TakesNull(*field)) {
        // Nothing has no place of its own.
        Fail(entry.first,
             absl::StrCat("`", field_path, "` is empty; give a value or leave the field out"));
        continue;
      }
      (*positions_)[field_path] = PositionOf(entry.second);
      ReadField(entry.second, field_path, depth, field, message);
    }
  }

 private:
  void Fail(const YAML::Node& node, std::string message) {
    const Position position = PositionOf(node);
    errors_->push_back({file_, position.line, position.column, std::move(message)});
  }

  static std::string FieldNames(const Descriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.emplace_back(type.field(i)->name());
    return absl::StrJoin(names, ", ");
  }

  static bool TakesNull(const FieldDescriptor& field) {
    return field.message_type() != nullptr &&
           field.message_type()->full_name() == "google.protobuf.Value";
  }

  bool ReadKey(const YAML::Node& node, std::string* key) {
    if (!node.IsScalar()) {
      Fail(node, absl::StrCat("a key must be a word, not ", Shape(node)));
      return false;
    }
    *key = node.Scalar();
    return true;
  }

  bool Deep(const YAML::Node& node, int depth) {
    if (depth < kMaxDepth) return false;
    Fail(node, "nested too deeply; does an alias hold itself?");
    return true;
  }

  void ReadField(const YAML::Node& node, const std::string& path, int depth,
                 const FieldDescriptor* field, Message* message) {
    if (Deep(node, depth)) return;
    if (field->is_map()) {
      ReadProtoMap(node, path, depth, field, message);
    } else if (field->is_repeated()) {
      if (!node.IsSequence()) {
        Fail(node, absl::StrCat("`", path, "` must be a list, but it is ", Shape(node)));
        return;
      }
      for (size_t i = 0; i < node.size(); ++i) {
        const std::string item_path = absl::StrCat(path, "[", i, "]");
        (*positions_)[item_path] = PositionOf(node[i]);
        if (node[i].IsNull()) {
          Fail(node[i], absl::StrCat("`", item_path, "` is empty; give a value or remove it"));
          continue;
        }
        ReadValue(node[i], item_path, depth, field, message);
      }
    } else {
      ReadValue(node, path, depth, field, message);
    }
  }

  void ReadProtoMap(const YAML::Node& node, const std::string& path, int depth,
                    const FieldDescriptor* field, Message* message) {
    if (!node.IsMap()) {
      Fail(node, absl::StrCat("`", path, "` must be a map, but it is ", Shape(node)));
      return;
    }
    const FieldDescriptor* key_field = field->message_type()->map_key();
    const FieldDescriptor* value_field = field->message_type()->map_value();
    std::set<std::string> seen;
    for (const auto& entry : node) {
      std::string key;
      if (!ReadKey(entry.first, &key)) continue;
      const std::string item_path = absl::StrCat(path, ".", key);
      if (!seen.insert(key).second) {
        Fail(entry.first, absl::StrCat("`", key, "` is here twice"));
        continue;
      }
      if (entry.second.IsNull()) {
        Fail(entry.first, absl::StrCat("`", item_path, "` is empty; give a value or remove it"));
        continue;
      }
      (*positions_)[item_path] = PositionOf(entry.second);
      Message* item = message->GetReflection()->AddMessage(message, field);
      // All maps of the contract have text keys.
      item->GetReflection()->SetString(item, key_field, key);
      ReadValue(entry.second, item_path, depth, value_field, item);
    }
  }

  // One value into a singular field, or at the end of a repeated one.
  void ReadValue(const YAML::Node& node, const std::string& path, int depth,
                 const FieldDescriptor* field, Message* message) {
    const Reflection* reflection = message->GetReflection();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* part = field->is_repeated() ? reflection->AddMessage(message, field)
                                           : reflection->MutableMessage(message, field);
      ReadMessage(node, path, depth + 1, *field, part);
      return;
    }
    if (!node.IsScalar()) {
      Fail(node,
           absl::StrCat("`", path, "` must be ", Expected(*field), ", but it is ", Shape(node)));
      return;
    }
    const std::string& text = node.Scalar();
    const auto set = [&](auto add, auto put, const auto& value) {
      if (field->is_repeated()) {
        (reflection->*add)(message, field, value);
      } else {
        (reflection->*put)(message, field, value);
      }
    };
    bool good = false;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        good = true;
        if (field->is_repeated()) {
          reflection->AddString(message, field, text);
        } else {
          reflection->SetString(message, field, text);
        }
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        if (auto value = ParseInteger<int32_t>(text); (good = value.has_value())) {
          set(&Reflection::AddInt32, &Reflection::SetInt32, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        if (auto value = ParseInteger<int64_t>(text); (good = value.has_value())) {
          set(&Reflection::AddInt64, &Reflection::SetInt64, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (auto value = ParseDouble(text); (good = value.has_value())) {
          set(&Reflection::AddDouble, &Reflection::SetDouble, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        good = !IsQuoted(node) && (text == "true" || text == "false");
        if (good) set(&Reflection::AddBool, &Reflection::SetBool, text == "true");
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (const auto* value = field->enum_type()->FindValueByName(text);
            (good = value != nullptr)) {
          set(&Reflection::AddEnum, &Reflection::SetEnum, value);
        }
        break;
      default:
        break;
    }
    if (const absl::string_view why = OutOfRange(text);
        !good && field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE && !why.empty()) {
      Fail(node, absl::StrCat("`", path, "`: `", text, "` is ", why));
    } else if (!good) {
      Fail(node, absl::StrCat("`", path, "` must be ", Expected(*field), ", but it is `", text, "`",
                              IsQuoted(node) ? " in quotes" : ""));
    }
  }

  static std::string Expected(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_INT64:
        return "a whole number";
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return "a number, with a point and without separators";
      case FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
      case FieldDescriptor::CPPTYPE_ENUM:
        return absl::StrCat("one of ", EnumChoices(*field.enum_type()));
      default:
        return "a text";
    }
  }

  // `field` is the one that the message stands in.
  void ReadMessage(const YAML::Node& node, const std::string& path, int depth,
                   const FieldDescriptor& field, Message* message) {
    if (Deep(node, depth)) return;
    const absl::string_view type = message->GetDescriptor()->full_name();
    if (type == "google.type.Date" && node.IsScalar()) {
      auto date = ParseDate(node.Scalar());
      if (date.ok() && date->day() == 0 &&
          field.full_name() != "policytrack.v1.Reference.publish_date") {
        Fail(node, absl::StrCat("`", path, "` is `", node.Scalar(),
                                "`; write a whole day such as 2025-01-31"));
      } else if (date.ok()) {
        message->CopyFrom(*date);
      } else {
        Fail(node, absl::StrCat("`", path, "`: ", date.status().message()));
      }
      return;
    }
    if (type == "google.protobuf.Timestamp") {
      google::protobuf::Timestamp time;
      if (node.IsScalar() && google::protobuf::util::TimeUtil::FromString(node.Scalar(), &time)) {
        message->CopyFrom(time);
      } else {
        Fail(node, absl::StrCat("`", path, "` must be a time such as 2024-11-12T08:00:00Z"));
      }
      return;
    }
    if (type == "google.protobuf.Value") {
      google::protobuf::Value value;
      ReadJsonValue(node, depth, &value);
      message->CopyFrom(value);
      return;
    }
    if (!node.IsMap()) {
      Fail(node, absl::StrCat("`", path, "` must be a map, but it is ", Shape(node)));
      return;
    }
    if (type == "google.protobuf.Struct") {
      google::protobuf::Struct value;
      ReadJsonObject(node, depth, &value);
      message->CopyFrom(value);
      return;
    }
    ReadMap(node, path, {}, depth, message);
  }

  void ReadJsonObject(const YAML::Node& node, int depth, google::protobuf::Struct* object) {
    for (const auto& entry : node) {
      std::string key;
      if (!ReadKey(entry.first, &key)) continue;
      if (object->fields().contains(key)) {
        Fail(entry.first, absl::StrCat("`", key, "` is here twice"));
        continue;
      }
      ReadJsonValue(entry.second, depth + 1, &(*object->mutable_fields())[key]);
    }
  }

  void ReadJsonValue(const YAML::Node& node, int depth, google::protobuf::Value* value) {
    if (Deep(node, depth)) return;
    if (node.IsMap()) {
      ReadJsonObject(node, depth, value->mutable_struct_value());
    } else if (node.IsSequence()) {
      auto* list = value->mutable_list_value();
      for (const auto& item : node) ReadJsonValue(item, depth + 1, list->add_values());
    } else if (node.IsNull()) {
      value->set_null_value(google::protobuf::NULL_VALUE);
    } else if (IsQuoted(node)) {
      value->set_string_value(node.Scalar());
    } else if (node.Scalar() == "true" || node.Scalar() == "false") {
      value->set_bool_value(node.Scalar() == "true");
    } else if (auto number = ParseDouble(node.Scalar()); number.has_value()) {
      value->set_number_value(*number);
    } else if (const absl::string_view why = OutOfRange(node.Scalar()); !why.empty()) {
      // As a text it would be another value than the one that was written.
      Fail(node, absl::StrCat("`", node.Scalar(), "` is ", why));
    } else {
      value->set_string_value(node.Scalar());
    }
  }

  const std::string& file_;
  Positions* positions_;
  std::vector<Diagnostic>* errors_;
};

}  // namespace

Position PositionOf(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

void MessageFromYaml(const YAML::Node& map, const std::string& file,
                     const std::vector<std::string>& skip, Message* message, Positions* positions,
                     std::vector<Diagnostic>* errors) {
  (*positions)[""] = PositionOf(map);
  Reader(file, positions, errors).ReadMap(map, "", skip, 0, message);
}

}  // namespace policytrack::cli
