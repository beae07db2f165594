// What PolicyTrack is measured at by more than one case.
//
// Thread rule: free functions; one at a time.
#ifndef POLICYTRACK_BENCH_SUBJECTS_H_
#define POLICYTRACK_BENCH_SUBJECTS_H_

#include <vector>

#include "bench/case.h"
#include "bench/messages.h"

namespace policytrack::bench {

// Observations a second of one bulk push into a new store.
double PushIntoNewStore(const Setting& setting, const PushMessages& messages);

// Seconds of the bulk push into a new store, and of growth on the year before over
// all that it brought, by so many indicators: read, computed by the plugin, checked,
// stored with provenance.
struct Evaluated {
  double push = 0;
  double evaluation = 0;
  double peak_bytes = 0;  // the most memory that the server had
};
Evaluated EvaluateInNewStore(const Setting& setting, const Figures& figures, int indicators = 1);

// Milliseconds of pushes of one new month of one series each into a store that holds
// these figures and growth over all of them: of the push, until the growth can be
// read, and of reading it once more.
struct OneMonth {
  double push = 0;
  double visible = 0;
  double read = 0;
};
std::vector<OneMonth> PushOneMonths(const Setting& setting, const Figures& figures, int pushes);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_SUBJECTS_H_
