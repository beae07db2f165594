// What a run found, as a table for people and as JSON for programs.
//
// Thread rule: free functions.
#ifndef POLICYTRACK_BENCH_REPORT_H_
#define POLICYTRACK_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "bench/case.h"

namespace policytrack::bench {

// One line a case, with what the columns mean above. The short form judges nothing.
std::string Table(const std::vector<CaseResult>& results, bool is_short);

// Where and when a run was.
struct Circumstances {
  std::string date;    // 2026-11-26
  std::string system;  // the distribution
  int processors = 0;
  std::string form;  // long or short
  double load_before = 0;
  double load_after = 0;
};

// The load of the last minute, and what else is known of the machine.
double Load();
Circumstances Here(bool is_short);

// {date, ..., cases: [...], targets: [{case, target, value, met}]}
std::string Json(const Circumstances& circumstances, const std::vector<CaseResult>& results);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_REPORT_H_
