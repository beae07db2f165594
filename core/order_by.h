// Orders after AIP-132: `display_name desc, update_time`, made total with the
// name.
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
  // Returns INVALID_ARGUMENT / ORDER_BY_INVALID for a field that `type` does not
  // have, a repeated, map or message field other than Timestamp and Date, a
  // field named twice, or a word other than asc and desc after a field.
  static absl::StatusOr<OrderBy> Parse(absl::string_view text,
                                       const google::protobuf::Descriptor* type);

  // A string whose byte order is this order, with the field `name` last; equal
  // only for equal names.
  std::string SortKey(const google::protobuf::Message& message) const;
  // Whether it is by ascending name alone, the order of the store.
  bool by_name() const { return terms_.empty(); }

 private:
  struct Term {
    std::vector<const google::protobuf::FieldDescriptor*> path;
    bool descending = false;
  };
  std::vector<Term> terms_;
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_ORDER_BY_H_
