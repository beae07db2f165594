#include "services/rpc/unreadable_request.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "google/protobuf/descriptor.h"
#include "services/rpc/status.h"

namespace policytrack::rpc {
namespace {

// Whether `path`, as "/policytrack.v1.PlanService/GetPlan", is a method of ours. Of
// the others UNIMPLEMENTED is the truth; clients rely on it to find the version
// of reflection that is there.
bool IsOurs(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "/")) return false;
  std::string name(path);
  std::replace(name.begin(), name.end(), '/', '.');
  return absl::StartsWith(name, "policytrack.v1.") &&
         google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name) != nullptr;
}

}  // namespace

void CorrectUnreadable(absl::string_view method,
                       grpc::experimental::InterceptorBatchMethods* methods) {
  // No handler of ours says UNIMPLEMENTED, and none says anything without a word.
  const grpc::Status status = methods->GetSendStatus();
  if (status.error_code() != grpc::StatusCode::UNIMPLEMENTED || !status.error_message().empty() ||
      !IsOurs(method)) {
    return;
  }
  int unused = 0;
  methods->ModifySendStatus(ToGrpcStatus(
      FieldInvalid("request",
                   "its bytes are no message of the method's request type: cut off, of "
                   "another type, or a text that is not UTF-8"),
      "", [](absl::string_view) {}, &unused));
}

}  // namespace policytrack::rpc
