#include "core/message_checks.h"

#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "core/error.h"
#include "core/field_traits.h"
#include "core/utf8.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"

namespace policytrack {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Lists and objects inside each other in a google.protobuf.Struct.
constexpr int kMaxValueDepth = 32;

// What a text may take, in bytes of UTF-8.
constexpr size_t kMaxTextBytes = 64 << 10;
constexpr size_t kMaxHeadingBytes = 1000;

size_t MaxBytes(const FieldDescriptor* field) {
  const std::string& name = field->name();
  if (name == "display_name" || name == "title") return kMaxHeadingBytes;
  // Their parsers have limits, and reasons, of their own.
  for (const char* parsed : {"name", "parent", "filter", "order_by", "page_token"}) {
    if (name == parsed) return SIZE_MAX;
  }
  return kMaxTextBytes;
}

absl::Status CheckText(const std::string& text, size_t max_bytes, const std::string& path) {
  if (text.size() > max_bytes) {
    return FieldInvalid(path, absl::StrCat("takes ", text.size(), " bytes in UTF-8; at most ",
                                           max_bytes, " are allowed"));
  }
  if (text.find('\0') != std::string::npos) return FieldInvalid(path, "must not hold NUL");
  if (!IsUtf8(text)) return FieldInvalid(path, "must be UTF-8");
  return absl::OkStatus();
}

absl::Status CheckNumber(double number, const std::string& path) {
  if (std::isfinite(number)) return absl::OkStatus();
  return FieldInvalid(path, "must be a finite number, not NaN or infinite");
}

absl::Status CheckEnum(const FieldDescriptor* field, int number, const std::string& path) {
  if (field->enum_type()->FindValueByNumber(number) != nullptr) return absl::OkStatus();
  return FieldInvalid(path,
                      absl::StrCat(number, " is not a value of ", field->enum_type()->name()));
}

absl::Status CheckDate(const google::type::Date& date, bool partial_allowed,
                       const std::string& path) {
  const auto refuse = [&path](absl::string_view why) { return FieldInvalid(path, why); };
  if (date.year() < 1 || date.year() > 9999) {
    return refuse(absl::StrCat("year ", date.year(), " is not from 1 to 9999"));
  }
  if (partial_allowed && date.day() == 0) {
    if (date.month() >= 0 && date.month() <= 12) return absl::OkStatus();
    return refuse(absl::StrCat("month ", date.month(), " is not from 1 to 12"));
  }
  if (date.month() < 1 || date.month() > 12) {
    return refuse(absl::StrCat("month ", date.month(), " is not from 1 to 12",
                               date.month() == 0 ? "; a whole date is wanted here" : ""));
  }
  if (date.day() == 0) return refuse("day 0 is not a day; a whole date is wanted here");
  const absl::CivilMonth month(date.year(), date.month());
  const absl::civil_diff_t days = absl::CivilDay(month + 1) - absl::CivilDay(month);
  if (date.day() < 1 || date.day() > days) {
    return refuse(absl::StrCat("day ", date.day(), " is not from 1 to ", days, ", the days of ",
                               date.year(), "-", absl::Dec(date.month(), absl::kZeroPad2)));
  }
  return absl::OkStatus();
}

absl::Status CheckTimestamp(const google::protobuf::Timestamp& time, const std::string& path) {
  constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
  constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond || time.nanos() < 0 ||
      time.nanos() > 999999999) {
    return FieldInvalid(path, "is not a time in the years 1 to 9999");
  }
  return absl::OkStatus();
}

// The key of a map as a part of a path.
std::string KeyPart(const std::string& key) {
  if (key.empty()) return "\"\"";
  return IsUtf8(key) ? absl::Utf8SafeCEscape(key) : absl::CEscape(key);
}

absl::Status CheckStruct(const google::protobuf::Struct& object, int depth,
                         const std::string& path);

absl::Status CheckValue(const google::protobuf::Value& value, int depth, const std::string& path) {
  if (depth > kMaxValueDepth) {
    return FieldInvalid(path, absl::StrCat("is nested deeper than ", kMaxValueDepth));
  }
  switch (value.kind_case()) {
    case google::protobuf::Value::kNumberValue:
      return CheckNumber(value.number_value(), path);
    case google::protobuf::Value::kStringValue:
      return CheckText(value.string_value(), kMaxTextBytes, path);
    case google::protobuf::Value::kStructValue:
      return CheckStruct(value.struct_value(), depth + 1, path);
    case google::protobuf::Value::kListValue:
      for (int i = 0; i < value.list_value().values_size(); ++i) {
        PT_RETURN_IF_ERROR(
            CheckValue(value.list_value().values(i), depth + 1, absl::StrCat(path, "[", i, "]")));
      }
      return absl::OkStatus();
    case google::protobuf::Value::KIND_NOT_SET:
      return FieldInvalid(path, "has no value; write null for none");
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckStruct(const google::protobuf::Struct& object, int depth,
                         const std::string& path) {
  for (const auto& [key, entry] :
       SortedEntries(object, object.GetDescriptor()->FindFieldByName("fields"))) {
    const std::string entry_path = JoinPath(path, KeyPart(key));
    PT_RETURN_IF_ERROR(CheckText(key, kMaxHeadingBytes, entry_path));
    PT_RETURN_IF_ERROR(CheckValue(object.fields().at(key), depth, entry_path));
  }
  return absl::OkStatus();
}

// Only the day of a publication may be unknown; all other dates are compared.
bool PartialDateAllowed(const FieldDescriptor* field) {
  return field->full_name() == "policytrack.v1.Reference.publish_date";
}

absl::Status CheckSubmessage(const FieldDescriptor* field, const Message& message,
                             const std::string& path) {
  const Descriptor* type = message.GetDescriptor();
  if (type == google::type::Date::descriptor()) {
    return CheckDate(static_cast<const google::type::Date&>(message), PartialDateAllowed(field),
                     path);
  }
  if (type == google::protobuf::Timestamp::descriptor()) {
    return CheckTimestamp(static_cast<const google::protobuf::Timestamp&>(message), path);
  }
  if (type == google::protobuf::Struct::descriptor()) {
    return CheckStruct(static_cast<const google::protobuf::Struct&>(message), 1, path);
  }
  if (type == google::protobuf::Value::descriptor()) {
    return CheckValue(static_cast<const google::protobuf::Value&>(message), 1, path);
  }
  return CheckMessage(message, path);
}

// A set, not repeated field.
absl::Status CheckSingular(const Message& message, const FieldDescriptor* field,
                           const std::string& path) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) return absl::OkStatus();
      return CheckText(reflection->GetString(message, field), MaxBytes(field), path);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return CheckNumber(reflection->GetDouble(message, field), path);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return CheckNumber(static_cast<double>(reflection->GetFloat(message, field)), path);
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(field, reflection->GetEnumValue(message, field), path);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CheckSubmessage(field, reflection->GetMessage(message, field), path);
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckElement(const Message& message, const FieldDescriptor* field, int i,
                          const std::string& path) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) return absl::OkStatus();
      return CheckText(reflection->GetRepeatedString(message, field, i), MaxBytes(field), path);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return CheckNumber(reflection->GetRepeatedDouble(message, field, i), path);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return CheckNumber(static_cast<double>(reflection->GetRepeatedFloat(message, field, i)),
                         path);
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(field, reflection->GetRepeatedEnumValue(message, field, i), path);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CheckSubmessage(field, reflection->GetRepeatedMessage(message, field, i), path);
    default:
      return absl::OkStatus();
  }
}

bool NeedsNoCheck(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_BOOL:
      return true;
    default:
      return false;
  }
}

absl::Status CheckMap(const Message& message, const FieldDescriptor* field,
                      const std::string& path) {
  for (const auto& [key, entry] : SortedEntries(message, field)) {
    const std::string entry_path = JoinPath(path, KeyPart(key));
    PT_RETURN_IF_ERROR(CheckText(key, kMaxHeadingBytes, entry_path));
    PT_RETURN_IF_ERROR(CheckSingular(*entry, entry->GetDescriptor()->map_value(), entry_path));
  }
  return absl::OkStatus();
}

absl::Status CheckRequired(const Message& message, const FieldDescriptor* field,
                           const std::string& path) {
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) {
    if (reflection->FieldSize(message, field) > 0) return absl::OkStatus();
    return FieldRequired(path, "must have at least one entry");
  }
  if (field->has_presence() && !reflection->HasField(message, field)) return FieldRequired(path);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (reflection->GetString(message, field).empty()) {
        return FieldRequired(path, "must not be empty");
      }
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM:
      if (reflection->GetEnumValue(message, field) == 0) {
        return FieldRequired(path, absl::StrCat("must be one of ", field->enum_type()->name(),
                                                " other than unspecified"));
      }
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_BOOL:
      // Without presence, 0 and false cannot be told from unset, and may be meant.
      return absl::OkStatus();
    default:
      // A whole number that is required is a version or a count: never 0.
      if (!field->has_presence() && !reflection->HasField(message, field)) {
        return FieldRequired(path, "must be set and not 0");
      }
      return absl::OkStatus();
  }
}

}  // namespace

absl::Status CheckMessage(const Message& message, const std::string& path) {
  const Descriptor* type = message.GetDescriptor();
  const Reflection* reflection = message.GetReflection();
  for (int f = 0; f < type->field_count(); ++f) {
    const FieldDescriptor* field = type->field(f);
    // What the caller says there is ignored, so it cannot be wrong.
    if (HasBehavior(field, google::api::OUTPUT_ONLY)) continue;
    const std::string field_path = JoinPath(path, field->name());
    if (HasBehavior(field, google::api::REQUIRED)) {
      PT_RETURN_IF_ERROR(CheckRequired(message, field, field_path));
    }
    if (NeedsNoCheck(field)) continue;
    if (field->is_map()) {
      PT_RETURN_IF_ERROR(CheckMap(message, field, field_path));
    } else if (field->is_repeated()) {
      const int size = reflection->FieldSize(message, field);
      for (int i = 0; i < size; ++i) {
        PT_RETURN_IF_ERROR(CheckElement(message, field, i, absl::StrCat(field_path, "[", i, "]")));
      }
    } else if (reflection->HasField(message, field)) {
      PT_RETURN_IF_ERROR(CheckSingular(message, field, field_path));
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack
