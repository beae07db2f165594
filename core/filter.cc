#include "core/filter.h"

#include <utility>

#include "core/error.h"
#include "core/filter_eval.h"
#include "core/filter_node.h"
#include "core/filter_parser.h"

namespace policytrack {
namespace {

// Whether the restriction is `map.key = "text"`, a text without wildcards.
bool Requires(const FilterRestriction& restriction, absl::string_view map, absl::string_view key) {
  const FilterPath& path = restriction.path;
  if (path.steps.size() != 1 || path.steps[0].field == nullptr || !path.steps[0].has_key ||
      path.steps[0].field->name() != map || path.steps[0].key != key ||
      path.leaf != FilterLeaf::kString) {
    return false;
  }
  const FilterLiteral& literal = restriction.literal;
  return (restriction.comparator == FilterComparator::kEqual ||
          restriction.comparator == FilterComparator::kHas) &&
         !literal.presence && !literal.pattern.open_start && !literal.pattern.open_end;
}

// The text that a match of the node has under the key, or null.
const std::string* RequiredIn(const Filter::Node& node, absl::string_view map,
                              absl::string_view key) {
  if (node.kind == Filter::Node::Kind::kRestriction) {
    return Requires(node.restriction, map, key) ? &node.restriction.literal.pattern.text : nullptr;
  }
  if (node.kind != Filter::Node::Kind::kAnd) return nullptr;
  for (const auto& child : node.children) {
    if (const std::string* text = RequiredIn(*child, map, key)) return text;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<Filter> Filter::Parse(absl::string_view text,
                                     const google::protobuf::Descriptor* type) {
  PT_ASSIGN_OR_RETURN(std::unique_ptr<Node> root, ParseFilter(text, type));
  return Filter(std::move(root));
}

Filter::Filter(std::unique_ptr<Node> root) : root_(std::move(root)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

bool Filter::Matches(const google::protobuf::Message& message) const {
  return root_ == nullptr || MatchesNode(*root_, message);
}

bool Filter::empty() const { return root_ == nullptr; }

std::optional<std::string> Filter::RequiredValue(absl::string_view map,
                                                 absl::string_view key) const {
  const std::string* text = root_ == nullptr ? nullptr : RequiredIn(*root_, map, key);
  return text == nullptr ? std::nullopt : std::make_optional(*text);
}

}  // namespace policytrack
