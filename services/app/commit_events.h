// What one commit did, as events: read from the commit log and from what is stored of
// every revision, so that the same commit gives the same events whenever it is read.
//
// Thread rule: a free function over a transaction.
#ifndef POLICYTRACK_SERVICES_APP_COMMIT_EVENTS_H_
#define POLICYTRACK_SERVICES_APP_COMMIT_EVENTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/event_service.pb.h"
#include "storage/store.h"

namespace policytrack::app {

struct CommitEvents {
  v1::Commit commit;              // without changes
  std::string chain_digest;       // raw
  std::vector<v1::Event> events;  // in the order that WatchEventsResponse states
  bool with_status = false;
};

// The events of `commit`. Changes of status, which cost a judgement for each target
// that the commit touched, are found only `with_status`. A target that cannot be
// judged, because its plugin fails or its figures are damaged, changes no status.
// Returns what the store returns.
absl::StatusOr<CommitEvents> ReadCommitEvents(storage::ReadTransaction& tx, plugins::Engine& engine,
                                              const storage::Commit& commit, bool with_status);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_COMMIT_EVENTS_H_
