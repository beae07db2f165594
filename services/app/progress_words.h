// Progress in words, for sentences.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_PROGRESS_WORDS_H_
#define POLICYTRACK_SERVICES_APP_PROGRESS_WORDS_H_

#include <string>

#include "policytrack/v1/progress.pb.h"

namespace policytrack::app {

// A value in the unit of the target.
std::string WithUnit(double value, const v1::TargetProgress& progress);

// A change of it: that of a percentage is in percentage points.
std::string ChangeWithUnit(double value, const v1::TargetProgress& progress);

// A number for reading, without a unit.
std::string NumberWords(double value);

// What a target does: "is on track".
std::string StatusWords(v1::ProgressStatus status);

// The status by itself: "on track".
std::string StatusName(v1::ProgressStatus status);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PROGRESS_WORDS_H_
