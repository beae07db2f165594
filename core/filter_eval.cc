#include "core/filter_eval.h"

#include <algorithm>
#include <compare>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace policytrack {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Members of the well-known types, whose numbers are fixed.
constexpr int kEntryKey = 1;
constexpr int kEntryValue = 2;
constexpr int kStructFields = 1;
constexpr int kListValues = 1;
constexpr int kNumberValue = 2;
constexpr int kStringValue = 3;
constexpr int kBoolValue = 4;
constexpr int kStructValue = 5;
constexpr int kListValue = 6;

const FieldDescriptor* Field(const Message& message, int number) {
  return message.GetDescriptor()->FindFieldByNumber(number);
}

bool Holds(FilterComparator comparator, std::partial_ordering order) {
  switch (comparator) {
    case FilterComparator::kEqual:
    case FilterComparator::kNotEqual:  // inverted at the end
    case FilterComparator::kHas:
      return order == 0;
    case FilterComparator::kLess:
      return order < 0;
    case FilterComparator::kLessEqual:
      return order <= 0;
    case FilterComparator::kGreater:
      return order > 0;
    case FilterComparator::kGreaterEqual:
      return order >= 0;
  }
  return false;
}

bool IsOrder(FilterComparator comparator) {
  return comparator != FilterComparator::kEqual && comparator != FilterComparator::kNotEqual &&
         comparator != FilterComparator::kHas;
}

bool TestText(const FilterRestriction& restriction, absl::string_view text) {
  if (!IsOrder(restriction.comparator)) return restriction.literal.pattern.Matches(text);
  return Holds(restriction.comparator, text.compare(restriction.literal.pattern.text) <=> 0);
}

int64_t IntegerOf(const Message& message, int number) {
  const FieldDescriptor* const field = Field(message, number);
  const Reflection* const reflection = message.GetReflection();
  return field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ? reflection->GetInt64(message, field)
                                                             : reflection->GetInt32(message, field);
}

// All days of the value against all days of the literal.
bool TestDays(FilterComparator comparator, const FilterDays& value, const FilterDays& literal) {
  switch (comparator) {
    case FilterComparator::kLess:
      return value.last < literal.first;
    case FilterComparator::kLessEqual:
      return value.last <= literal.last;
    case FilterComparator::kGreater:
      return value.first > literal.last;
    case FilterComparator::kGreaterEqual:
      return value.first >= literal.first;
    default:
      return value.first >= literal.first && value.last <= literal.last;
  }
}

// The key of a map entry as filters write it.
std::string KeyText(const Message& entry) {
  const FieldDescriptor* const key = Field(entry, kEntryKey);
  const Reflection* const reflection = entry.GetReflection();
  switch (key->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(entry, key);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(entry, key) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(entry, key));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection->GetInt64(entry, key));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(entry, key));
    default:
      return absl::StrCat(reflection->GetUInt64(entry, key));
  }
}

bool HasKey(const Message& entry, absl::string_view key) {
  const FieldDescriptor* const field = Field(entry, kEntryKey);
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return KeyText(entry) == key;
  std::string scratch;
  return entry.GetReflection()->GetStringReference(entry, field, &scratch) == key;
}

// The entry of a map with a key, or null.
const Message* FindEntry(const Message& message, const FieldDescriptor* map,
                         absl::string_view key) {
  const Reflection* const reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, map); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, map, i);
    if (HasKey(entry, key)) return &entry;
  }
  return nullptr;
}

// Walks the path of one restriction through one message.
class Walk {
 public:
  explicit Walk(const FilterRestriction& restriction)
      : restriction_(restriction),
        steps_(restriction.path.steps),
        literal_(restriction.literal),
        comparator_(restriction.comparator) {}

  // REQUIRES: the step is of the message's type.
  bool FromMessage(const Message& message, size_t step) const {
    if (steps_[step].field == nullptr) return FromDynamic(message, step);
    const FieldDescriptor* const field = steps_[step].field;
    const Reflection* const reflection = message.GetReflection();
    const bool last = step + 1 == steps_.size();
    if (field->is_map()) {
      if (!steps_[step].has_key) return TestMap(message, field);
      const Message* const entry = FindEntry(message, field, steps_[step].key);
      if (entry == nullptr) return false;
      const FieldDescriptor* const value = Field(*entry, kEntryValue);
      if (!last) return FromMessage(entry->GetReflection()->GetMessage(*entry, value), step + 1);
      return literal_.presence || TestElement(*entry, value, -1);
    }
    if (field->is_repeated()) {
      const int size = reflection->FieldSize(message, field);
      if (last && literal_.presence) return size > 0;
      for (int i = 0; i < size; ++i) {
        if (last ? TestElement(message, field, i)
                 : FromMessage(reflection->GetRepeatedMessage(message, field, i), step + 1)) {
          return true;
        }
      }
      return false;
    }
    if (field->has_presence() && !reflection->HasField(message, field)) return false;
    if (!last) return FromMessage(reflection->GetMessage(message, field), step + 1);
    return literal_.presence ? reflection->HasField(message, field)
                             : TestElement(message, field, -1);
  }

 private:
  bool TestMap(const Message& message, const FieldDescriptor* map) const {
    const Reflection* const reflection = message.GetReflection();
    const int size = reflection->FieldSize(message, map);
    if (literal_.presence) return size > 0;
    for (int i = 0; i < size; ++i) {
      const Message& entry = reflection->GetRepeatedMessage(message, map, i);
      if (literal_.pattern.Matches(KeyText(entry))) return true;
      const FieldDescriptor* const value = Field(entry, kEntryValue);
      if (value->type() == FieldDescriptor::TYPE_STRING &&
          literal_.pattern.Matches(entry.GetReflection()->GetString(entry, value))) {
        return true;
      }
    }
    return false;
  }

  // A field of the message, or one element of it where `index` is not negative.
  bool TestElement(const Message& message, const FieldDescriptor* field, int index) const {
    const Reflection* const reflection = message.GetReflection();
    const bool one = index < 0;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return TestText(restriction_, one ? reflection->GetStringReference(message, field, &scratch)
                                          : reflection->GetRepeatedStringReference(
                                                message, field, index, &scratch));
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return *literal_.boolean == (one ? reflection->GetBool(message, field)
                                         : reflection->GetRepeatedBool(message, field, index));
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number = one ? reflection->GetEnumValue(message, field)
                               : reflection->GetRepeatedEnumValue(message, field, index);
        return Holds(comparator_, number <=> literal_.enum_number);
      }
      case FieldDescriptor::CPPTYPE_INT32:
        return TestNumber(int64_t{one ? reflection->GetInt32(message, field)
                                      : reflection->GetRepeatedInt32(message, field, index)});
      case FieldDescriptor::CPPTYPE_INT64:
        return TestNumber(int64_t{one ? reflection->GetInt64(message, field)
                                      : reflection->GetRepeatedInt64(message, field, index)});
      case FieldDescriptor::CPPTYPE_UINT32:
        return TestNumber(uint64_t{one ? reflection->GetUInt32(message, field)
                                       : reflection->GetRepeatedUInt32(message, field, index)});
      case FieldDescriptor::CPPTYPE_UINT64:
        return TestNumber(uint64_t{one ? reflection->GetUInt64(message, field)
                                       : reflection->GetRepeatedUInt64(message, field, index)});
      case FieldDescriptor::CPPTYPE_FLOAT:
        return TestNumber(double{one ? reflection->GetFloat(message, field)
                                     : reflection->GetRepeatedFloat(message, field, index)});
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return TestNumber(one ? reflection->GetDouble(message, field)
                              : reflection->GetRepeatedDouble(message, field, index));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return TestMessage(one ? reflection->GetMessage(message, field)
                               : reflection->GetRepeatedMessage(message, field, index));
    }
    return false;
  }

  template <typename Number>
  bool TestNumber(Number value) const {
    return Holds(comparator_, Compare(value, *literal_.number));
  }

  bool TestMessage(const Message& value) const {
    switch (restriction_.path.leaf) {
      case FilterLeaf::kTimestamp:
      case FilterLeaf::kDuration: {
        const FilterSeconds seconds{IntegerOf(value, 1), static_cast<int32_t>(IntegerOf(value, 2))};
        return Holds(comparator_, seconds <=> literal_.seconds);
      }
      case FilterLeaf::kDate: {
        const auto days = DaysOf(static_cast<int32_t>(IntegerOf(value, 1)),
                                 static_cast<int32_t>(IntegerOf(value, 2)),
                                 static_cast<int32_t>(IntegerOf(value, 3)));
        return days.has_value() && TestDays(comparator_, *days, literal_.days);
      }
      case FilterLeaf::kStruct:
      case FilterLeaf::kValue:
      case FilterLeaf::kListValue:
        return FromDynamic(value, steps_.size());
      default: {
        // Whether the field of this name is set.
        const FieldDescriptor* const field =
            value.GetDescriptor()->FindFieldByName(literal_.pattern.text);
        const Reflection* const reflection = value.GetReflection();
        return field->is_repeated() ? reflection->FieldSize(value, field) > 0
                                    : reflection->HasField(value, field);
      }
    }
  }

  // From a Struct, a ListValue or a Value on, whose keys are known only here.
  bool FromDynamic(const Message& message, size_t step) const {
    const Reflection* const reflection = message.GetReflection();
    const auto name = message.GetDescriptor()->full_name();
    if (name == "google.protobuf.Struct") return FromStruct(message, step);
    if (name == "google.protobuf.ListValue") return FromList(message, step);
    if (const auto* field = Field(message, kStructValue); reflection->HasField(message, field)) {
      return TestPresence(step) || FromStruct(reflection->GetMessage(message, field), step);
    }
    if (const auto* field = Field(message, kListValue); reflection->HasField(message, field)) {
      return TestPresence(step) || FromList(reflection->GetMessage(message, field), step);
    }
    if (step < steps_.size()) return false;
    if (literal_.presence) return true;
    if (const auto* field = Field(message, kNumberValue); reflection->HasField(message, field)) {
      return literal_.number.has_value() && TestNumber(reflection->GetDouble(message, field));
    }
    if (const auto* field = Field(message, kStringValue); reflection->HasField(message, field)) {
      std::string scratch;
      return TestText(restriction_, reflection->GetStringReference(message, field, &scratch));
    }
    if (IsOrder(comparator_)) return false;
    if (const auto* field = Field(message, kBoolValue); reflection->HasField(message, field)) {
      return literal_.boolean.has_value() &&
             *literal_.boolean == reflection->GetBool(message, field);
    }
    return literal_.null;
  }

  bool TestPresence(size_t step) const { return step == steps_.size() && literal_.presence; }

  bool FromStruct(const Message& message, size_t step) const {
    const FieldDescriptor* const fields = Field(message, kStructFields);
    if (step == steps_.size()) {
      return comparator_ == FilterComparator::kHas && TestStructKeys(message, fields);
    }
    const Message* const entry = FindEntry(message, fields, steps_[step].key);
    return entry != nullptr &&
           FromDynamic(entry->GetReflection()->GetMessage(*entry, Field(*entry, kEntryValue)),
                       step + 1);
  }

  bool TestStructKeys(const Message& message, const FieldDescriptor* fields) const {
    const Reflection* const reflection = message.GetReflection();
    for (int i = 0; i < reflection->FieldSize(message, fields); ++i) {
      const Message& entry = reflection->GetRepeatedMessage(message, fields, i);
      if (literal_.pattern.Matches(KeyText(entry))) return true;
    }
    return false;
  }

  bool FromList(const Message& message, size_t step) const {
    if (comparator_ != FilterComparator::kHas) return false;
    const FieldDescriptor* const values = Field(message, kListValues);
    const Reflection* const reflection = message.GetReflection();
    for (int i = 0; i < reflection->FieldSize(message, values); ++i) {
      if (FromDynamic(reflection->GetRepeatedMessage(message, values, i), step)) return true;
    }
    return false;
  }

  const FilterRestriction& restriction_;
  const std::vector<FilterStep>& steps_;
  const FilterLiteral& literal_;
  const FilterComparator comparator_;
};

}  // namespace

bool MatchesRestriction(const FilterRestriction& restriction, const Message& message) {
  const bool found = Walk(restriction).FromMessage(message, 0);
  return found != (restriction.comparator == FilterComparator::kNotEqual);
}

bool MatchesNode(const Filter::Node& node, const Message& message) {
  const auto matches = [&message](const auto& child) { return MatchesNode(*child, message); };
  switch (node.kind) {
    case Filter::Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), matches);
    case Filter::Node::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), matches);
    case Filter::Node::Kind::kNot:
      return !MatchesNode(*node.children.front(), message);
    case Filter::Node::Kind::kRestriction:
      return MatchesRestriction(node.restriction, message);
    case Filter::Node::Kind::kSearch:
      return MatchesSearch(node.word, message);
  }
  return false;
}

}  // namespace policytrack
