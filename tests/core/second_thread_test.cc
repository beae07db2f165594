#include "core/second_thread.h"

#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

TEST(SecondThreadTest, WorksWhileItsOwnerDoesAndIsSeenAfterWait) {
  SecondThread second;
  second.Wait();  // nothing was started
  const std::thread::id owner = std::this_thread::get_id();
  std::vector<int> done;
  for (int i = 0; i < 100; ++i) {
    absl::Notification go;
    second.Start([&] {
      EXPECT_NE(std::this_thread::get_id(), owner);
      go.WaitForNotification();
      done.push_back(i);
    });
    // The owner is not held up by the work.
    go.Notify();
    second.Wait();
    ASSERT_EQ(done.size(), static_cast<size_t>(i) + 1);
  }
}

TEST(SecondThreadTest, EndsAfterWhatWasStarted) {
  bool done = false;
  absl::Notification go;
  {
    SecondThread second;
    second.Start([&] {
      go.WaitForNotification();
      done = true;
    });
    go.Notify();
  }
  EXPECT_TRUE(done);
}

TEST(SecondThreadTest, WhatTheWorkHoldsIsGivenBackBeforeWaitReturns) {
  SecondThread second;
  auto held = std::make_shared<int>(1);
  second.Start([held] {});
  second.Wait();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(SecondThreadTest, OneThatNeverWorksEnds) { const SecondThread second; }

}  // namespace
}  // namespace policytrack
