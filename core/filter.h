// Filters after AIP-160: one parser, evaluated by descriptor over any message.
//
// Grammar: the whole of AIP-160 (sequences, OR binds tighter than AND, NOT and
// -, = != < <= > >= :, parentheses) except functions. A bare word matches when
// any string field of the message (at any depth) contains it, ignoring ASCII
// case. `*` at the ends of a string in = and != is a wildcard. `a:b` is "has":
// presence with `*`, containment in repeated fields and map keys and values.
// Enums compare by name, timestamps and google.type.Date by RFC 3339 text,
// durations as `20s`. Limits: 4 KiB, 64 terms, depth 16.
#ifndef POLICYTRACK_CORE_FILTER_H_
#define POLICYTRACK_CORE_FILTER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace policytrack {

// A parsed filter for messages of one type. Immutable; any thread.
class Filter {
 public:
  // An empty text matches everything.
  // Returns INVALID_ARGUMENT / FILTER_INVALID with the position (1-based, in
  // characters) for a text that cannot be parsed, a field that `type` does not
  // have, a value that does not fit its field, or a limit exceeded.
  static absl::StatusOr<Filter> Parse(absl::string_view text,
                                      const google::protobuf::Descriptor* type);

  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  // REQUIRES: `message` is of the type given to Parse.
  bool Matches(const google::protobuf::Message& message) const;
  bool empty() const;

  struct Node;

 private:
  explicit Filter(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;  // null matches everything
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_H_
