#include "core/filter.h"

#include <utility>

#include "core/error.h"
#include "core/filter_eval.h"
#include "core/filter_node.h"
#include "core/filter_parser.h"

namespace policytrack {

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

}  // namespace policytrack
