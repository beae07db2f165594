// How many calls there were and how long they took, by method and code, and how
// many are open. Counting takes no lock.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_SERVICES_RPC_CALL_STATS_H_
#define POLICYTRACK_SERVICES_RPC_CALL_STATS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "services/rpc/observed_calls.h"

namespace policytrack::rpc {

class CallStats final : public CallObserver {
 public:
  // Upper bounds of the buckets of durations, in seconds; the last has none.
  static constexpr std::array<double, 13> kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

  struct Durations {
    std::array<std::uint64_t, kBounds.size() + 1> buckets = {};  // not cumulative
    std::uint64_t count = 0;
    double seconds = 0;
  };
  struct Code {
    std::string code;  // "OK", "NOT_FOUND"
    Durations durations;
  };
  struct Method {
    std::string service;  // "policytrack.v1.PlanService"
    std::string method;   // "GetPlan"
    int64_t open = 0;
    std::vector<Code> codes;  // those that occurred
  };

  // Counts the methods of these services apart and all others as one, with
  // service and method "other". The services must be linked into the program.
  explicit CallStats(const std::vector<std::string>& services);
  ~CallStats() override;

  void Begun(absl::string_view method) override;
  void Answered(const AnsweredCall& call) override;
  void Ended(absl::string_view method) override;

  // By service and method.
  std::vector<Method> Read() const;

 private:
  struct Counters;
  Counters& Of(absl::string_view method) const;

  std::vector<std::unique_ptr<Counters>> all_;  // the last: all others
  absl::flat_hash_map<std::string, Counters*> by_path_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_CALL_STATS_H_
