// The log of calls: those that took long, those that failed by our fault, and at
// level debug every one. It has who called what and how it ended, and nothing of
// what was in it.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_SERVICES_SERVER_CALL_LOG_H_
#define POLICYTRACK_SERVICES_SERVER_CALL_LOG_H_

#include <atomic>
#include <cstdint>

#include "services/rpc/observed_calls.h"
#include "services/server/log.h"

namespace policytrack::server {

class CallLog final : public rpc::CallObserver {
 public:
  // The log is not owned and must outlive this; null for nowhere.
  explicit CallLog(Log* log) : log_(log) {}

  // From how many milliseconds on a call is slow; 0 for none.
  void SetSlow(int milliseconds) { slow_ms_.store(milliseconds, std::memory_order_relaxed); }
  int64_t slow_calls() const { return slow_calls_.load(std::memory_order_relaxed); }

  void Begun(absl::string_view method) override {}
  void Answered(const rpc::AnsweredCall& call) override;
  void Ended(absl::string_view method) override {}

 private:
  Log* const log_;
  std::atomic<int> slow_ms_{0};
  std::atomic<int64_t> slow_calls_{0};
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_CALL_LOG_H_
