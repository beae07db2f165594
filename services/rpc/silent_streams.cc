#include "services/rpc/silent_streams.h"

#include <algorithm>

namespace policytrack::rpc {
namespace {

constexpr absl::Duration kEvery = absl::Seconds(1);

}  // namespace

SilentStreams::SilentStreams(absl::Duration limit) : limit_(limit), thread_([this] { Look(); }) {}

SilentStreams::~SilentStreams() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void SilentStreams::Add(const std::shared_ptr<Stream>& stream) {
  absl::MutexLock lock(&mutex_);
  streams_.push_back(stream);
}

void SilentStreams::Look() {
  while (true) {
    // Ended outside of the lock: what ends may call anything.
    std::vector<std::shared_ptr<Stream>> open;
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), kEvery)) return;
      const auto gone = std::remove_if(streams_.begin(), streams_.end(),
                                       [](const auto& stream) { return stream.expired(); });
      streams_.erase(gone, streams_.end());
      for (const auto& stream : streams_) {
        if (auto held = stream.lock()) open.push_back(std::move(held));
      }
    }
    const Time since = std::chrono::steady_clock::now() - absl::ToChronoNanoseconds(limit_);
    for (const auto& stream : open) stream->EndIfSilentSince(since);
  }
}

}  // namespace policytrack::rpc
