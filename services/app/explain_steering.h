// The sentences of an explanation that say what would change a judgement and what
// others say: what steers, and the further assessments.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_EXPLAIN_STEERING_H_
#define POLICYTRACK_SERVICES_APP_EXPLAIN_STEERING_H_

#include "policytrack/v1/progress_service.pb.h"

namespace policytrack::app {

// The best pace and from when on it is not enough, what would flip the status, and
// figures that are not final.
void AddSteeringSentences(const v1::TargetProgress& progress,
                          v1::ExplainProgressResponse* response);

// What the further assessments say, by what sets them apart from the target's own,
// which the step is of; and whether all agree.
void AddFurtherSentences(const v1::ExplainedStep& own, const v1::TargetProgress& progress,
                         v1::ExplainProgressResponse* response);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EXPLAIN_STEERING_H_
