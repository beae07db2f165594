// Who reads a dataset or an indicator must still fit it after it has changed.
//
// Thread rule: a free function over a transaction.
#ifndef POLICYTRACK_SERVICES_APP_READERS_H_
#define POLICYTRACK_SERVICES_APP_READERS_H_

#include <string>

#include "absl/status/status.h"
#include "plugins/engine.h"
#include "storage/store.h"

namespace policytrack::app {

// Checks all indicators and targets that read `name`, directly or by way of others,
// as `tx` has them now.
// Returns FAILED_PRECONDITION / RESOURCE_IN_USE, naming the first that would no
// longer be valid, and what the store returns. A plugin that cannot be used is no
// fault of the change.
absl::Status CheckReaders(storage::WriteTransaction& tx, plugins::Engine& engine,
                          const std::string& name);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_READERS_H_
