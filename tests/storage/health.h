// Follows what a store says of its health.
#ifndef POLICYTRACK_TESTS_STORAGE_HEALTH_H_
#define POLICYTRACK_TESTS_STORAGE_HEALTH_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/sqlite/sqlite_store.h"

namespace policytrack::storage {

class Health {
 public:
  void Follow(SqliteStore& store) {
    store.OnHealth([this](bool healthy) {
      absl::MutexLock lock(&mutex_);
      healthy_ = healthy;
      if (!healthy) ++failures_;
    });
  }
  bool AwaitHealthy() {
    absl::MutexLock lock(&mutex_);
    const auto healthy = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return healthy_; };
    return mutex_.AwaitWithTimeout(absl::Condition(&healthy), absl::Seconds(60));
  }
  bool AwaitFailure() {
    absl::MutexLock lock(&mutex_);
    const auto failed = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return failures_ > 0; };
    return mutex_.AwaitWithTimeout(absl::Condition(&failed), absl::Seconds(60));
  }

  int failures() {
    absl::MutexLock lock(&mutex_);
    return failures_;
  }

 private:
  absl::Mutex mutex_;
  bool healthy_ ABSL_GUARDED_BY(mutex_) = true;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace policytrack::storage

#endif  // POLICYTRACK_TESTS_STORAGE_HEALTH_H_
