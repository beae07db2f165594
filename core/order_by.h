// Orders after AIP-132: `display_name desc, update_time`, made total with the
// name. Fields are separated by commas, fields of messages named with points
// (`allowed_range.minimum`), and spaces around them do not count.
//
// Strings are ordered by bytes, enums by number, booleans false first, unset
// messages and optional fields before all values, dates without day or month
// before the days in them; `desc` turns all of that around.
#ifndef POLICYTRACK_CORE_ORDER_BY_H_
#define POLICYTRACK_CORE_ORDER_BY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace policytrack {

// A parsed order for messages of one type. Immutable; any thread.
class OrderBy {
 public:
  // An empty text orders by name.
  // Returns INVALID_ARGUMENT / ORDER_BY_INVALID, with metadata `field` (order_by)
  // and `position` (1-based, in characters), for a field that `type` does not
  // have, a repeated, map or message field other than Timestamp and Date, a
  // field named twice, a word other than asc and desc after a field, an empty
  // place between commas, or a text over 4 KiB or not UTF-8.
  static absl::StatusOr<OrderBy> Parse(absl::string_view text,
                                       const google::protobuf::Descriptor* type);

  // A string whose byte order is this order, with the field `name` last; equal
  // only for equal names. Of a type without a string field `name` nothing comes
  // last, and what tells its messages apart is for the caller to append.
  // REQUIRES: `message` is of the type given to Parse.
  std::string SortKey(const google::protobuf::Message& message) const;
  // Whether it is by ascending name alone, the order of the store.
  bool by_name() const { return terms_.empty(); }

 private:
  struct Term {
    std::vector<const google::protobuf::FieldDescriptor*> path;
    bool descending = false;
  };
  static absl::StatusOr<Term> ParseTerm(absl::string_view text, size_t start,
                                        absl::string_view item,
                                        const google::protobuf::Descriptor* type);

  std::vector<Term> terms_;  // those before the name, if that is ascending
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_ORDER_BY_H_
