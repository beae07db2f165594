// What someone may have meant who wrote a name that there is not: shared by
// filters and orders. Free functions, any thread.
#ifndef POLICYTRACK_CORE_NAME_SUGGESTION_H_
#define POLICYTRACK_CORE_NAME_SUGGESTION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace policytrack {

// `did you mean stage? It has a, b, c.` or, when nothing is near, `it has a, b, c.`;
// a long list is cut.
std::string SuggestName(const std::vector<std::string>& names, absl::string_view wrong);

// The same over the fields of a message and the values of an enum.
std::string SuggestField(const google::protobuf::Descriptor* type, absl::string_view wrong);
std::string SuggestEnumValue(const google::protobuf::EnumDescriptor* type, absl::string_view wrong);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_NAME_SUGGESTION_H_
