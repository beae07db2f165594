// What all pushes on their way may hold in memory together. A push takes from it
// as it grows and gives all back when it is answered or its stream has ended.
//
// Thread rule: a budget is safe from any thread; a share belongs to one push.
#ifndef POLICYTRACK_SERVICES_APP_PUSH_BUDGET_H_
#define POLICYTRACK_SERVICES_APP_PUSH_BUDGET_H_

#include <atomic>
#include <cstdint>

namespace policytrack::app {

class PushBudget {
 public:
  explicit PushBudget(int64_t max_bytes) : max_bytes_(max_bytes) {}
  PushBudget(const PushBudget&) = delete;
  PushBudget& operator=(const PushBudget&) = delete;

  int64_t max_bytes() const { return max_bytes_; }
  int64_t held_bytes() const { return held_.load(std::memory_order_relaxed); }

  // What one push holds; gives it back at the end of its life.
  class Share {
   public:
    // The budget is not owned and must outlive the share.
    explicit Share(PushBudget* budget) : budget_(budget) {}
    ~Share() { budget_->held_.fetch_sub(bytes_, std::memory_order_relaxed); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Makes the share this large. False, and it stays as it was, when the budget
    // has not so much left.
    bool Resize(int64_t bytes) {
      const int64_t more = bytes - bytes_;
      if (budget_->held_.fetch_add(more, std::memory_order_relaxed) + more > budget_->max_bytes_ &&
          more > 0) {
        budget_->held_.fetch_sub(more, std::memory_order_relaxed);
        return false;
      }
      bytes_ = bytes;
      return true;
    }

   private:
    PushBudget* const budget_;
    int64_t bytes_ = 0;
  };

 private:
  const int64_t max_bytes_;
  std::atomic<int64_t> held_{0};
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PUSH_BUDGET_H_
