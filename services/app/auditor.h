// Audits: one in so many incremental evaluations is computed in full as well, and a
// difference tells that the plugin declares too small a window.
//
// Thread rule: values and free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_AUDITOR_H_
#define POLICYTRACK_SERVICES_APP_AUDITOR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "services/app/figures.h"

namespace policytrack::app {

class Auditor {
 public:
  // One in `interval`; 0 means none.
  explicit Auditor(int64_t interval = 0) : interval_(interval) {}

  // The same for the same parent and revision, at any time and on any machine.
  bool Chooses(absl::string_view parent, int64_t input_revision) const;

 private:
  int64_t interval_;
};

// What an audit found.
struct AuditFinding {
  std::string plugin;  // `plugins/{plugin}`
  std::string version;
  std::string build_digest;
  std::string message;
};

// How two evaluations of one thing differ, each as what it would change: the first
// series and period; empty when they do not.
std::string DifferenceWords(const ParentPatch& window, const ParentPatch& whole);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_AUDITOR_H_
