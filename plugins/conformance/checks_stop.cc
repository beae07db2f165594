// That a call ends when it must.
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "plugins/conformance/check.h"

namespace policytrack::plugins {
namespace {

// Plenty on a busy machine; a plugin polls every few milliseconds.
constexpr int64_t kGraceNs = 2'000'000'000;

// Enough for a computation to be under way when it is told to stop.
constexpr int64_t kLong = 20000;

int64_t LongCount(v1::Frequency frequency) {
  return frequency == v1::FREQUENCY_DAY || frequency == v1::FREQUENCY_WEEK ? kLong : 4000;
}

}  // namespace

Verdict CheckCancel(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(
        PlainFeeds(*accepted.setup, &context->random, LongCount(accepted.setup->frequency)));
    for (const bool before : {true, false}) {
      std::atomic<uint32_t> cancel{before ? 1u : 0u};
      Handle handle(context->library.table, context->descriptor);
      handle.Create(accepted.bound);
      std::atomic<bool> called{false};
      std::atomic<int64_t> told{MonotonicNanoseconds()};
      std::thread other([&] {
        while (!called.load()) std::this_thread::yield();
        told.store(MonotonicNanoseconds());
        cancel.store(1);
      });
      CallLimits limits;
      limits.cancel = reinterpret_cast<const volatile uint32_t*>(&cancel);
      limits.deadline_ns = MonotonicNanoseconds() + 2 * kGraceNs;
      called.store(true);
      const Outcome outcome = handle.Compute(inputs, {}, limits);
      const int64_t ended = MonotonicNanoseconds();
      other.join();
      if (ended - told.load() > kGraceNs) {
        return absl::StrCat("it went on for ", (ended - told.load()) / 1000000,
                            " ms after it was told to stop; poll the cancel word in every loop");
      }
      if (outcome.code != PT_OK && outcome.code != PT_CANCELLED) {
        return absl::StrCat("told to stop it ended with ", Ending(outcome),
                            " and not with PT_CANCELLED");
      }
    }
    return "";
  });
}

Verdict CheckDeadline(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const FedInputs inputs(PlainFeeds(*accepted.setup, &context->random, 40));
    for (const int64_t deadline : {int64_t{1}, MonotonicNanoseconds() - 1}) {
      Handle handle(context->library.table, context->descriptor);
      handle.Create(accepted.bound);
      CallLimits limits;
      limits.deadline_ns = deadline;
      const int64_t begun = MonotonicNanoseconds();
      handle.Compute(inputs, {}, limits);
      const int64_t took = MonotonicNanoseconds() - begun;
      if (took > kGraceNs) {
        return absl::StrCat("it took ", took / 1000000,
                            " ms for forty periods when the deadline was past");
      }
    }
    return "";
  });
}

}  // namespace policytrack::plugins
