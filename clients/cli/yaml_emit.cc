#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/cli/date_text.h"
#include "clients/cli/number_text.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/yaml_message.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace policytrack::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Whether several lines, such as code, can stand as they are: each ends as lines do, the
// last one too, and the first says how far the block is indented.
bool StandsAsBlock(const std::string& text) {
  return text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n' &&
         text.front() != '\n' && text.front() != ' ' && text.front() != '\t' &&
         text.find('\r') == std::string::npos;
}

// Quoted where another reader of YAML would take a plain text for a number,
// true, false or nothing.
void EmitText(const std::string& text, YAML::Emitter* out) {
  static constexpr absl::string_view kWords[] = {"true", "false", "yes", "no", "on", "off",
                                                 "null", "~",     "y",   "n",  ""};
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  const bool word = std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
  // What may not go to a screen as it is stands as an escape, which needs quotes.
  const bool escaped = Lines(text) != text;
  if (word || escaped || ParseDouble(text).has_value()) {
    *out << YAML::DoubleQuoted;
  } else if (StandsAsBlock(text)) {
    *out << YAML::Literal;
  }
  *out << text;
}

void EmitJsonValue(const google::protobuf::Value& value, YAML::Emitter* out);

void EmitJsonObject(const google::protobuf::Struct& object, YAML::Emitter* out) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.fields()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  *out << YAML::BeginMap;
  for (const std::string& key : keys) {
    *out << YAML::Key;
    EmitText(key, out);
    *out << YAML::Value;
    EmitJsonValue(object.fields().at(key), out);
  }
  *out << YAML::EndMap;
}

void EmitJsonValue(const google::protobuf::Value& value, YAML::Emitter* out) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kNumberValue:
      *out << FormatDouble(value.number_value());
      break;
    case google::protobuf::Value::kStringValue:
      EmitText(value.string_value(), out);
      break;
    case google::protobuf::Value::kBoolValue:
      *out << value.bool_value();
      break;
    case google::protobuf::Value::kStructValue:
      EmitJsonObject(value.struct_value(), out);
      break;
    case google::protobuf::Value::kListValue:
      *out << YAML::BeginSeq;
      for (const auto& item : value.list_value().values()) EmitJsonValue(item, out);
      *out << YAML::EndSeq;
      break;
    default:
      *out << YAML::Null;
      break;
  }
}

void EmitFields(const Message& message, YAML::Emitter* out);

void EmitMessage(const Message& message, YAML::Emitter* out) {
  const absl::string_view type = message.GetDescriptor()->full_name();
  if (type == "google.type.Date") {
    *out << FormatDate(static_cast<const google::type::Date&>(message));
  } else if (type == "google.protobuf.Timestamp") {
    *out << google::protobuf::util::TimeUtil::ToString(
        static_cast<const google::protobuf::Timestamp&>(message));
  } else if (type == "google.protobuf.Struct") {
    EmitJsonObject(static_cast<const google::protobuf::Struct&>(message), out);
  } else if (type == "google.protobuf.Value") {
    EmitJsonValue(static_cast<const google::protobuf::Value&>(message), out);
  } else {
    *out << YAML::BeginMap;
    EmitFields(message, out);
    *out << YAML::EndMap;
  }
}

// `index` is -1 for a singular field.
void EmitValue(const Message& message, const FieldDescriptor* field, int index,
               YAML::Emitter* out) {
  const Reflection* r = message.GetReflection();
  const bool many = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      EmitMessage(
          many ? r->GetRepeatedMessage(message, field, index) : r->GetMessage(message, field), out);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      EmitText(many ? r->GetRepeatedString(message, field, index) : r->GetString(message, field),
               out);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      *out << std::string(
          (many ? r->GetRepeatedEnum(message, field, index) : r->GetEnum(message, field))->name());
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      *out << (many ? r->GetRepeatedBool(message, field, index) : r->GetBool(message, field));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      *out << FormatDouble(many ? r->GetRepeatedDouble(message, field, index)
                                : r->GetDouble(message, field));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      *out << (many ? r->GetRepeatedInt32(message, field, index) : r->GetInt32(message, field));
      break;
    default:
      *out << std::to_string(many ? r->GetRepeatedInt64(message, field, index)
                                  : r->GetInt64(message, field));
      break;
  }
}

void EmitProtoMap(const Message& message, const FieldDescriptor* field, YAML::Emitter* out) {
  const Reflection* r = message.GetReflection();
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  std::vector<const Message*> entries;
  for (int i = 0; i < r->FieldSize(message, field); ++i) {
    entries.push_back(&r->GetRepeatedMessage(message, field, i));
  }
  const auto key_of = [&](const Message* entry) {
    return entry->GetReflection()->GetString(*entry, key);
  };
  std::sort(entries.begin(), entries.end(),
            [&](const Message* a, const Message* b) { return key_of(a) < key_of(b); });
  *out << YAML::BeginMap;
  for (const Message* entry : entries) {
    *out << YAML::Key;
    EmitText(key_of(entry), out);
    *out << YAML::Value;
    EmitValue(*entry, value, -1, out);
  }
  *out << YAML::EndMap;
}

void EmitFields(const Message& message, YAML::Emitter* out) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    *out << YAML::Key << std::string(field->name()) << YAML::Value;
    if (field->is_map()) {
      EmitProtoMap(message, field, out);
    } else if (field->is_repeated()) {
      *out << YAML::BeginSeq;
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        EmitValue(message, field, i, out);
      }
      *out << YAML::EndSeq;
    } else {
      EmitValue(message, field, -1, out);
    }
  }
}

}  // namespace

std::string MessageToYaml(const Message& message, absl::string_view kind) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  if (!kind.empty()) out << YAML::Key << "kind" << YAML::Value << std::string(kind);
  EmitFields(message, &out);
  out << YAML::EndMap;
  // The library escapes C0 and C1 itself; the rest gets the escapes of YAML here.
  return Lines(absl::string_view(out.c_str(), out.size())) + "\n";
}

}  // namespace policytrack::cli
