// How a benchmark ends when something is not as it must be: at once and loudly.
// A figure from a run in which an answer was wrong is worth nothing.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_BENCH_FAIL_H_
#define POLICYTRACK_BENCH_FAIL_H_

#include <unistd.h>

#include <iostream>
#include <string>

#include "grpcpp/support/status.h"

namespace policytrack::bench {

[[noreturn]] inline void Fail(const std::string& what) {
  std::cerr << "policytrack_bench: " << what << "\n";
  // Not through destructors: threads of the RPC library may be in calls.
  _exit(1);
}

inline void Must(bool holds, const std::string& what) {
  if (!holds) Fail(what);
}

inline void Must(const grpc::Status& status, const std::string& what) {
  if (!status.ok()) Fail(what + ": " + status.error_message());
}

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_FAIL_H_
