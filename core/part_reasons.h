// Why a figure has no value that is made of several periods, of which some have none.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_PART_REASONS_H_
#define POLICYTRACK_CORE_PART_REASONS_H_

#include "core/columns.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack {

// Why what rests on a missing part is missing: what is suppressed stays so.
inline v1::MissingReason ReasonAfter(Flags part) {
  return ReasonOfFlags(part) == v1::MISSING_REASON_SUPPRESSED ? v1::MISSING_REASON_SUPPRESSED
                                                              : v1::MISSING_REASON_INPUT_MISSING;
}

inline bool IsIncomplete(Flags flags) {
  return IsMissing(flags) && ReasonOfFlags(flags) == v1::MISSING_REASON_PERIOD_INCOMPLETE;
}

// The same where the part is the last one there is: what goes on makes nothing whole,
// and what rests on it goes on too.
inline v1::MissingReason ReasonAfterLast(Flags part) {
  return IsIncomplete(part) ? v1::MISSING_REASON_PERIOD_INCOMPLETE : ReasonAfter(part);
}

// Why there is no result where no part has anything to add: one that is part of
// another figure has a value there, and so has the whole.
inline v1::MissingReason NothingReason(Flags part, v1::MissingReason so_far) {
  return ReasonOfFlags(part) == v1::MISSING_REASON_INCLUDED_ELSEWHERE
             ? v1::MISSING_REASON_INCLUDED_ELSEWHERE
             : so_far;
}

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_PART_REASONS_H_
