// Whether a message matches a parsed filter. Internal to the filter; see
// filter.h.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_FILTER_EVAL_H_
#define POLICYTRACK_CORE_FILTER_EVAL_H_

#include "absl/strings/string_view.h"
#include "core/filter_node.h"
#include "google/protobuf/message.h"

namespace policytrack {

bool MatchesNode(const Filter::Node& node, const google::protobuf::Message& message);
bool MatchesRestriction(const FilterRestriction& restriction,
                        const google::protobuf::Message& message);
// `word` in ASCII lower case.
bool MatchesSearch(absl::string_view word, const google::protobuf::Message& message);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_EVAL_H_
