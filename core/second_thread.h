// A second thread for one that has work for two: it does one piece after the other,
// each while its owner does something else.
//
// A thread that stands ready costs a wake-up a piece and is woken on a processor that
// is idle; a new one begins on the processor of its maker and waits there for its turn,
// for tens of milliseconds. So it is made long before there is work for it.
//
// Thread rule: all methods from the owner's thread.
#ifndef POLICYTRACK_CORE_SECOND_THREAD_H_
#define POLICYTRACK_CORE_SECOND_THREAD_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace policytrack {

class SecondThread {
 public:
  SecondThread() : thread_([this] { Run(); }) {}
  // Waits for what was started.
  ~SecondThread();

  SecondThread(const SecondThread&) = delete;
  SecondThread& operator=(const SecondThread&) = delete;

  // Has `work` done on the thread. What the owner wrote before is seen by the work,
  // which must not throw.
  // REQUIRES: what was started before was waited for.
  void Start(std::function<void()> work);
  // Returns when the work is done, at once where none was started; the owner then
  // sees what it wrote.
  void Wait();

 private:
  void Run();

  absl::Mutex mutex_;
  std::function<void()> work_ ABSL_GUARDED_BY(mutex_);  // that has not begun
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;           // from Start to the end of the work
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_SECOND_THREAD_H_
