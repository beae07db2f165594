#include "services/rpc/calls_in_flight.h"

#include "absl/strings/match.h"

namespace policytrack::rpc {

namespace {

// Not health and reflection: who watches health does so until the server is gone.
bool IsOurs(absl::string_view method) { return absl::StartsWith(method, "/policytrack."); }

}  // namespace

void CallsInFlight::Begun(absl::string_view method) {
  if (!IsOurs(method)) return;
  absl::MutexLock lock(&mutex_);
  ++count_;
}

void CallsInFlight::Ended(absl::string_view method) {
  if (!IsOurs(method)) return;
  absl::MutexLock lock(&mutex_);
  --count_;
}

bool CallsInFlight::AwaitNone() {
  absl::MutexLock lock(&mutex_);
  const auto over = [this]()
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0 || closed_; };
  mutex_.Await(absl::Condition(&over));
  return !closed_;
}

void CallsInFlight::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

}  // namespace policytrack::rpc
