// The parsed form of a filter: a small tree whose leaves are restrictions with
// resolved fields and typed values. Internal to the filter; see filter.h.
//
// Thread rule: plain data, immutable once parsed.
#ifndef POLICYTRACK_CORE_FILTER_NODE_H_
#define POLICYTRACK_CORE_FILTER_NODE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/filter.h"
#include "core/filter_value.h"
#include "google/protobuf/descriptor.h"

namespace policytrack {

enum class FilterComparator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kHas };

// One step of a path from a message towards a value.
struct FilterStep {
  // Null where the step is a key of a Struct.
  const google::protobuf::FieldDescriptor* field = nullptr;
  // The key, of a map (with `field`) or of a Struct.
  bool has_key = false;
  std::string key;
};

// What a path leads to, for one element of it where it is a list or a map.
enum class FilterLeaf {
  kString,
  kBytes,
  kBool,
  kInteger,
  kDouble,
  kFloat,
  kEnum,
  kTimestamp,
  kDate,
  kDuration,
  kStruct,
  kValue,
  kListValue,
  kMessage,
};

// A resolved path.
struct FilterPath {
  std::string text;  // as written, for messages
  size_t position = 0;
  std::vector<FilterStep> steps;
  FilterLeaf leaf = FilterLeaf::kValue;
  // The field that holds the value: the last one, or the value of its map
  // entries. Null below a Struct.
  const google::protobuf::FieldDescriptor* value_field = nullptr;
  bool is_map = false;            // ends in a whole map
  bool is_repeated = false;       // ends in a whole list
  bool through_repeated = false;  // passes a list on its way
};

struct FilterRestriction {
  FilterPath path;
  FilterComparator comparator = FilterComparator::kEqual;
  FilterLiteral literal;
};

struct Filter::Node {
  enum class Kind { kAnd, kOr, kNot, kRestriction, kSearch };

  Kind kind = Kind::kAnd;
  std::vector<std::unique_ptr<Node>> children;  // kAnd, kOr, kNot
  FilterRestriction restriction;                // kRestriction
  std::string word;                             // kSearch: in ASCII lower case
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_NODE_H_
