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

std::string EtagOf(int64_t revision) { return absl::StrCat("\"r", revision, "\""); }

}  // namespace policytrack::app
