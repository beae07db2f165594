#include "core/field_behavior.h"

#include "core/field_traits.h"
#include "core/message_checks.h"

namespace policytrack {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void ClearOutputOnly(Message* message) {
  const google::protobuf::Descriptor* type = message->GetDescriptor();
  if (IsForeign(type)) return;
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> populated;
  reflection->ListFields(*message, &populated);
  for (const FieldDescriptor* field : populated) {
    if (HasBehavior(field, google::api::OUTPUT_ONLY)) {
      reflection->ClearField(message, field);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      ClearOutputOnly(reflection->MutableMessage(message, field));
    } else if (!field->is_map() || MapValueIsMessage(field)) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ClearOutputOnly(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

absl::Status CheckFields(const Message& message, absl::string_view prefix) {
  return CheckMessage(message, std::string(prefix));
}

}  // namespace policytrack
