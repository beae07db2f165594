// Changes of status by commit, found once for all who ask. To judge runs plugins, and so
// may take as long as they do: it is apart from reading what is found. What is found is
// kept within a bound, that which was asked for least lately going first.
//
// Thread rule: safe from any thread. Judge works for one at a time; nothing else waits
// for it.
#ifndef POLICYTRACK_SERVICES_APP_JUDGED_COMMITS_H_
#define POLICYTRACK_SERVICES_APP_JUDGED_COMMITS_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "plugins/engine.h"
#include "policytrack/v1/event_service.pb.h"
#include "services/app/commit_events.h"
#include "services/app/event_selection.h"
#include "storage/store.h"

namespace policytrack::app {

class JudgedCommits {
 public:
  using Changes = std::vector<std::shared_ptr<const v1::Event>>;
  // What is kept, at most, beside the commit that was judged last.
  static constexpr size_t kMaxBytes = 4 << 20;

  // Neither is owned; both must outlive this.
  JudgedCommits(storage::Store* store, plugins::Engine* engine) : store_(store), engine_(engine) {}

  // The changes of status of a commit that the selection can select, in the order of
  // their targets. nullopt when one of these targets has to be judged first.
  std::optional<Changes> Find(const CommitEvents& commit, const EventSelection& selection);

  // Judges the targets that Find misses, and no others. Each is a read of its own, so
  // that no view of the store lasts longer than one; between two it looks at `stop`.
  // Returns what the store returns; what was found until then is kept.
  absl::Status Judge(int64_t revision, const EventSelection& selection,
                     const std::atomic<bool>& stop);

  size_t kept_bytes() const;

 private:
  struct Judged {
    // By target; null for one whose status did not change.
    std::map<std::string, std::shared_ptr<const v1::Event>> targets;
    size_t bytes = 0;
    std::list<int64_t>::iterator place;  // in by_use_
  };

  bool Knows(int64_t revision, const std::string& target) const;
  void Keep(int64_t revision, const std::string& target, std::shared_ptr<const v1::Event> change);

  storage::Store* const store_;
  plugins::Engine* const engine_;

  // Held through a judgement: who asks for the same meanwhile finds it done.
  absl::Mutex judge_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);

  mutable absl::Mutex mutex_;
  std::map<int64_t, Judged> commits_ ABSL_GUARDED_BY(mutex_);
  std::list<int64_t> by_use_ ABSL_GUARDED_BY(mutex_);  // the last used last
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_JUDGED_COMMITS_H_
