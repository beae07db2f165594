#include "services/app/document_fields.h"

#include "absl/strings/str_cat.h"

namespace policytrack::app {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* Field(const Message& document, const char* field) {
  return document.GetDescriptor()->FindFieldByName(field);
}

}  // namespace

std::string GetText(const Message& document, const char* field) {
  return document.GetReflection()->GetString(document, Field(document, field));
}

void SetText(Message* document, const char* field, const std::string& value) {
  document->GetReflection()->SetString(document, Field(*document, field), value);
}

void SetInt(Message* document, const char* field, int64_t value) {
  document->GetReflection()->SetInt64(document, Field(*document, field), value);
}

void SetTime(Message* document, const char* field, absl::Time time) {
  document->GetReflection()
      ->MutableMessage(document, Field(*document, field))
      ->CopyFrom(ToTimestamp(time));
}

bool HasField(const Message& document, const char* field) {
  const FieldDescriptor* descriptor = Field(document, field);
  return descriptor != nullptr && document.GetReflection()->HasField(document, descriptor);
}

void ClearField(Message* document, const char* field) {
  const FieldDescriptor* descriptor = Field(*document, field);
  if (descriptor != nullptr) document->GetReflection()->ClearField(document, descriptor);
}

absl::Time GetTime(const Message& document, const char* field) {
  google::protobuf::Timestamp stamp;
  stamp.CopyFrom(document.GetReflection()->GetMessage(document, Field(document, field)));
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1000000;
  int64_t rest = micros % 1000000;
  if (rest < 0) {
    --seconds;
    rest += 1000000;
  }
  stamp.set_seconds(seconds);
  stamp.set_nanos(static_cast<int32_t>(rest * 1000));
  return stamp;
}

std::string EtagOf(int64_t revision) { return absl::StrCat("\"r", revision, "\""); }

}  // namespace policytrack::app
