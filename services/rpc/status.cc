#include "services/rpc/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/rpc/request_id.h"

namespace policytrack::rpc {
namespace {

constexpr size_t kMaxDetailBytes = 4096;
constexpr int kRetryAfterMs = 200;

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view method, const Log& log,
                          int* retry_after_ms, absl::string_view request_id) {
  *retry_after_ms = 0;
  if (status.ok()) return grpc::Status::OK;
  if (ReasonOf(status).empty()) {
    const std::string id = request_id.empty() ? NewRequestId() : std::string(request_id);
    log.Error(absl::StrCat("internal error ", id, " in ", method, ": ", status.ToString()));
    return ToGrpcStatus(
        Error(absl::StatusCode::kInternal, reason::kInternalError,
              absl::StrCat("internal error ", id, "; the server's log says more under this id"),
              {{"request_id", id}}),
        method, log, retry_after_ms);
  }
  const std::string message = CutText(std::string(status.message()), 2000);
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  // ErrorInfo first; what no longer fits is left out.
  std::vector<std::pair<std::string, std::string>> payloads;
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    auto item = std::make_pair(std::string(type), std::string(payload));
    if (absl::StrContains(type, "google.rpc.ErrorInfo")) {
      payloads.insert(payloads.begin(), std::move(item));
    } else {
      payloads.push_back(std::move(item));
    }
  });
  if (status.code() == absl::StatusCode::kUnavailable) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_nanos(kRetryAfterMs * 1000000);
    details.add_details()->PackFrom(retry);
    *retry_after_ms = kRetryAfterMs;
  }
  for (auto& [type, value] : payloads) {
    if (details.ByteSizeLong() + type.size() + value.size() + 16 > kMaxDetailBytes) continue;
    google::protobuf::Any* any = details.add_details();
    any->set_type_url(type);
    any->set_value(std::move(value));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      details.SerializeAsString());
}

}  // namespace policytrack::rpc
