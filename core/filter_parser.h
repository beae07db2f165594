// The grammar of filters: from text to a tree. Internal to the filter; see
// filter.h, which also says what is refused.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_FILTER_PARSER_H_
#define POLICYTRACK_CORE_FILTER_PARSER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/filter_node.h"
#include "google/protobuf/descriptor.h"

namespace policytrack {

inline constexpr size_t kMaxFilterBytes = 4096;
inline constexpr int kMaxFilterTerms = 64;
inline constexpr int kMaxFilterDepth = 16;

// Null for a text of nothing but spaces.
// Returns INVALID_ARGUMENT / FILTER_INVALID as Filter::Parse.
absl::StatusOr<std::unique_ptr<Filter::Node>> ParseFilter(absl::string_view text,
                                                          const google::protobuf::Descriptor* type);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_PARSER_H_
