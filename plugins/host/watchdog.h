// Sets the cancel word of calls that pass their deadline.
//
// Thread rule: safe from any thread. It has one thread of its own, which ends
// with it; every Watch must have ended before.
#ifndef POLICYTRACK_PLUGINS_HOST_WATCHDOG_H_
#define POLICYTRACK_PLUGINS_HOST_WATCHDOG_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace policytrack::plugins {

class Watchdog {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Watches one call for as long as it lives.
  class Watch {
   public:
    // Both must outlive the watch.
    Watch(Watchdog* watchdog, std::atomic<uint32_t>* cancel, Time deadline);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Watchdog* watchdog_;
    std::multimap<Time, std::atomic<uint32_t>*>::iterator at_;
  };

 private:
  void Run();

  // Of the standard library, so that the thread sanitizer understands them.
  std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  // Calls in flight whose cancel word is not yet set, or just was.
  std::multimap<Time, std::atomic<uint32_t>*> calls_;
  // Until when the thread sleeps unless it is woken.
  Time wake_ = Time::min();
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WATCHDOG_H_
