// Who waits for which judgement: in which order they come, who goes on together, and
// that what all have left is forgotten.
#include "services/rpc/judgement_queue.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace policytrack::rpc {
namespace {

struct Waiter {
  Waiter() { place.owner = this; }
  ListLink<Waiter> place;
};
using Queue = JudgementQueue<Waiter>;

Queue::Selection SelectionOf(const std::string& name) {
  v1::WatchEventsRequest request;
  request.add_names(name);
  auto selection = app::EventSelection::Parse(request);
  EXPECT_TRUE(selection.ok()) << selection.status();
  return std::make_shared<const app::EventSelection>(*std::move(selection));
}

int Count(IntrusiveList<Waiter>* list) {
  int count = 0;
  for (; !list->empty(); ++count) list->front()->place.Unlink();
  return count;
}

class JudgementQueueTest : public testing::Test {
 protected:
  Waiter* Wait(int64_t revision, const Queue::Selection& selection) {
    Waiter& waiter = waiters_.emplace_back();
    queue_.Wait(revision, selection, &waiter.place);
    return &waiter;
  }
  // The revision of the next, and how many go on with it.
  std::pair<int64_t, int> Next() {
    Queue::Judgement* const next = queue_.Begin();
    if (next == nullptr) return {0, 0};
    const std::pair<int64_t, int> result(next->revision, Count(&next->waiting));
    queue_.Done();
    return result;
  }
  using Is = std::pair<int64_t, int>;

  const Queue::Selection a_ = SelectionOf("measures/a");
  const Queue::Selection b_ = SelectionOf("measures/b");
  std::deque<Waiter> waiters_;
  Queue queue_;
};

TEST_F(JudgementQueueTest, TheOneAskedForFirstComesFirst) {
  Wait(7, a_);
  Wait(3, a_);
  Wait(7, b_);
  Wait(7, a_);
  EXPECT_EQ(Next(), Is(7, 2));
  EXPECT_EQ(Next(), Is(3, 1));
  EXPECT_EQ(Next(), Is(7, 1));
  EXPECT_EQ(Next(), Is(0, 0));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(JudgementQueueTest, WhoLeavesForAWhileComesBackToTheSamePlace) {
  Waiter* const first = Wait(1, a_);
  Wait(2, a_);
  first->place.Unlink();
  queue_.Wait(1, a_, &first->place);
  EXPECT_EQ(Next(), Is(1, 1));
  // Also to the one that has begun.
  Queue::Judgement* const begun = queue_.Begin();
  ASSERT_EQ(begun->revision, 2);
  begun->waiting.front()->place.Unlink();
  queue_.Wait(2, a_, &first->place);
  EXPECT_EQ(Count(&begun->waiting), 1);
  queue_.Done();
  EXPECT_EQ(Next(), Is(0, 0));
}

TEST_F(JudgementQueueTest, WhatAllHaveLeftIsPassedAndForgotten) {
  Wait(1, a_)->place.Unlink();
  Wait(2, a_);
  EXPECT_EQ(Next(), Is(2, 1));
  Wait(3, a_);
  Wait(4, a_);
  Queue::Judgement* const begun = queue_.Begin();
  ASSERT_EQ(begun->revision, 3);
  EXPECT_EQ(Count(&begun->waiting), 1);
  // Many who come and go while one is judged.
  for (int64_t revision = 10; revision < 10000; ++revision) {
    Wait(revision, a_)->place.Unlink();
    ASSERT_LT(queue_.size(), 200u);
  }
  EXPECT_EQ(begun->revision, 3);
  queue_.Done();
  EXPECT_EQ(Next(), Is(4, 1));
  EXPECT_EQ(Next(), Is(0, 0));
}

TEST_F(JudgementQueueTest, AllAreTakenAtOnce) {
  Wait(1, a_);
  Wait(2, a_);
  Wait(2, b_);
  IntrusiveList<Waiter> all;
  queue_.TakeAll(&all);
  EXPECT_EQ(Count(&all), 3);
  EXPECT_EQ(Next(), Is(0, 0));
}

}  // namespace
}  // namespace policytrack::rpc
