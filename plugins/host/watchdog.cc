#include "plugins/host/watchdog.h"

namespace policytrack::plugins {

Watchdog::Watchdog() : thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog* watchdog, std::atomic<uint32_t>* cancel, Time deadline)
    : watchdog_(watchdog) {
  std::unique_lock<std::mutex> lock(watchdog_->mutex_);
  at_ = watchdog_->calls_.emplace(deadline, cancel);
  if (deadline < watchdog_->wake_) watchdog_->changed_.notify_one();
}

Watchdog::Watch::~Watch() {
  std::unique_lock<std::mutex> lock(watchdog_->mutex_);
  watchdog_->calls_.erase(at_);
}

void Watchdog::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    const Time now = std::chrono::steady_clock::now();
    auto next = calls_.begin();
    while (next != calls_.end() && next->first <= now) {
      next->second->store(1, std::memory_order_relaxed);
      ++next;
    }
    wake_ = next == calls_.end() ? Time::max() : next->first;
    if (next == calls_.end()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, wake_);
    }
  }
}

}  // namespace policytrack::plugins
