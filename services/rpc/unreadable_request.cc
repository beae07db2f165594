#include "services/rpc/unreadable_request.h"

#include "core/error.h"
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

class Factory final : public experimental::ServerInterceptorFactoryInterface {
 public:
  experimental::Interceptor* CreateServerInterceptor(experimental::ServerRpcInfo* info) override {
    return new Interceptor;
  }
};

}  // namespace

std::unique_ptr<experimental::ServerInterceptorFactoryInterface> UnreadableRequests() {
  return std::make_unique<Factory>();
}

}  // namespace policytrack::rpc
