// A check in a process of its own: whatever the plugin does there is a verdict.
//
// Thread rule: one call at a time.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_PROCESS_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_PROCESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "plugins/conformance/check.h"

namespace policytrack::plugins {

// Runs this program again with `--run`, for one check. A check that crashes, ends
// its process, or is not over in time has failed, and the message says so with
// what it printed.
Verdict RunInProcess(const Check& check, const std::string& plugin, uint64_t seed,
                     std::chrono::milliseconds timeout);

// The other side: makes the check and reports to the descriptor. Does not return.
[[noreturn]] void RunHere(const std::string& check, const std::string& plugin, uint64_t seed,
                          int report_fd);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_PROCESS_H_
