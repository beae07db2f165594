#include "services/rpc/edge.h"

#include "absl/strings/str_cat.h"
#include "services/rpc/request_id.h"

namespace policytrack::rpc {

grpc::Status Edge::Convert(grpc::CallbackServerContext* context, const char* method,
                           const absl::Status& status) const {
  int retry_after_ms = 0;
  std::string id;
  // What we must look into goes under the id that the client sees of its call.
  if (!status.ok() && ReasonOf(status).empty()) {
    id = std::string(SentRequestId(*context));
    if (id.empty()) id = NewRequestId();
    context->AddTrailingMetadata(kRequestIdKey, id);
  }
  grpc::Status result = ToGrpcStatus(status, method, log_, &retry_after_ms, id);
  if (retry_after_ms > 0) {
    context->AddTrailingMetadata("grpc-retry-pushback-ms", absl::StrCat(retry_after_ms));
  }
  return result;
}

grpc::ServerUnaryReactor* Edge::Now(grpc::CallbackServerContext* context, const char* method,
                                    const std::function<absl::Status()>& handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(Convert(context, method, handler()));
  return reactor;
}

grpc::ServerUnaryReactor* Edge::Pooled(grpc::CallbackServerContext* context, const char* method,
                                       std::function<absl::Status()> handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool queued =
      executor_->Run([this, context, method, reactor, handler = std::move(handler)] {
        // A caller who has gone needs no answer computed.
        const absl::Status status = context->IsCancelled()
                                        ? Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                                                "the call was cancelled before it was run")
                                        : handler();
        reactor->Finish(Convert(context, method, status));
      });
  if (!queued) {
    reactor->Finish(Convert(context, method,
                            Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                                  "the server has more to compute than it can queue; try again")));
  }
  return reactor;
}

grpc::ServerUnaryReactor* Edge::NowOrPooled(
    grpc::CallbackServerContext* context, const char* method,
    const std::function<std::optional<absl::Status>()>& at_once,
    std::function<absl::Status()> handler) {
  const std::optional<absl::Status> status = at_once();
  if (!status.has_value()) return Pooled(context, method, std::move(handler));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(Convert(context, method, *status));
  return reactor;
}

grpc::ServerUnaryReactor* Edge::Later(grpc::CallbackServerContext* context, const char* method,
                                      const std::function<void(Finish)>& start) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  start([this, context, method, reactor](const absl::Status& status) {
    reactor->Finish(Convert(context, method, status));
  });
  return reactor;
}

std::string PrincipalOf(const grpc::CallbackServerContext& context) { return "anonymous"; }

}  // namespace policytrack::rpc
