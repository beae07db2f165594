// The left side of a restriction: from names to fields, and from a value's text
// to a value of the field's type. Internal to the filter; see filter.h.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_FILTER_PATH_H_
#define POLICYTRACK_CORE_FILTER_PATH_H_

#include <vector>

#include "absl/status/statusor.h"
#include "core/filter_node.h"
#include "core/filter_scanner.h"
#include "google/protobuf/descriptor.h"

namespace policytrack {

inline constexpr size_t kMaxFilterPath = 16;

// REQUIRES: `names` is not empty.
// Returns INVALID_ARGUMENT / FILTER_INVALID for a field that there is not, a step
// below a field without fields, or too many steps.
absl::StatusOr<FilterPath> ResolveFilterPath(const FilterScanner& scanner,
                                             const std::vector<FilterToken>& names,
                                             const google::protobuf::Descriptor* type);

// Whether the path can be compared so at all; called before the value is read.
// Returns INVALID_ARGUMENT / FILTER_INVALID for a comparator other than `:` on or
// across a list or map, on a message, or an order of what has none.
absl::Status CheckComparator(const FilterScanner& scanner, const FilterPath& path,
                             FilterComparator comparator, size_t position);

// REQUIRES: CheckComparator has passed.
// Returns INVALID_ARGUMENT / FILTER_INVALID for a text that is no value of the
// path's type.
absl::StatusOr<FilterLiteral> ReadFilterLiteral(const FilterScanner& scanner,
                                                const FilterPath& path, FilterComparator comparator,
                                                const FilterToken& token);

// A string with its open ends.
// Returns INVALID_ARGUMENT / FILTER_INVALID for a `*` in its middle.
absl::StatusOr<FilterPattern> ReadFilterPattern(const FilterScanner& scanner,
                                                const FilterToken& token);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FILTER_PATH_H_
