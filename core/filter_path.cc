#include "core/filter_path.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/name_suggestion.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

FilterLeaf LeafOfMessage(const Descriptor* type) {
  const auto name = type->full_name();
  if (name == "google.protobuf.Timestamp") return FilterLeaf::kTimestamp;
  if (name == "google.protobuf.Duration") return FilterLeaf::kDuration;
  if (name == "google.type.Date") return FilterLeaf::kDate;
  if (name == "google.protobuf.Struct") return FilterLeaf::kStruct;
  if (name == "google.protobuf.Value") return FilterLeaf::kValue;
  if (name == "google.protobuf.ListValue") return FilterLeaf::kListValue;
  return FilterLeaf::kMessage;
}

FilterLeaf LeafOf(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field->type() == FieldDescriptor::TYPE_BYTES ? FilterLeaf::kBytes
                                                          : FilterLeaf::kString;
    case FieldDescriptor::CPPTYPE_BOOL:
      return FilterLeaf::kBool;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FilterLeaf::kDouble;
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FilterLeaf::kFloat;
    case FieldDescriptor::CPPTYPE_ENUM:
      return FilterLeaf::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return LeafOfMessage(field->message_type());
    default:
      return FilterLeaf::kInteger;
  }
}

// What a value of the leaf is called in messages.
absl::string_view Noun(FilterLeaf leaf) {
  switch (leaf) {
    case FilterLeaf::kString:
      return "a string";
    case FilterLeaf::kBytes:
      return "bytes";
    case FilterLeaf::kBool:
      return "a boolean";
    case FilterLeaf::kInteger:
      return "a whole number";
    case FilterLeaf::kDouble:
    case FilterLeaf::kFloat:
      return "a number";
    case FilterLeaf::kEnum:
      return "an enum";
    case FilterLeaf::kTimestamp:
      return "a timestamp";
    case FilterLeaf::kDate:
      return "a date";
    case FilterLeaf::kDuration:
      return "a duration";
    default:
      return "a message";
  }
}

bool IsDynamic(FilterLeaf leaf) {
  return leaf == FilterLeaf::kStruct || leaf == FilterLeaf::kValue ||
         leaf == FilterLeaf::kListValue;
}

absl::Status CheckName(const FilterScanner& scanner, const FilterToken& name) {
  if (!name.quoted && !name.stars.empty()) {
    return scanner.ErrorAt(name.position,
                           "a field or key cannot have a *; quote a key that has one");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FilterPath> ResolveFilterPath(const FilterScanner& scanner,
                                             const std::vector<FilterToken>& names,
                                             const Descriptor* type) {
  FilterPath path;
  path.position = names.front().position;
  if (names.size() > kMaxFilterPath) {
    return scanner.ErrorAt(path.position,
                           absl::StrCat("a path may have at most ", kMaxFilterPath, " names"));
  }
  path.leaf = LeafOfMessage(type);
  const Descriptor* current = type;  // null below a Struct and at a scalar
  for (const FilterToken& name : names) {
    PT_RETURN_IF_ERROR(CheckName(scanner, name));
    const std::string parent = path.text;
    absl::StrAppend(&path.text, parent.empty() ? "" : ".", name.text);
    if (path.is_repeated) {
      path.through_repeated = true;
      path.is_repeated = false;
    }
    if (path.is_map) {
      path.is_map = false;
      path.steps.back().has_key = true;
      path.steps.back().key = name.text;
      path.value_field = path.steps.back().field->message_type()->map_value();
      path.leaf = LeafOf(path.value_field);
    } else if (IsDynamic(path.leaf)) {
      path.steps.push_back({nullptr, true, name.text});
      path.leaf = FilterLeaf::kValue;
      path.value_field = nullptr;
    } else {
      if (current == nullptr) {
        return scanner.ErrorAt(
            name.position,
            absl::StrCat(parent, " is ", Noun(path.leaf), " and has no field ", Quoted(name.text)));
      }
      const FieldDescriptor* const field = current->FindFieldByName(name.text);
      if (field == nullptr) {
        return scanner.ErrorAt(
            name.position,
            absl::StrCat(parent.empty() ? std::string(current->name()) : parent, " has no field ",
                         Quoted(name.text), "; ", SuggestField(current, name.text)));
      }
      path.steps.push_back({field, false, ""});
      path.value_field = field;
      path.is_map = field->is_map();
      path.is_repeated = field->is_repeated() && !field->is_map();
      path.leaf = LeafOf(field);
    }
    current =
        !path.is_map && path.value_field != nullptr ? path.value_field->message_type() : nullptr;
  }
  return path;
}

absl::Status CheckComparator(const FilterScanner& scanner, const FilterPath& path,
                             FilterComparator comparator, size_t position) {
  if (comparator == FilterComparator::kHas) return absl::OkStatus();
  const bool equality =
      comparator == FilterComparator::kEqual || comparator == FilterComparator::kNotEqual;
  if (path.is_map) {
    return scanner.ErrorAt(position,
                           absl::StrCat(path.text, " is a map; ask for a key with ", path.text,
                                        ":key, or compare a value with ", path.text, ".key = ..."));
  }
  if (path.is_repeated || path.through_repeated) {
    return scanner.ErrorAt(
        position, absl::StrCat(path.text, path.is_repeated ? " is a list" : " goes through a list",
                               "; ask with `:` whether one of it has a value, and with NOT whether "
                               "none has"));
  }
  switch (path.leaf) {
    case FilterLeaf::kBytes:
      return scanner.ErrorAt(position, absl::StrCat(path.text,
                                                    " is bytes, which cannot be compared; "
                                                    "only presence can be asked, with ",
                                                    path.text, ":*"));
    case FilterLeaf::kMessage:
    case FilterLeaf::kListValue:
    case FilterLeaf::kStruct:
      return scanner.ErrorAt(
          position,
          absl::StrCat(path.text, " is a message; compare a field of it, or ask for presence with ",
                       path.text, ":*"));
    case FilterLeaf::kBool:
      if (!equality) {
        return scanner.ErrorAt(position,
                               absl::StrCat(path.text, " is a boolean, which has no order"));
      }
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

}  // namespace policytrack
