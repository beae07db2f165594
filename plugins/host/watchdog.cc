#include "plugins/host/watchdog.h"

#include "absl/time/time.h"

namespace policytrack::plugins {

Watchdog::Watchdog() : thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
    changed_.Signal();
  }
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog* watchdog, std::atomic<uint32_t>* cancel, Time deadline)
    : watchdog_(watchdog) {
  absl::MutexLock lock(&watchdog_->mutex_);
  at_ = watchdog_->calls_.emplace(deadline, cancel);
  if (deadline < watchdog_->wake_) watchdog_->changed_.Signal();
}

Watchdog::Watch::~Watch() {
  absl::MutexLock lock(&watchdog_->mutex_);
  watchdog_->calls_.erase(at_);
}

void Watchdog::Run() {
  absl::MutexLock lock(&mutex_);
  while (!stop_) {
    const Time now = std::chrono::steady_clock::now();
    auto next = calls_.begin();
    while (next != calls_.end() && next->first <= now) {
      next->second->store(1, std::memory_order_relaxed);
      ++next;
    }
    wake_ = next == calls_.end() ? Time::max() : next->first;
    if (next == calls_.end()) {
      changed_.Wait(&mutex_);
    } else {
      changed_.WaitWithTimeout(&mutex_, absl::FromChrono(next->first - now));
    }
  }
}

}  // namespace policytrack::plugins
