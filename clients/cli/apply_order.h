// The order in which documents can be applied: what is referred to comes first.
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_APPLY_ORDER_H_
#define POLICYTRACK_CLIENTS_CLI_APPLY_ORDER_H_

#include <vector>

#include "clients/cli/context.h"
#include "clients/cli/yaml_document.h"

namespace policytrack::cli {

// Plans, datasets, scripts, indicators each after the indicators that feed it, measures;
// otherwise in the order given. Appends an error when indicators of the set
// feed each other in a circle.
// REQUIRES: names are unique.
void SortByDependency(std::vector<ResourceDocument>* documents, std::vector<Diagnostic>* errors);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_APPLY_ORDER_H_
