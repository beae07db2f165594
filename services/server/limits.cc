#include "services/server/limits.h"

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "grpcpp/resource_quota.h"

namespace policytrack::server {
namespace {

constexpr int kMaxReceiveBytes = 4 << 20;
constexpr int kMaxMetadataBytes = 8 << 10;
constexpr int kMaxConcurrentStreams = 100;
// Pings that come too early before the connection is closed.
constexpr int kMaxPingStrikes = 2;

}  // namespace

void SetLimits(const Config& config, grpc::ServerBuilder* builder) {
  const auto milliseconds = [](int seconds) { return seconds * 1000; };
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxConcurrentStreams);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder->SetMaxReceiveMessageSize(kMaxReceiveBytes);
  // A compressed message may be a thousand times larger than it looks.
  for (int algorithm = 1; algorithm < GRPC_COMPRESS_ALGORITHMS_COUNT; ++algorithm) {
    builder->SetCompressionAlgorithmSupportStatus(
        static_cast<grpc_compression_algorithm>(algorithm), false);
  }
  grpc::ResourceQuota quota("policytrack");
  quota.Resize(static_cast<size_t>(config.rpc_memory_mib) << 20);
  builder->SetResourceQuota(quota);

  // Until a connection has said its settings.
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              milliseconds(config.handshake_timeout_seconds));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(config.keepalive_seconds));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              milliseconds(config.keepalive_timeout_seconds));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              milliseconds(config.min_ping_interval_seconds));
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kMaxPingStrikes);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                              milliseconds(config.max_connection_idle_seconds));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                              milliseconds(config.max_connection_age_seconds));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              milliseconds(config.max_connection_age_grace_seconds));
}

void RaiseFileLimit(const Config& config, const rpc::Log& log) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(config.max_connections) + kOwnFiles;
  if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < wanted) {
    log.Warning(absl::StrCat("the limit of open files, ", limit.rlim_cur, ", is too low for ",
                             config.max_connections,
                             " connections (--max-connections); raise LimitNOFILE to ", wanted));
  }
}

}  // namespace policytrack::server
