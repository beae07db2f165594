// What the fuzzers share. Each defines LLVMFuzzerTestOneInput, which libFuzzer, or
// replay.cc over the corpus, calls with one input after another.
#ifndef POLICYTRACK_TESTS_FUZZ_FUZZ_H_
#define POLICYTRACK_TESTS_FUZZ_FUZZ_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace policytrack::fuzz {

inline absl::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the program, as a crash does, when a promise is broken. Not `assert`, which
// a release build leaves out.
inline void Require(bool condition, absl::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// What is refused has this code and reason, and says something.
inline void RequireRefusal(const absl::Status& status, absl::StatusCode code,
                           absl::string_view reason) {
  Require(status.code() == code && ReasonOf(status) == reason && !status.message().empty(),
          status.ToString());
}

}  // namespace policytrack::fuzz

#endif  // POLICYTRACK_TESTS_FUZZ_FUZZ_H_
