#include "services/server/call_log.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace policytrack::server {

void CallLog::Answered(const rpc::AnsweredCall& call) {
  const int slow_ms = slow_ms_.load(std::memory_order_relaxed);
  // A stream of answers is open for as long as the client likes.
  const bool slow =
      slow_ms > 0 && !call.streams_answer && call.duration >= absl::Milliseconds(slow_ms);
  // The library ends those who watch its health so when the server stops.
  const bool health = absl::StartsWith(call.method, "/grpc.health.v1.Health/");
  const bool ours = !health && (call.code == grpc::StatusCode::INTERNAL ||
                                call.code == grpc::StatusCode::UNKNOWN ||
                                call.code == grpc::StatusCode::DATA_LOSS);
  if (slow) slow_calls_.fetch_add(1, std::memory_order_relaxed);
  const auto level = ours ? spdlog::level::err : slow ? spdlog::level::warn : spdlog::level::debug;
  if (log_ == nullptr || !log_->Writes(level)) return;
  log_->Write(
      level,
      ours   ? "failed call"
      : slow ? "slow call"
             : "call",
      {{"request_id", std::string(call.request_id)},
       {"method", std::string(call.method)},
       {"peer", call.Peer()},
       {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code))},
       {"duration_ms", absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(call.duration)), true}});
}

}  // namespace policytrack::server
