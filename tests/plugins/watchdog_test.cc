#include "plugins/host/watchdog.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace policytrack::plugins {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Waits; the time limit of the test is the limit.
void AwaitCancel(const std::atomic<uint32_t>& word) {
  while (word.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
}

TEST(WatchdogTest, SetsTheWordAtTheDeadlineAndNotBefore) {
  Watchdog watchdog;
  std::atomic<uint32_t> word{0};
  const auto deadline = steady_clock::now() + milliseconds(10);
  Watchdog::Watch watch(&watchdog, &word, deadline);
  AwaitCancel(word);
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(WatchdogTest, LeavesCallsAloneThatEnded) {
  Watchdog watchdog;
  std::atomic<uint32_t> ended{0};
  std::atomic<uint32_t> later{0};
  { Watchdog::Watch watch(&watchdog, &ended, steady_clock::now() + milliseconds(5)); }
  Watchdog::Watch watch(&watchdog, &later, steady_clock::now() + milliseconds(20));
  AwaitCancel(later);
  EXPECT_EQ(ended.load(), 0u);
}

// One call that does not react must not hide the deadlines of others.
TEST(WatchdogTest, AStuckCallDoesNotHideLaterOnes) {
  Watchdog watchdog;
  std::atomic<uint32_t> stuck{0};
  std::atomic<uint32_t> later{0};
  Watchdog::Watch first(&watchdog, &stuck, steady_clock::now());
  AwaitCancel(stuck);
  Watchdog::Watch second(&watchdog, &later, steady_clock::now() + milliseconds(5));
  AwaitCancel(later);
}

TEST(WatchdogTest, AnEarlierDeadlineOvertakesALaterOne) {
  Watchdog watchdog;
  std::atomic<uint32_t> late{0};
  std::atomic<uint32_t> early{0};
  Watchdog::Watch first(&watchdog, &late, steady_clock::now() + std::chrono::hours(1));
  Watchdog::Watch second(&watchdog, &early, steady_clock::now() + milliseconds(5));
  AwaitCancel(early);
  EXPECT_EQ(late.load(), 0u);
}

TEST(WatchdogTest, ManyThreads) {
  Watchdog watchdog;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&watchdog] {
      for (int k = 0; k < 20; ++k) {
        std::atomic<uint32_t> word{0};
        Watchdog::Watch watch(&watchdog, &word, steady_clock::now() + milliseconds(k % 3));
        AwaitCancel(word);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace policytrack::plugins
