// The recursive part of CheckFields; see field_behavior.h, which is what others
// include.
#ifndef POLICYTRACK_CORE_MESSAGE_CHECKS_H_
#define POLICYTRACK_CORE_MESSAGE_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace policytrack {

// Checks a message and all in it. `path` is where it stands; "" at the top.
absl::Status CheckMessage(const google::protobuf::Message& message, const std::string& path);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_MESSAGE_CHECKS_H_
