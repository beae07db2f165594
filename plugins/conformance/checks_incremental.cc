// That a computation can be made in parts: a window is that part of the whole, and
// needs no more inputs than the declared window reaches. A history on which the
// whole fails says nothing here; other checks are for that.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "plugins/conformance/check.h"

namespace policytrack::plugins {
namespace {

constexpr int kHistories = 12;
constexpr int kWindows = 6;
constexpr int64_t kLongest = 60;

// A window in a history, and now and then one beside it.
PeriodRange DrawWindow(Random* random, const Setup& setup) {
  const int64_t first = FirstPeriod(setup) + Between(random, -1, kLongest);
  return {first, first + Between(random, 0, 10)};
}

std::string WindowText(const Setup& setup, PeriodRange window) {
  return absl::StrCat("for ", PeriodText(setup.frequency, window.first), " to ",
                      PeriodText(setup.frequency, window.last));
}

std::string Reach(int64_t periods) {
  return periods == kUnbounded ? "everything" : absl::StrCat(periods, " periods");
}

Outcome Sliced(const Outcome& whole, PeriodRange window) {
  Outcome part = whole;
  for (Columns& columns : part.outputs) columns = columns.Slice(window);
  return part;
}

// Leaves out what lies outside; slots with periods of their own stay whole, and
// which parts there are does not depend on what is seen.
void Cut(const std::vector<Feed>& feeds, PeriodRange range, FedInputs* inputs) {
  std::vector<int64_t>& axis = inputs->axis;
  axis.erase(
      std::remove_if(axis.begin(), axis.end(), [&](int64_t p) { return !range.Contains(p); }),
      axis.end());
  for (size_t f = 0; f < feeds.size(); ++f) {
    if (!feeds[f].aligned) continue;
    inputs->columns[f] = inputs->columns[f].Slice(range);
    for (Part& part : inputs->parts[f]) part.columns = part.columns.Slice(range);
  }
}

}  // namespace

Verdict CheckParts(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    for (int h = 0; h < kHistories; ++h) {
      const int64_t count = Between(&context->random, 0, kLongest);
      const FedInputs inputs(RichFeeds(*accepted.setup, &context->random, count));
      const Outcome whole = ComputeAnew(*context, accepted, inputs);
      if (whole.code != PT_OK) continue;
      for (int w = 0; w < kWindows; ++w) {
        const PeriodRange window = DrawWindow(&context->random, *accepted.setup);
        const Outcome wanted = Sliced(whole, window);
        const Outcome part = ComputeAnew(*context, accepted, inputs, window);
        if (!SameOutcome(wanted, part)) {
          return absl::StrCat(WindowText(*accepted.setup, window),
                              " it gives something else than for all: ", Difference(wanted, part));
        }
      }
    }
    return "";
  });
}

Verdict CheckReach(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    Handle handle(context->library.table, context->descriptor);
    handle.Create(accepted.bound);
    const Window reach = handle.GetWindow();
    handle.Destroy();
    if (reach.look_back < kUnbounded || reach.look_ahead < kUnbounded) {
      return "its window is negative";
    }
    for (int h = 0; h < kHistories; ++h) {
      const int64_t count = Between(&context->random, 0, kLongest);
      const std::vector<Feed> feeds = RichFeeds(*accepted.setup, &context->random, count);
      for (int w = 0; w < kWindows; ++w) {
        const PeriodRange window = DrawWindow(&context->random, *accepted.setup);
        PeriodRange seen;
        if (reach.look_back != kUnbounded) seen.first = window.first - reach.look_back;
        if (reach.look_ahead != kUnbounded) seen.last = window.last + reach.look_ahead;
        const FedInputs inputs(feeds);
        FedInputs near(feeds);
        Cut(feeds, seen, &near);
        const Outcome all = ComputeAnew(*context, accepted, inputs, window);
        const Outcome blind = ComputeAnew(*context, accepted, near, window);
        if (all.code != PT_OK || blind.code != PT_OK || SameOutcome(all, blind)) continue;
        return absl::StrCat(WindowText(*accepted.setup, window),
                            " it gives something else when it sees no more ",
                            "than its window declares, ", Reach(reach.look_back), " back and ",
                            Reach(reach.look_ahead), " ahead: ", Difference(all, blind));
      }
    }
    return "";
  });
}

}  // namespace policytrack::plugins
