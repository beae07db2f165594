#include "services/rpc/unreadable_request.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "core/error.h"
#include "google/protobuf/descriptor.h"
#include "services/rpc/status.h"

namespace policytrack::rpc {
namespace {

namespace experimental = grpc::experimental;

class Interceptor final : public experimental::Interceptor {
 public:
  void Intercept(experimental::InterceptorBatchMethods* methods) override {
    // No handler of ours says UNIMPLEMENTED, and none says anything without a word.
    if (methods->QueryInterceptionHookPoint(
            experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED &&
          status.error_message().empty()) {
        int unused = 0;
        methods->ModifySendStatus(ToGrpcStatus(
            FieldInvalid("request",
                         "its bytes are no message of the method's request type: cut off, of "
                         "another type, or a text that is not UTF-8"),
            "", [](absl::string_view) {}, &unused));
      }
    }
    methods->Proceed();
  }
};

// Whether `path`, as "/policytrack.v1.PlanService/GetPlan", is a method of ours. Of
// the others UNIMPLEMENTED is the truth; clients rely on it to find the version
// of reflection that is there.
bool IsOurs(const char* path) {
  if (path == nullptr || *path != '/') return false;
  std::string name = path + 1;
  std::replace(name.begin(), name.end(), '/', '.');
  return absl::StartsWith(name, "policytrack.v1.") &&
         google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name) != nullptr;
}

class Factory final : public experimental::ServerInterceptorFactoryInterface {
 public:
  experimental::Interceptor* CreateServerInterceptor(experimental::ServerRpcInfo* info) override {
    return IsOurs(info->method()) ? new Interceptor : nullptr;
  }
};

}  // namespace

std::unique_ptr<experimental::ServerInterceptorFactoryInterface> UnreadableRequests() {
  return std::make_unique<Factory>();
}

}  // namespace policytrack::rpc
