#include "core/second_thread.h"

#include <utility>

namespace policytrack {

SecondThread::~SecondThread() {
  {
    // Work that was started is done first: only then Run looks at this.
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void SecondThread::Start(std::function<void()> work) {
  const absl::MutexLock lock(&mutex_);
  work_ = std::move(work);
  busy_ = true;
}

void SecondThread::Wait() {
  const absl::MutexLock lock(&mutex_);
  const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !busy_; };
  mutex_.Await(absl::Condition(&done));
}

void SecondThread::Run() {
  const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return work_ != nullptr || stopping_;
  };
  while (true) {
    std::function<void()> work;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&has_work));
      if (work_ == nullptr) return;
      work = std::exchange(work_, nullptr);
    }
    work();
    // What the work holds ends before its owner goes on.
    work = nullptr;
    const absl::MutexLock lock(&mutex_);
    busy_ = false;
  }
}

}  // namespace policytrack
