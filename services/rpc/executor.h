// A fixed pool of threads for calls that may compute or wait, so that they do
// not hold up the threads of the RPC library.
//
// Thread rule: Run from any thread. The destructor finishes what is queued.
#ifndef POLICYTRACK_SERVICES_RPC_EXECUTOR_H_
#define POLICYTRACK_SERVICES_RPC_EXECUTOR_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace policytrack::rpc {

class Executor {
 public:
  Executor(int threads, size_t max_queued);
  ~Executor();

  // Runs `work` on a thread of the pool. False, and nothing is run, when as many
  // as allowed wait already.
  bool Run(std::function<void()> work);
  // How many wait.
  size_t queued() const {
    absl::MutexLock lock(&mutex_);
    return queue_.size();
  }

 private:
  void Loop();

  const size_t max_queued_;
  mutable absl::Mutex mutex_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_EXECUTOR_H_
