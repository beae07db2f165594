// The commits of the store, as clients read them.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_SERVICES_APP_HISTORY_H_
#define POLICYTRACK_SERVICES_APP_HISTORY_H_

#include <string>

#include "absl/status/statusor.h"
#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/event_service.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// A commit as clients read it, its first 1000 changes included if wanted.
v1::Commit ToProto(const storage::Commit& commit, bool with_changes);

class History {
 public:
  // The store is not owned and must outlive this.
  explicit History(storage::Store* store) : store_(store) {}

  // The errors are those that EventService documents.
  absl::StatusOr<v1::Commit> Get(const std::string& name);
  absl::StatusOr<v1::ListCommitsResponse> List(const v1::ListCommitsRequest& request);

 private:
  storage::Store* const store_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_HISTORY_H_
