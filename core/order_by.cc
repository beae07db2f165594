#include "core/order_by.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/error.h"
#include "core/name_suggestion.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMaxBytes = 4096;

absl::Status ErrorAt(absl::string_view text, size_t position, absl::string_view message) {
  const auto before = text.substr(0, position);
  const auto characters = 1 + std::count_if(before.begin(), before.end(), [](char c) {
                            return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
                          });
  return Error(absl::StatusCode::kInvalidArgument, reason::kOrderByInvalid,
               absl::StrCat("order_by, character ", characters, ": ", message),
               {{"field", "order_by"}, {"position", absl::StrCat(characters)}});
}

bool IsOrdered(const FieldDescriptor* field) {
  if (field->is_repeated()) return false;
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const auto name = field->message_type()->full_name();
  return name == "google.protobuf.Timestamp" || name == "google.type.Date";
}

// Big-endian bytes, so that byte order is numeric order.
void AppendUnsigned(uint64_t value, int bytes, std::string* key) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    key->push_back(static_cast<char>(value >> shift));
  }
}

// The sign bit is turned, so that negative values come first.
void AppendInt64(int64_t value, std::string* key) {
  AppendUnsigned(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63), 8, key);
}

void AppendInt32(int32_t value, std::string* key) {
  AppendUnsigned(static_cast<uint32_t>(value) ^ (uint32_t{1} << 31), 4, key);
}

// Both zeros are one value, and what is not a number comes after all numbers.
void AppendDouble(double value, std::string* key) {
  uint64_t bits = 0;
  if (std::isnan(value)) {
    bits = ~uint64_t{0};
  } else {
    if (value == 0) value = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    constexpr uint64_t kSign = uint64_t{1} << 63;
    bits = (bits & kSign) != 0 ? ~bits : bits | kSign;
  }
  AppendUnsigned(bits, 8, key);
}

// Ends with a byte pair below every continuation, so that a text comes before
// all that start with it; the zero byte is escaped above that pair.
void AppendText(absl::string_view value, std::string* key) {
  for (const char c : value) {
    key->push_back(c);
    if (c == '\0') key->push_back('\xff');
  }
  key->append("\0\0", 2);
}

void AppendMembers(const Message& message, std::string* key) {
  const Reflection* const reflection = message.GetReflection();
  const Descriptor* const type = message.GetDescriptor();
  // Timestamp: seconds, nanos. Date: year, month, day.
  for (int number = 1; number <= type->field_count(); ++number) {
    const FieldDescriptor* const field = type->FindFieldByNumber(number);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      AppendInt64(reflection->GetInt64(message, field), key);
    } else {
      AppendInt32(reflection->GetInt32(message, field), key);
    }
  }
}

void AppendField(const Message& message, const FieldDescriptor* field, std::string* key) {
  const Reflection* const reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      AppendText(reflection->GetStringReference(message, field, &scratch), key);
      break;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      key->push_back(reflection->GetBool(message, field) ? '\1' : '\0');
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      AppendInt32(reflection->GetEnumValue(message, field), key);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      AppendInt32(reflection->GetInt32(message, field), key);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      AppendInt64(reflection->GetInt64(message, field), key);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      AppendUnsigned(reflection->GetUInt32(message, field), 4, key);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      AppendUnsigned(reflection->GetUInt64(message, field), 8, key);
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AppendDouble(static_cast<double>(reflection->GetFloat(message, field)), key);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendDouble(reflection->GetDouble(message, field), key);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      AppendMembers(reflection->GetMessage(message, field), key);
      break;
  }
}

// The field at the end of the path, with a byte before it that says whether
// there is one.
void AppendPath(const Message& message, const std::vector<const FieldDescriptor*>& path,
                std::string* key) {
  const Message* current = &message;
  for (size_t i = 0; i < path.size(); ++i) {
    const FieldDescriptor* const field = path[i];
    const Reflection* const reflection = current->GetReflection();
    if (field->has_presence() && !reflection->HasField(*current, field)) {
      key->push_back('\0');
      return;
    }
    if (i + 1 == path.size()) {
      key->push_back('\1');
      AppendField(*current, field, key);
      return;
    }
    current = &reflection->GetMessage(*current, field);
  }
}

const FieldDescriptor* NameField(const Descriptor* type) {
  const FieldDescriptor* const field = type->FindFieldByName("name");
  return field != nullptr && !field->is_repeated() && field->type() == FieldDescriptor::TYPE_STRING
             ? field
             : nullptr;
}

absl::string_view Strip(absl::string_view text) {
  constexpr char kSpaces[] = " \t\r\n";
  const size_t start = text.find_first_not_of(kSpaces);
  if (start == absl::string_view::npos) return text.substr(text.size());
  return text.substr(start, text.find_last_not_of(kSpaces) - start + 1);
}

}  // namespace

absl::StatusOr<OrderBy::Term> OrderBy::ParseTerm(absl::string_view text, size_t start,
                                                 absl::string_view item, const Descriptor* type) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(item, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  const auto position = [&](absl::string_view part) {
    return start + static_cast<size_t>(part.data() - item.data());
  };
  Term term;
  if (words.size() > 2) {
    return ErrorAt(text, position(words[2]),
                   absl::StrCat("unexpected ", Quoted(words[2]), "; separate fields by commas"));
  }
  if (words.size() == 2) {
    if (words[1] != "asc" && words[1] != "desc") {
      return ErrorAt(text, position(words[1]),
                     absl::StrCat("expected asc or desc after a field, found ", Quoted(words[1])));
    }
    term.descending = words[1] == "desc";
  }
  const Descriptor* current = type;
  std::string parent(type->name());
  const std::vector<absl::string_view> names = absl::StrSplit(words[0], '.');
  for (const absl::string_view name : names) {
    const FieldDescriptor* const field = current->FindFieldByName(std::string(name));
    if (field == nullptr) {
      return ErrorAt(
          text, position(name),
          absl::StrCat(parent, " has no field ", Quoted(name), "; ", SuggestField(current, name)));
    }
    term.path.push_back(field);
    parent = std::string(name);
    if (name.data() + name.size() == words[0].data() + words[0].size()) break;
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return ErrorAt(text, position(name),
                     absl::StrCat(name, field->is_repeated() ? " is a list or a map and" : "",
                                  " has no fields to order by"));
    }
    current = field->message_type();
  }
  const FieldDescriptor* const last = term.path.back();
  if (!IsOrdered(last)) {
    return ErrorAt(
        text, position(words[0]),
        absl::StrCat(words[0], last->is_repeated() ? " is a list or a map" : " is a message",
                     ", which has no order; order by a single field that is a string, "
                     "number, boolean, enum, timestamp or date"));
  }
  return term;
}

absl::StatusOr<OrderBy> OrderBy::Parse(absl::string_view text, const Descriptor* type) {
  OrderBy order;
  if (text.size() > kMaxBytes) {
    return ErrorAt(
        text.substr(0, kMaxBytes), kMaxBytes,
        absl::StrCat("an order may have ", kMaxBytes, " bytes, this one has ", text.size()));
  }
  if (!IsUtf8(text)) return ErrorAt(text, 0, "this is not UTF-8");
  if (Strip(text).empty()) return order;
  const FieldDescriptor* const name = NameField(type);
  bool total = false;  // what comes after the name orders nothing
  for (const absl::string_view raw : absl::StrSplit(text, ',')) {
    const absl::string_view item = Strip(raw);
    const size_t start = static_cast<size_t>(item.data() - text.data());
    if (item.empty()) return ErrorAt(text, start, "expected a field, found nothing");
    PT_ASSIGN_OR_RETURN(Term term, ParseTerm(text, start, item, type));
    if (std::any_of(order.terms_.begin(), order.terms_.end(),
                    [&term](const Term& other) { return other.path == term.path; })) {
      return ErrorAt(
          text, start,
          absl::StrCat("the field ", std::string(term.path.back()->name()), " is named twice"));
    }
    order.terms_.push_back(std::move(term));
  }
  std::vector<Term> terms;
  terms.swap(order.terms_);
  for (Term& term : terms) {
    const bool is_name = term.path.size() == 1 && term.path.front() == name;
    total = total || is_name;
    if (is_name && !term.descending) break;
    order.terms_.push_back(std::move(term));
    if (total) break;
  }
  return order;
}

std::string OrderBy::SortKey(const Message& message) const {
  std::string key;
  for (const Term& term : terms_) {
    const size_t start = key.size();
    AppendPath(message, term.path, &key);
    if (!term.descending) continue;
    for (size_t i = start; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
  }
  if (const FieldDescriptor* const name = NameField(message.GetDescriptor()); name != nullptr) {
    AppendField(message, name, &key);
  }
  return key;
}

}  // namespace policytrack
