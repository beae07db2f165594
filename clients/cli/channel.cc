#include "clients/cli/channel.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace policytrack::cli {
namespace {

constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr char kPushbackKey[] = "grpc-retry-pushback-ms";
constexpr absl::Duration kFirstPause = absl::Milliseconds(250);
constexpr absl::Duration kLongestPause = absl::Seconds(8);
// A server that asks for more patience than this is taken as unavailable: a CI
// job that hangs is no better than one that fails.
constexpr absl::Duration kLongestAskedPause = absl::Seconds(60);
constexpr int kMaxMessageBytes = 64 << 20;

std::optional<absl::Duration> AskedPause(const absl::Status& status,
                                         const grpc::ClientContext& context) {
  if (auto payload = status.GetPayload(kRetryInfoUrl); payload.has_value()) {
    google::rpc::RetryInfo info;
    if (info.ParseFromString(std::string(*payload)) && info.has_retry_delay()) {
      return absl::Seconds(info.retry_delay().seconds()) +
             absl::Nanoseconds(info.retry_delay().nanos());
    }
  }
  const auto& trailers = context.GetServerTrailingMetadata();
  if (auto it = trailers.find(kPushbackKey); it != trailers.end()) {
    int64_t milliseconds = 0;
    if (absl::SimpleAtoi(absl::string_view(it->second.data(), it->second.size()), &milliseconds)) {
      return absl::Milliseconds(milliseconds);
    }
  }
  return std::nullopt;
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kDone;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kNotAllowed;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
      return kRefused;
    case absl::StatusCode::kResourceExhausted:
      return status.GetPayload(kRetryInfoUrl).has_value() ? kUnavailable : kRefused;
    default:
      return kUnavailable;
  }
}

Connection::Connection(ConnectionOptions options, Sleeper sleep,
                       std::function<void(const std::string&)> notice)
    : options_(std::move(options)), sleep_(std::move(sleep)), notice_(std::move(notice)) {
  grpc::ChannelArguments arguments;
  // Retries are counted here and nowhere else.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!options_.user_agent.empty()) arguments.SetUserAgentPrefix(options_.user_agent);
  channel_ =
      grpc::CreateCustomChannel(options_.server, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status Connection::Call(const Attempt& attempt, std::optional<absl::Duration> timeout,
                              const std::function<bool()>& went_on) {
  absl::BitGen random;
  absl::Duration pause = kFirstPause;
  for (int done = 0;; ++done) {
    grpc::ClientContext context;
    if (const absl::Duration limit = timeout.value_or(options_.timeout);
        limit < absl::InfiniteDuration()) {
      context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(limit));
    }
    const absl::Status status = NameServer(DecodeStatus(attempt(context)));
    if (status.ok()) return status;
    if (went_on && went_on()) {
      done = 0;
      pause = kFirstPause;
    }
    const std::optional<absl::Duration> asked = AskedPause(status, context);
    const bool retryable =
        status.code() == absl::StatusCode::kUnavailable ||
        (status.code() == absl::StatusCode::kResourceExhausted && asked.has_value());
    // A negative pushback says: do not come again.
    const bool wanted =
        !asked.has_value() || (*asked >= absl::ZeroDuration() && *asked <= kLongestAskedPause);
    if (!retryable || !wanted || done >= options_.retries) return status;
    // Jitter, so that jobs that failed together do not come back together.
    const absl::Duration wait =
        asked.has_value() ? *asked : pause * absl::Uniform(random, 0.75, 1.25);
    pause = std::min(pause * 2, kLongestPause);
    if (notice_) {
      notice_(absl::StrFormat("%s; trying again in %.1f s (%d of %d)", DescribeError(status),
                              absl::ToDoubleSeconds(wait), done + 1, options_.retries));
    }
    sleep_(wait);
  }
}

absl::Status Connection::NameServer(const absl::Status& status) const {
  // With a reason, the service itself answered.
  if (status.code() != absl::StatusCode::kUnavailable || !ReasonOf(status).empty()) return status;
  absl::Status named(status.code(), absl::StrCat("the service at ", options_.server,
                                                 " cannot be reached: ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { named.SetPayload(url, payload); });
  return named;
}

absl::Status DecodeStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status decoded(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      decoded.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return decoded;
}

std::string DescribeError(const absl::Status& status) {
  absl::string_view message = status.message();
  const std::string text =
      message.empty() ? absl::StatusCodeToString(status.code()) : InCommands(message);
  return absl::StrCat(text, " [", ReasonOrCode(status), "]");
}

std::string ReasonOrCode(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

std::string InCommands(absl::string_view text) {
  static constexpr std::pair<absl::string_view, absl::string_view> kCommands[] = {
      {"ListPlans", "`policytrack list plans`"},
      {"ListMeasures", "`policytrack list measures`"},
      {"ListDatasets", "`policytrack list datasets`"},
      {"ListIndicators", "`policytrack list indicators`"},
      {"ListScripts", "`policytrack list scripts`"},
      {"ListPlugins", "`policytrack plugins`"},
      {"ReloadPlugins", "`policytrack plugins reload`"},
      {"QuarantinePlugin", "`policytrack plugins quarantine`"},
      {"ReleasePlugin", "`policytrack plugins release`"},
      {"SelectPluginVersion", "`policytrack plugins use`"},
      {"ListCommits", "`policytrack commits`"},
      {"ListObservations", "`policytrack list observations`"},
      {"WatchEvents", "`policytrack watch`"},
      {"GetPlan", "`policytrack get plans/...`"},
      {"GetMeasure", "`policytrack get measures/...`"},
      {"GetDataset", "`policytrack get datasets/...`"},
      {"GetIndicator", "`policytrack get indicators/...`"},
      {"GetScript", "`policytrack get scripts/...`"},
      {"GetPlugin", "`policytrack get plugins/...`"},
      {"GetPlanProgress", "`policytrack report`"},
      {"ExplainProgress", "`policytrack explain`"},
      {"DownloadBackup", "`policytrack backup FILE`"},
  };
  std::string result;
  while (!text.empty()) {
    // Whole words alone: GetPlan is not the beginning of GetPlanProgress.
    size_t word = 0;
    while (word < text.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(text[word])) || text[word] == '_')) {
      ++word;
    }
    const auto* const found =
        std::find_if(std::begin(kCommands), std::end(kCommands),
                     [&](const auto& c) { return c.first == text.substr(0, word); });
    const size_t step = std::max<size_t>(word, 1);
    absl::StrAppend(&result, found == std::end(kCommands) ? text.substr(0, step) : found->second);
    text.remove_prefix(step);
  }
  return result;
}

std::string NewRequestId() {
  absl::BitGen random;
  uint64_t high = absl::Uniform<uint64_t>(random);
  uint64_t low = absl::Uniform<uint64_t>(random);
  high = (high & 0xffffffffffff0fffULL) | 0x4000;
  low = (low & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
                         high & 0xffff, low >> 48, low & 0xffffffffffffULL);
}

}  // namespace policytrack::cli
