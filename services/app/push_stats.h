// What pushes have brought since the start.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_SERVICES_APP_PUSH_STATS_H_
#define POLICYTRACK_SERVICES_APP_PUSH_STATS_H_

#include <atomic>
#include <cstdint>

namespace policytrack::app {

// Rows by what became of them. Those of a dry run or an answer that was repeated
// became nothing; refused rows count whether or not the others were written.
struct PushStats {
  std::atomic<int64_t> created{0};
  std::atomic<int64_t> revised{0};
  std::atomic<int64_t> unchanged{0};
  std::atomic<int64_t> deleted{0};
  std::atomic<int64_t> refused{0};
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PUSH_STATS_H_
