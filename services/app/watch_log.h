// The commit log as a watch reads it: from a cursor on, one commit a message. A watch
// holds no events; it holds how far it has come. What the last commits did is kept for
// all who follow the present, within stated bounds, and watches that select the same
// share one message. Changes of status cost judgements, which run plugins: a step never
// judges, it says that it must wait for it.
//
// Thread rule: a WatchLog is safe from any thread; a Watch belongs to one at a time.
#ifndef POLICYTRACK_SERVICES_APP_WATCH_LOG_H_
#define POLICYTRACK_SERVICES_APP_WATCH_LOG_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/resume_token.h"
#include "plugins/engine.h"
#include "policytrack/v1/event_service.pb.h"
#include "services/app/commit_events.h"
#include "services/app/event_selection.h"
#include "services/app/judged_commits.h"
#include "storage/store.h"

namespace policytrack::app {

// A WatchEventsResponse in bytes.
using WatchMessage = std::shared_ptr<const std::string>;

// One watch.
struct Watch {
  std::shared_ptr<const EventSelection> selection;
  // Everything selected up to here is told.
  ResumePoint told;
  // Ends after this revision.
  int64_t stop_at = storage::kPresent;
  absl::Duration heartbeat_interval;
  // Commits to read at a time: more while none is selected.
  int read_ahead = 1;
};

class WatchLog {
 public:
  struct Limits {
    int64_t history = 0;  // how many commits a watch may lie behind; 0: any number
  };
  // What is kept of the last commits, at most.
  static constexpr size_t kMaxCachedCommits = 64;
  static constexpr size_t kMaxCachedBytes = 16 << 20;
  // What a message holds, at most.
  static constexpr size_t kMaxEvents = 10000;
  static constexpr size_t kMaxEventBytes = 1 << 20;
  // After how many events a step reads no further commit.
  static constexpr size_t kMaxEventsAStep = 1000;

  // Neither is owned; both must outlive this and every message.
  WatchLog(storage::Store* store, plugins::Engine* engine, const Limits& limits)
      : store_(store), limits_(limits), judged_(store, engine) {}

  // Where a request begins. Returns the errors that WatchEvents documents.
  absl::StatusOr<Watch> Begin(const v1::WatchEventsRequest& request);

  enum class State {
    kMessage,  // there is a message
    kPassed,   // commits that are not selected were passed; there may be more
    kJudge,    // the commit after what is told must be judged before it is passed
    kPresent,  // nothing is left to tell now
    kEnd,      // nothing is left to tell, and the watch wanted no more
  };
  struct Step {
    State state = State::kPresent;
    WatchMessage message;
  };
  // Goes on by at most a few commits, and runs no plugin.
  // Returns OUT_OF_RANGE / RESUME_TOKEN_EXPIRED when the watch lies too far behind,
  // INTERNAL / STORE_DAMAGED when a commit is not in the store, and what the store
  // returns. The watch has then passed nothing that it did not tell.
  absl::StatusOr<Step> Next(Watch* watch);
  // Judges what watches of this selection wait for at this commit: takes as long as the
  // plugins do. Target by target, and looks at `stop` between two; nothing is judged twice.
  // Returns what the store returns.
  absl::Status Judge(int64_t revision, const EventSelection& selection,
                     const std::atomic<bool>& stop) {
    return judged_.Judge(revision, selection, stop);
  }

  // A message that only says how far the watch has come.
  WatchMessage Heartbeat(const Watch& watch);
  // The error that ends a watch, with its resume_token in the metadata.
  static absl::Status Ending(const Watch& watch, const absl::Status& status);

  // Bytes of all messages that somebody still holds.
  int64_t held_bytes() const { return held_bytes_->load(std::memory_order_relaxed); }
  size_t cached_commits() const;
  size_t cached_bytes() const;
  size_t judged_bytes() const { return judged_.kept_bytes(); }

 private:
  // What a commit did, and the messages made of it that are still held.
  struct Cached {
    CommitEvents events;
    size_t bytes = 0;
    absl::Mutex mutex;
    std::map<std::string, std::weak_ptr<const std::string>> messages ABSL_GUARDED_BY(mutex);
  };
  using CachedPtr = std::shared_ptr<Cached>;

  std::shared_ptr<const EventSelection> Share(EventSelection selection);
  absl::Status CheckHistory(const ResumePoint& point, int64_t present) const;
  absl::StatusOr<ResumePoint> StartOf(storage::ReadTransaction& tx,
                                      const v1::WatchEventsRequest& request,
                                      const EventSelection& selection) const;
  CachedPtr Find(int64_t revision) const;
  CachedPtr Keep(CommitEvents events);
  // Passes one commit, with a message or without; or says kJudge and passes nothing.
  Step Tell(Cached& commit, Watch* watch);
  // As Next, from what is kept, and from the store.
  Step TellKept(Watch* watch, int64_t upto);
  absl::StatusOr<Step> TellStored(Watch* watch, int64_t upto);
  WatchMessage MakeMessage(const v1::WatchEventsResponse& response);

  storage::Store* const store_;
  const Limits limits_;
  JudgedCommits judged_;
  // Outlives this with the last message.
  const std::shared_ptr<std::atomic<int64_t>> held_bytes_ =
      std::make_shared<std::atomic<int64_t>>(0);

  mutable absl::Mutex mutex_;
  std::map<int64_t, CachedPtr> cache_ ABSL_GUARDED_BY(mutex_);
  size_t cached_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::weak_ptr<const EventSelection>> selections_ ABSL_GUARDED_BY(mutex_);
  size_t sweep_selections_at_ ABSL_GUARDED_BY(mutex_) = 64;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_WATCH_LOG_H_
