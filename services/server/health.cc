#include "services/server/health.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::server {
namespace {

constexpr absl::Duration kEvery = absl::Seconds(1);

}  // namespace

Health::Health(std::function<absl::Duration()> monotonic) : monotonic_(std::move(monotonic)) {}

Health::~Health() { Stop(); }

void Health::Enter(Phase phase) {
  absl::MutexLock lock(&mutex_);
  phase_ = phase;
  ++changes_;
}

void Health::SetStore(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  store_ = status;
  ++changes_;
}

void Health::Watch(std::function<absl::Status()> probe, std::function<void(const State&)> publish) {
  {
    absl::MutexLock lock(&mutex_);
    watched_ = true;
    last_beat_ = monotonic_();
  }
  threads_.emplace_back([this, probe = std::move(probe)] { Probe(probe); });
  threads_.emplace_back([this, publish = std::move(publish)] { Publish(publish); });
}

void Health::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Health::Probe(const std::function<absl::Status()>& probe) {
  while (true) {
    absl::Status status = probe();
    // That it is busy is no fault of the store, and passes.
    if (status.code() == absl::StatusCode::kUnavailable) status = absl::OkStatus();
    absl::MutexLock lock(&mutex_);
    last_beat_ = monotonic_();
    if (probe_ != status) ++changes_;
    probe_ = std::move(status);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), kEvery)) return;
  }
}

void Health::Publish(const std::function<void(const State&)>& publish) {
  int seen = -1;
  bool live = true;
  while (true) {
    State state;
    {
      absl::MutexLock lock(&mutex_);
      const auto wake = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stop_ || seen != changes_;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&wake), kEvery);
      if (stop_) return;
      state = GetLocked();
      if (seen == changes_ && live == state.live) continue;
      seen = changes_;
      live = state.live;
    }
    publish(state);
  }
}

Health::State Health::Get() const {
  absl::MutexLock lock(&mutex_);
  return GetLocked();
}

Health::State Health::GetLocked() const {
  State state;
  const absl::Duration silence =
      watched_ && !stop_ ? monotonic_() - last_beat_ : absl::ZeroDuration();
  state.live = silence <= kMaxSilence;
  if (!state.live) {
    state.why = absl::StrCat("no read of the store has come back for ",
                             absl::ToInt64Seconds(silence), " s");
  } else if (phase_ == Phase::kStarting) {
    state.why = "starting";
  } else if (phase_ == Phase::kStopping) {
    state.why = "stopping";
  } else {
    for (const absl::Status* status : {&store_, &probe_}) {
      // The text of a failure is for the log; its reason is for everybody.
      if (!status->ok() && state.why.empty()) {
        const std::string reason = ReasonOf(*status);
        state.why =
            absl::StrCat("the store has failed", reason.empty() ? "" : absl::StrCat(": ", reason));
      }
    }
  }
  state.ready = state.why.empty();
  state.failed = !state.ready && (!state.live || phase_ == Phase::kServing);
  return state;
}

}  // namespace policytrack::server
