// Which digests are not to run, because they crashed or hung too often or because
// somebody said so. What is put here lasts as long as the process: who wants it to
// last longer stores what the listener is told and puts it back at start.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_QUARANTINE_H_
#define POLICYTRACK_PLUGINS_HOST_QUARANTINE_H_

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/clock.h"

namespace policytrack::plugins {

class Quarantine {
 public:
  static constexpr int kCrashes = 3;
  static constexpr absl::Duration kWithin = absl::Minutes(10);

  // The clock must outlive it.
  explicit Quarantine(Clock* clock) : clock_(clock) {}

  // Notes a crash or a kill; the third within ten minutes quarantines.
  void Crashed(const std::string& digest, absl::string_view how);

  // Is told of each digest that its crashes brought here, with a sentence, on the
  // thread of the call that crashed; null for nobody. No call is running or comes after
  // it was replaced.
  void SetListener(
      std::function<void(const std::string& digest, const std::string& reason)> listener);

  // Puts a digest here. The reason is a sentence that says what to do.
  void Put(const std::string& digest, absl::string_view reason);
  // Takes it out, its crashes forgotten. False when it was not there.
  bool Release(const std::string& digest);
  // Why it is here, if it is.
  std::optional<std::string> Reason(const std::string& digest) const;
  // All that are here, by digest, with their reasons.
  std::map<std::string, std::string> All() const;

 private:
  Clock* const clock_;
  // Held while the listener runs.
  absl::Mutex listener_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::function<void(const std::string&, const std::string&)> listener_
      ABSL_GUARDED_BY(listener_mutex_);
  mutable absl::Mutex mutex_;
  std::map<std::string, std::string> reasons_ ABSL_GUARDED_BY(mutex_);             // by digest
  std::map<std::string, std::deque<absl::Time>> crashes_ ABSL_GUARDED_BY(mutex_);  // by digest
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_QUARANTINE_H_
