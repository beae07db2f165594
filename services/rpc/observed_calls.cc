#include "services/rpc/observed_calls.h"

#include <chrono>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "services/rpc/request_id.h"
#include "services/rpc/unreadable_request.h"

namespace policytrack::rpc {
namespace {

namespace experimental = grpc::experimental;

class Interceptor final : public experimental::Interceptor {
 public:
  // The method's name lives as long as the server, the rest of `info` not so long.
  Interceptor(const std::vector<CallObserver*>& observers, experimental::ServerRpcInfo* info)
      : observers_(observers),
        info_(info),
        method_(info->method()),
        start_(std::chrono::steady_clock::now()) {
    for (CallObserver* observer : observers_) observer->Begun(method_);
  }
  ~Interceptor() override {
    for (CallObserver* observer : observers_) observer->Ended(method_);
  }

  void Intercept(experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      CorrectUnreadable(method_, methods);
      AnsweredCall call;
      call.method = method_;
      call.context = info_->server_context();
      call.streams_answer = info_->type() == experimental::ServerRpcInfo::Type::SERVER_STREAMING ||
                            info_->type() == experimental::ServerRpcInfo::Type::BIDI_STREAMING;
      call.request_id = GiveBackRequestId(methods->GetSendTrailingMetadata());
      call.code = methods->GetSendStatus().error_code();
      call.duration = absl::FromChrono(std::chrono::steady_clock::now() - start_);
      for (CallObserver* observer : observers_) observer->Answered(call);
    }
    methods->Proceed();
  }

 private:
  // An error that names its id has put it there already.
  absl::string_view GiveBackRequestId(std::multimap<std::string, std::string>* metadata) {
    auto found = metadata->find(kRequestIdKey);
    if (found == metadata->end()) {
      std::string id(SentRequestId(*info_->server_context()));
      if (id.empty()) id = NewRequestId();
      found = metadata->emplace(kRequestIdKey, std::move(id));
    }
    return found->second;
  }

  const std::vector<CallObserver*>& observers_;
  experimental::ServerRpcInfo* const info_;
  const absl::string_view method_;
  const std::chrono::steady_clock::time_point start_;
};

class Factory final : public experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(std::vector<CallObserver*> observers) : observers_(std::move(observers)) {}
  experimental::Interceptor* CreateServerInterceptor(experimental::ServerRpcInfo* info) override {
    return new Interceptor(observers_, info);
  }

 private:
  const std::vector<CallObserver*> observers_;
};

}  // namespace

std::unique_ptr<experimental::ServerInterceptorFactoryInterface> ObservedCalls(
    std::vector<CallObserver*> observers) {
  return std::make_unique<Factory>(std::move(observers));
}

}  // namespace policytrack::rpc
