// What a plugin does with memory.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "plugins/conformance/allocation.h"
#include "plugins/conformance/check.h"

namespace policytrack::plugins {
namespace {

constexpr int kRounds = 30;
constexpr int64_t kPeriods = 60;
// Of a computation that allocates more, a sample fails.
constexpr int64_t kMostFailures = 200;

constexpr char kUnwatched[] = "this build has the allocator of a sanitizer";

}  // namespace

Verdict CheckLeaks(Context* context) {
  if (!WatchesAllocations()) return Verdict::Skipped(kUnwatched);
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    const auto grown = [&] {
      const int64_t before = LiveBytes();
      for (int i = 0; i < kRounds; ++i) {
        Handle handle(context->library.table, context->descriptor);
        handle.Create(accepted.bound);
        handle.Compute(inputs);
        handle.Compute(inputs);
      }
      return LiveBytes() - before;
    };
    grown();  // what is made once and kept
    const int64_t first = grown();
    const int64_t second = grown();
    if (first <= 0 || second <= 0) return "";
    return absl::StrCat("it keeps ", second / kRounds, " bytes of every instance and its two ",
                        "computations when they are over");
  });
}

Verdict CheckAllocationFailure(Context* context) {
  if (!WatchesAllocations()) return Verdict::Skipped(kUnwatched);
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, kPeriods));
    const int64_t before = Allocations();
    const Outcome usual = ComputeAnew(*context, accepted, inputs);
    const int64_t made = Allocations() - before;
    for (int64_t n = 1; n <= made; n += std::max<int64_t>(1, made / kMostFailures)) {
      FailAllocation(n);
      const Outcome outcome = ComputeAnew(*context, accepted, inputs);
      FailAllocation(0);
      if (outcome.threw) {
        return absl::StrCat("an exception crossed the border when allocation ", n, " failed");
      }
      if (outcome.code == PT_OK && !SameOutcome(usual, outcome)) {
        return absl::StrCat("it says that all is well, and gives something else, when allocation ",
                            n, " fails: ", Difference(usual, outcome));
      }
    }
    const Outcome after = ComputeAnew(*context, accepted, inputs);
    if (SameOutcome(usual, after)) return "";
    return absl::StrCat("it gives something else after memory ran out: ", Difference(usual, after));
  });
}

}  // namespace policytrack::plugins
