// What plugin-check says: for people, for programs, for CI.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_REPORT_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/conformance/check.h"

namespace policytrack::plugins {

struct Finding {
  const Check* check;
  Verdict verdict;
  double seconds = 0;
};

struct Report {
  std::string path;
  std::string plugin;
  uint64_t seed = 0;
  std::vector<Finding> results;

  int Count(Verdict::Kind kind) const;
};

std::string FindingLine(const Finding& result);  // of the text
std::string TextSummary(const Report& report);   // its last lines
std::string JsonReport(const Report& report);
std::string JunitReport(const Report& report);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_REPORT_H_
