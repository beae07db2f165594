#include "services/rpc/request_id.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace policytrack::rpc {
namespace {

constexpr size_t kMaxLength = 64;

uint64_t RandomStart() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace

bool IsGoodRequestId(absl::string_view id) {
  return !id.empty() && id.size() <= kMaxLength && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

std::string NewRequestId() {
  // Steps of an odd number pass through every value, and neighbours look apart.
  static std::atomic<uint64_t> next{RandomStart()};
  const uint64_t value = next.fetch_add(0x9e3779b97f4a7c15u, std::memory_order_relaxed);
  return absl::StrCat(absl::Hex(value, absl::kZeroPad16));
}

absl::string_view SentRequestId(const grpc::ServerContextBase& context) {
  const auto found = context.client_metadata().find(kRequestIdKey);
  if (found == context.client_metadata().end()) return "";
  const absl::string_view id(found->second.data(), found->second.size());
  return IsGoodRequestId(id) ? id : "";
}

}  // namespace policytrack::rpc
