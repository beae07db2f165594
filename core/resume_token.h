// Resume tokens: where a watch goes on. A token names the last commit told by its
// revision and by its chain digest, which no other store and no other history of
// this one has; and it is good only for a watch that selects the same.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_RESUME_TOKEN_H_
#define POLICYTRACK_CORE_RESUME_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack {

// How much of a chain digest a token carries.
inline constexpr size_t kResumeChainBytes = 16;

struct ResumePoint {
  int64_t revision = 0;  // of the last commit told; 0 before the first
  std::string chain;     // the first kResumeChainBytes of its chain digest; empty before the first
};

// `selection_digest` is over what the watch selects.
std::string MakeResumeToken(absl::string_view selection_digest, const ResumePoint& point);

// Returns INVALID_ARGUMENT / RESUME_TOKEN_INVALID when the token is not one of ours,
// is damaged, or belongs to a watch that selects otherwise; the message says which.
absl::StatusOr<ResumePoint> ParseResumeToken(absl::string_view selection_digest,
                                             absl::string_view token);

// That error, for one who knows the store. `why` is the end of "resume_token: ".
absl::Status ResumeTokenInvalid(absl::string_view why);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_RESUME_TOKEN_H_
