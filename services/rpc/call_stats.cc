#include "services/rpc/call_stats.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace policytrack::rpc {
namespace {

constexpr size_t kCodes = 17;

}  // namespace

// One histogram a code. Relaxed: a scrape may see a call in one number and not yet
// in another, never a number that goes down.
struct CallStats::Counters {
  Counters(std::string service, std::string method)
      : service(std::move(service)), method(std::move(method)) {}

  struct Histogram {
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets = {};
    std::atomic<std::uint64_t> nanoseconds{0};
  };

  const std::string service;
  const std::string method;
  std::atomic<int64_t> open{0};
  std::array<Histogram, kCodes> codes;
};

CallStats::CallStats(const std::vector<std::string>& services) {
  for (const std::string& name : services) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string& method = service->method(i)->name();
      all_.push_back(std::make_unique<Counters>(name, method));
      by_path_.emplace(absl::StrCat("/", name, "/", method), all_.back().get());
    }
  }
  std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
    return std::tie(a->service, a->method) < std::tie(b->service, b->method);
  });
  all_.push_back(std::make_unique<Counters>("other", "other"));
}

CallStats::~CallStats() = default;

CallStats::Counters& CallStats::Of(absl::string_view method) const {
  const auto found = by_path_.find(method);
  return found == by_path_.end() ? *all_.back() : *found->second;
}

void CallStats::Begun(absl::string_view method) {
  Of(method).open.fetch_add(1, std::memory_order_relaxed);
}

void CallStats::Ended(absl::string_view method) {
  Of(method).open.fetch_sub(1, std::memory_order_relaxed);
}

void CallStats::Answered(const AnsweredCall& call) {
  const auto code = static_cast<size_t>(call.code);
  auto& histogram = Of(call.method).codes[code < kCodes ? code : 2];  // 2: UNKNOWN
  const double seconds = absl::ToDoubleSeconds(call.duration);
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
  histogram.buckets[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  histogram.nanoseconds.fetch_add(
      static_cast<std::uint64_t>(std::max<int64_t>(0, absl::ToInt64Nanoseconds(call.duration))),
      std::memory_order_relaxed);
}

std::vector<CallStats::Method> CallStats::Read() const {
  std::vector<Method> methods;
  for (const auto& counters : all_) {
    Method method{
        counters->service, counters->method, counters->open.load(std::memory_order_relaxed), {}};
    for (size_t c = 0; c < kCodes; ++c) {
      Code code{absl::StatusCodeToString(static_cast<absl::StatusCode>(c)), {}};
      for (size_t b = 0; b < code.durations.buckets.size(); ++b) {
        code.durations.buckets[b] = counters->codes[c].buckets[b].load(std::memory_order_relaxed);
        code.durations.count += code.durations.buckets[b];
      }
      if (code.durations.count == 0) continue;
      code.durations.seconds =
          1e-9 *
          static_cast<double>(counters->codes[c].nanoseconds.load(std::memory_order_relaxed));
      method.codes.push_back(std::move(code));
    }
    if (method.open != 0 || !method.codes.empty()) methods.push_back(std::move(method));
  }
  return methods;
}

}  // namespace policytrack::rpc
