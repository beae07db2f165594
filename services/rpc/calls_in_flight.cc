#include "services/rpc/calls_in_flight.h"

#include "absl/strings/match.h"

namespace policytrack::rpc {

// Lives as long as its call.
class CallsInFlight::Call final : public grpc::experimental::Interceptor {
 public:
  explicit Call(CallsInFlight* calls) : calls_(calls) {
    absl::MutexLock lock(&calls_->mutex_);
    ++calls_->count_;
  }
  ~Call() override {
    absl::MutexLock lock(&calls_->mutex_);
    --calls_->count_;
  }
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    methods->Proceed();
  }

 private:
  CallsInFlight* const calls_;
};

class CallsInFlight::Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(CallsInFlight* calls) : calls_(calls) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    // Not health and reflection: who watches health does so until the server is gone.
    const bool ours = absl::StartsWith(info->method(), "/policytrack.");
    return ours ? new Call(calls_) : nullptr;
  }

 private:
  CallsInFlight* const calls_;
};

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CallsInFlight::Counter() {
  return std::make_unique<Factory>(this);
}

bool CallsInFlight::AwaitNone() {
  absl::MutexLock lock(&mutex_);
  const auto over = [this]()
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0 || closed_; };
  mutex_.Await(absl::Condition(&over));
  return !closed_;
}

void CallsInFlight::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

}  // namespace policytrack::rpc
