// Filters after AIP-160: one parser, evaluated by descriptor over any message.
//
// Grammar: the whole of AIP-160 except functions, which are refused. From tight
// to loose: NOT and - (one of them, before a restriction or a parenthesis), OR,
// sequence (terms side by side: all must match), AND. So `a b OR c AND d` is
// `(a (b OR c)) AND d`. Comparators: = != < <= > >= and : (has). The value may
// be a parenthesis after = and `:`, and the comparator then goes to each value
// in it: `regions:(CN-HA OR CN-BJ)`.
//
// Fields are written as in the proto, `targets.final_point.period`. Map keys and
// keys of google.protobuf.Struct are traversed alike: `dimensions.region`; a key
// with other characters is quoted: `dimensions."a.b"`. Repeated fields can be
// traversed only with `:`, which asks whether some element matches.
//
//   a = v    Equal. Also: a string that matches `v` with a `*` at one or both of
//            its ends. Unquoted values are read by the type of the field.
//   a != v   Exactly NOT a = v.
//   a < v    Strings by bytes, enums by number, the others by their nature; not
//            booleans.
//   a:*      Present: a set message or optional field, a value that is not the
//            default of a plain field, a key that is there, a list that is not
//            empty.
//   a:v      A list has an element equal to v (as with =, also with `*`); a map
//            has it as a key or, where its values are strings, as a value; a
//            message has the field v set; a Struct has the key v; elsewhere
//            the same as =.
//   word     Some string at any depth of the message contains it, ignoring ASCII
//            case; keys of maps are not searched. `*` at its ends changes nothing.
//
// Unset: a path that leads nowhere (an unset message or optional field, a
// missing key) matches no =, <, <=, >, >= or `:`, and so it does match !=. A plain
// field always has its value: `revision = 0` matches an unset one.
//
// Values: strings in single or double quotes with the escapes \\ \" \' \* \n \r
// \t \uXXXX, or without quotes; numbers (-1.5e3); true and false; enum names;
// timestamps in RFC 3339 with any offset; google.type.Date as 2024-09-05, or
// 2024-09 or 2024 for all days in it; durations as 20s. A stored date without
// day or month stands for all its days: it is before, after or equal only when
// all of them are. Values in a Struct are compared as what they are there; an
// unquoted value matches as anything that it can be read as, null included.
// Bytes can only be asked for presence.
//
// Refused because they would silently mean something else: the bare words `and`,
// `or` and `not` in other letters than capitals, `&&` and `||`, a bare boolean
// field, `*` in the middle of a string, typographic quotes and spaces outside of
// quotes. Limits: 4 KiB, 64 terms, depth 16 for parentheses and for paths.
#ifndef POLICYTRACK_CORE_FILTER_H_
#define POLICYTRACK_CORE_FILTER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace policytrack {

// A parsed filter for messages of one type. Immutable; any thread.
class Filter {
 public:
  // An empty text matches everything.
  // Returns INVALID_ARGUMENT / FILTER_INVALID with metadata `field` (filter) and
  // `position` (1-based, in characters) for a text that cannot be parsed, a field that `type` does
  // not have, a value that does not fit its field, or a limit exceeded.
  static absl::StatusOr<Filter> Parse(absl::string_view text,
                                      const google::protobuf::Descriptor* type);

  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  // REQUIRES: `message` is of the type given to Parse.
  bool Matches(const google::protobuf::Message& message) const;
  bool empty() const;

  // The text that a message must have under `key` of its map `map` to match,
  // where a term that every match fulfils says so: `map.key = "text"`, alone or
  // joined to others by AND. nullopt when the filter leaves it open. Who can
  // look up by it need not try every message, but must still ask Matches.
  std::optional<std::string> RequiredValue(absl::string_view map, absl::string_view key) const;

  struct Node;

 private:
  explicit Filter(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;  // null matches everything
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_H_
