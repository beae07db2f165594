// What one commit did, as events: read from the commit log and from what is stored of
// every revision, so that the same commit gives the same events whenever it is read.
//
// Thread rule: free functions over a transaction.
#ifndef POLICYTRACK_SERVICES_APP_COMMIT_EVENTS_H_
#define POLICYTRACK_SERVICES_APP_COMMIT_EVENTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/event_service.pb.h"
#include "storage/store.h"

namespace policytrack::app {

struct CommitEvents {
  v1::Commit commit;         // without changes
  std::string chain_digest;  // raw
  // All but changes of status, in the order that WatchEventsResponse states.
  std::vector<v1::Event> events;
  // Before which of them changes of status are told.
  size_t statuses_at = 0;
  // As TargetsOf.
  std::vector<std::string> targets;
};

// What the commit did, as far as that is read without judging. Returns what the store
// returns.
absl::StatusOr<CommitEvents> ReadCommitEvents(storage::ReadTransaction& tx,
                                              const storage::Commit& commit);

// The targets whose status the commit may have changed, by name: those that an
// evaluation touched.
std::vector<std::string> TargetsOf(const storage::Commit& commit);

// The change of status of one of these targets: two judgements, each of which may run
// plugins. nullopt when there is none. A target that cannot be judged, because its plugin
// fails or its figures are damaged, changes no status.
// Returns what the store returns.
absl::StatusOr<std::optional<v1::Event>> ReadStatusChange(storage::ReadTransaction& tx,
                                                          plugins::Engine& engine,
                                                          const storage::Commit& commit,
                                                          const std::string& target);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_COMMIT_EVENTS_H_
