#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "core/filter_eval.h"
#include "core/filter_value.h"

namespace policytrack {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Deeper than any message that a parser lets in, and a bound for the stack.
constexpr int kMaxMessageDepth = 256;

bool Contains(const std::string& text, absl::string_view word) {
  return text.size() >= word.size() && ContainsText(absl::AsciiStrToLower(text), word);
}

bool SearchMessage(absl::string_view word, const Message& message, int depth);

// One field, or the value of one map entry.
bool SearchField(absl::string_view word, const Message& message, const FieldDescriptor* field,
                 int depth) {
  const Reflection* const reflection = message.GetReflection();
  const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
  if (field->type() == FieldDescriptor::TYPE_STRING) {
    std::string scratch;
    for (int i = 0; i < size; ++i) {
      if (Contains(field->is_repeated()
                       ? reflection->GetRepeatedStringReference(message, field, i, &scratch)
                       : reflection->GetStringReference(message, field, &scratch),
                   word)) {
        return true;
      }
    }
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    for (int i = 0; i < size; ++i) {
      const Message& value = field->is_repeated()
                                 ? reflection->GetRepeatedMessage(message, field, i)
                                 : reflection->GetMessage(message, field);
      if (field->is_map() ? SearchField(word, value, field->message_type()->map_value(), depth + 1)
                          : SearchMessage(word, value, depth + 1)) {
        return true;
      }
    }
  }
  return false;
}

bool SearchMessage(absl::string_view word, const Message& message, int depth) {
  if (depth > kMaxMessageDepth) return false;
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (SearchField(word, message, field, depth)) return true;
  }
  return false;
}

}  // namespace

bool MatchesSearch(absl::string_view word, const Message& message) {
  return SearchMessage(word, message, 0);
}

}  // namespace policytrack
