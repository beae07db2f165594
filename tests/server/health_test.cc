// When a server is ready and when it is live, by a clock that the test moves.
#include "services/server/health.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::server {
namespace {

using testing::HasSubstr;

class HealthTest : public testing::Test {
 protected:
  std::atomic<int64_t> now_{0};  // seconds
  Health health_{[this] { return absl::Seconds(now_.load()); }};
};

TEST_F(HealthTest, ReadyOnlyWhileItServes) {
  EXPECT_FALSE(health_.Get().ready);
  EXPECT_TRUE(health_.Get().live);
  EXPECT_EQ(health_.Get().why, "starting");
  health_.Enter(Health::Phase::kServing);
  EXPECT_TRUE(health_.Get().ready);
  EXPECT_EQ(health_.Get().why, "");
  health_.Enter(Health::Phase::kStopping);
  EXPECT_FALSE(health_.Get().ready);
  EXPECT_TRUE(health_.Get().live);
  EXPECT_FALSE(health_.Get().failed);
  EXPECT_EQ(health_.Get().why, "stopping");
}

TEST_F(HealthTest, AFailureOfTheStoreEndsReadinessUntilItIsMended) {
  health_.Enter(Health::Phase::kServing);
  health_.SetStore(Error(absl::StatusCode::kInternal, reason::kStoreDamaged, "page 7, secret"));
  EXPECT_FALSE(health_.Get().ready);
  EXPECT_TRUE(health_.Get().live);
  EXPECT_TRUE(health_.Get().failed);
  EXPECT_THAT(health_.Get().why, HasSubstr("STORE_DAMAGED"));
  EXPECT_THAT(health_.Get().why, testing::Not(HasSubstr("secret")));
  health_.SetStore(absl::OkStatus());
  EXPECT_TRUE(health_.Get().ready);
}

TEST_F(HealthTest, AReadThatDoesNotComeBackEndsLiveness) {
  health_.Enter(Health::Phase::kServing);
  absl::Notification go_on;
  absl::Notification begun;
  health_.Watch(
      [&]() -> absl::Status {
        if (!begun.HasBeenNotified()) begun.Notify();
        go_on.WaitForNotification();
        return absl::OkStatus();
      },
      [](const Health::State&) {});
  begun.WaitForNotification();
  now_ = absl::ToInt64Seconds(Health::kMaxSilence);
  EXPECT_TRUE(health_.Get().live);
  now_ = now_ + 1;
  EXPECT_FALSE(health_.Get().live);
  EXPECT_FALSE(health_.Get().ready);
  EXPECT_THAT(health_.Get().why, HasSubstr("no read of the store"));
  go_on.Notify();
  health_.Stop();
  EXPECT_TRUE(health_.Get().live);
  // A stop that takes its time is not a server that hangs.
  now_ = now_ + 10 * absl::ToInt64Seconds(Health::kMaxSilence);
  EXPECT_TRUE(health_.Get().live);
}

TEST_F(HealthTest, ABusyStoreIsNoFailureAndABrokenOneIs) {
  absl::Mutex mutex;
  absl::Status answer = Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "busy");
  std::vector<bool> told;
  health_.Enter(Health::Phase::kServing);
  health_.Watch(
      [&] {
        absl::MutexLock lock(&mutex);
        return answer;
      },
      [&](const Health::State& state) {
        absl::MutexLock lock(&mutex);
        told.push_back(state.ready);
      });
  const auto last_is = [&](bool ready) {
    const auto said = [&] { return !told.empty() && told.back() == ready; };
    absl::MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&said), absl::Seconds(60));
  };
  EXPECT_TRUE(last_is(true));
  {
    absl::MutexLock lock(&mutex);
    answer = absl::InternalError("disk I/O error");
  }
  EXPECT_TRUE(last_is(false));
  {
    absl::MutexLock lock(&mutex);
    answer = absl::OkStatus();
  }
  EXPECT_TRUE(last_is(true));
  health_.Stop();
}

}  // namespace
}  // namespace policytrack::server
