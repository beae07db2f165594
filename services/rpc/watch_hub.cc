#include "services/rpc/watch_hub.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "google/rpc/error_details.pb.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "services/rpc/watcher.h"

namespace policytrack::rpc {
namespace {

constexpr char kMethod[] = "WatchEvents";
constexpr int64_t kRetryAfterSeconds = 5;
// How long a message may be on its way when others wait for its bytes.
constexpr absl::Duration kPatienceOfStarved = absl::Seconds(2);

// A stream that ends at once.
class Refusal final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

absl::Status Stopping() {
  return Error(absl::StatusCode::kUnavailable, reason::kServerStopping,
               "the server is stopping; go on with the last resume_token when it is back");
}

absl::Status TooMany(int limit) {
  absl::Status status = Error(absl::StatusCode::kResourceExhausted, reason::kTooManyWatchers,
                              absl::StrCat(limit,
                                           " watch already, as many as this server allows "
                                           "(--max-watchers); try again later"));
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(kRetryAfterSeconds);
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo",
                    absl::Cord(retry.SerializeAsString()));
  return status;
}

// The message as the library takes it, without a copy.
grpc::ByteBuffer BufferOf(app::WatchMessage message) {
  auto* const held = new app::WatchMessage(std::move(message));
  const grpc::Slice slice(
      const_cast<char*>((*held)->data()), (*held)->size(),
      [](void* data) { delete static_cast<app::WatchMessage*>(data); }, held);
  return grpc::ByteBuffer(&slice, 1);
}

// Not the clock of the wall, which may be set.
absl::Duration Now() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

int64_t SecondOf(absl::Duration time) { return absl::ToInt64Seconds(time); }

}  // namespace

WatchHub::WatchHub(Edge* edge, storage::Store* store, app::WatchLog* log, const Limits& limits)
    : edge_(edge), store_(store), log_(log), limits_(limits) {
  listener_ = store_->AddListener([this](int64_t revision) { Wake(revision); });
  Wake(store_->revision());
  absl::MutexLock lock(&join_mutex_);
  for (int i = 0; i < kPumps; ++i) threads_.emplace_back([this] { Pump(); });
  threads_.emplace_back([this] { Judge(); });
  threads_.emplace_back([this] { CountSeconds(); });
}

WatchHub::~WatchHub() {
  Stop(absl::ZeroDuration());
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  absl::MutexLock lock(&join_mutex_);
  for (std::thread& thread : threads_) thread.join();
}

int WatchHub::watchers() const {
  absl::MutexLock lock(&mutex_);
  return count_;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchHub::Open(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request) {
  auto parsed = std::make_unique<v1::WatchEventsRequest>();
  grpc::ByteBuffer bytes(*request);
  const auto refuse = [&](const absl::Status& status) {
    return new Refusal(edge_->Convert(context, kMethod, status));
  };
  if (!grpc::SerializationTraits<v1::WatchEventsRequest>::Deserialize(&bytes, parsed.get()).ok()) {
    return refuse(FieldInvalid("request",
                               "is no WatchEventsRequest: its bytes are cut off or a text is not "
                               "UTF-8; send it again"));
  }
  auto watcher = std::make_unique<Watcher>(this, context, std::move(parsed));
  bool stopping = false;
  {
    absl::MutexLock lock(&mutex_);
    stopping = stopping_;
    if (!stopping && count_ < limits_.max_watchers) {
      ++count_;
      MakeReady(watcher.get());
      return watcher.release();
    }
  }
  return refuse(stopping ? Stopping() : TooMany(limits_.max_watchers));
}

void WatchHub::Stop(absl::Duration grace) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
    stop_judging_ = true;
  }
  store_->RemoveListener(listener_);
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0; };
  {
    absl::MutexLock lock(&mutex_);
    ready_.TakeAll(&parked_);
    ready_.TakeAll(&starved_);
    judgements_.TakeAll(&ready_);
    mutex_.AwaitWithTimeout(absl::Condition(&empty), grace);
  }
  while (CutOffOne(absl::InfiniteDuration())) {
  }
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&empty), grace);
}

void WatchHub::Wake(int64_t revision) {
  absl::MutexLock lock(&mutex_);
  latest_ = std::max(latest_, revision);
  ready_.TakeAll(&parked_);
}

void WatchHub::MakeReady(Watcher* watcher) { ready_.PushBack(&watcher->place_); }

void WatchHub::Pump() {
  while (true) {
    Watcher* watcher = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      const auto work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopped_ || !ready_.empty();
      };
      mutex_.Await(absl::Condition(&work));
      if (ready_.empty()) return;
      watcher = ready_.front();
      watcher->place_.Unlink();
    }
    RunOne(watcher);
  }
}

void WatchHub::RunOne(Watcher* watcher) {
  bool cancelled = false;
  bool stopping = false;
  bool heartbeat = false;
  absl::Status judged;
  {
    absl::MutexLock lock(&mutex_);
    cancelled = watcher->cancelled_;
    stopping = stopping_;
    heartbeat = watcher->heartbeat_due_;
    judged = watcher->judged_;
  }
  if (cancelled) return watcher->Finish(grpc::Status::CANCELLED);
  if (stopping) return End(watcher, Stopping());
  if (!judged.ok()) return End(watcher, judged);
  if (watcher->request_ != nullptr) {
    const absl::Status checked = CheckFields(*watcher->request_, "");
    if (!checked.ok()) return End(watcher, checked);
    absl::StatusOr<app::Watch> watch = log_->Begin(*watcher->request_);
    if (!watch.ok()) return End(watcher, watch.status());
    watcher->watch_ = *std::move(watch);
    watcher->request_ = nullptr;
    heartbeat = true;
    absl::MutexLock lock(&mutex_);
    Schedule(watcher, Now() + watcher->watch_.heartbeat_interval);
  }
  if (heartbeat) return Send(watcher, log_->Heartbeat(watcher->watch_));
  if (log_->held_bytes() > limits_.max_held_bytes) {
    absl::MutexLock lock(&mutex_);
    if (!sending_.empty()) return starved_.PushBack(&watcher->place_);
  }
  absl::StatusOr<app::WatchLog::Step> step = log_->Next(&watcher->watch_);
  if (!step.ok()) return End(watcher, step.status());
  const int64_t told = watcher->watch_.told.revision;
  switch (step->state) {
    case app::WatchLog::State::kMessage:
      return Send(watcher, std::move(step->message));
    case app::WatchLog::State::kEnd:
      if (watcher->token_sent_ < told) return Send(watcher, log_->Heartbeat(watcher->watch_));
      return watcher->Finish(grpc::Status::OK);
    case app::WatchLog::State::kPassed:
    case app::WatchLog::State::kJudge:
    case app::WatchLog::State::kPresent:
      break;
  }
  absl::MutexLock lock(&mutex_);
  if (watcher->cancelled_ || stopping_ || watcher->heartbeat_due_) return MakeReady(watcher);
  if (step->state == app::WatchLog::State::kJudge) {
    return judgements_.Wait(told + 1, watcher->watch_.selection, &watcher->place_);
  }
  const bool idle = step->state == app::WatchLog::State::kPresent && latest_ <= told;
  (idle ? parked_ : ready_).PushBack(&watcher->place_);
}

void WatchHub::Judge() {
  while (true) {
    JudgementQueue<Watcher>::Judgement* next = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      const auto work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopped_ || !judgements_.empty();
      };
      mutex_.Await(absl::Condition(&work));
      if (stopped_) return;
      next = judgements_.Begin();
    }
    if (next == nullptr) continue;
    const absl::Status judged = log_->Judge(next->revision, *next->selection, stop_judging_);
    absl::MutexLock lock(&mutex_);
    while (!next->waiting.empty()) {
      Watcher* const watcher = next->waiting.front();
      watcher->place_.Unlink();
      watcher->judged_ = judged;
      MakeReady(watcher);
    }
    judgements_.Done();
  }
}

void WatchHub::Send(Watcher* watcher, app::WatchMessage message) {
  watcher->token_sent_ = watcher->watch_.told.revision;
  watcher->buffer_ = BufferOf(std::move(message));
  {
    absl::MutexLock lock(&mutex_);
    watcher->heartbeat_due_ = false;
    watcher->sent_at_ = Now();
    sending_.PushBack(&watcher->sending_);
  }
  watcher->StartWrite(&watcher->buffer_);
}

void WatchHub::End(Watcher* watcher, const absl::Status& status) {
  watcher->Finish(
      edge_->Convert(watcher->context_, kMethod, app::WatchLog::Ending(watcher->watch_, status)));
}

void WatchHub::OnWritten(Watcher* watcher, bool ok) {
  watcher->buffer_.Clear();
  absl::MutexLock lock(&mutex_);
  watcher->sending_.Unlink();
  if (!ok) watcher->cancelled_ = true;
  MakeReady(watcher);
  if (starved_.empty()) return;
  Watcher* const next = starved_.front();
  next->place_.Unlink();
  MakeReady(next);
}

void WatchHub::OnCancelled(Watcher* watcher) {
  absl::MutexLock lock(&mutex_);
  watcher->cancelled_ = true;
  if (!watcher->place_.linked()) return;
  watcher->place_.Unlink();
  MakeReady(watcher);
}

void WatchHub::OnGone(Watcher* watcher) {
  absl::MutexLock lock(&mutex_);
  watcher->timer_.Unlink();
  watcher->sending_.Unlink();
  if (watcher->gone_ != nullptr && watcher->cut_off_by_ == std::this_thread::get_id()) {
    *watcher->gone_ = true;
  } else {
    const auto let_go = [watcher] { return watcher->gone_ == nullptr; };
    mutex_.Await(absl::Condition(&let_go));
  }
  --count_;
}

bool WatchHub::CutOffOne(absl::Duration since) {
  Watcher* watcher = nullptr;
  bool gone = false;
  {
    absl::MutexLock lock(&mutex_);
    if (sending_.empty() || sending_.front()->sent_at_ > since) return false;
    watcher = sending_.front();
    watcher->sending_.Unlink();
    // Another thread is at it, while a message more has gone: one protects the stream.
    if (watcher->gone_ != nullptr) return true;
    watcher->cut_off_by_ = std::this_thread::get_id();
    watcher->gone_ = &gone;
  }
  watcher->context_->TryCancel();
  absl::MutexLock lock(&mutex_);
  if (!gone) watcher->gone_ = nullptr;
  return true;
}

void WatchHub::Schedule(Watcher* watcher, absl::Duration due) {
  const int64_t second = std::max(SecondOf(due), SecondOf(Now()) + 1);
  wheel_[static_cast<size_t>(second) % kWheelSlots].PushBack(&watcher->timer_);
}

void WatchHub::Tick(int64_t second) {
  bool others_wait = false;
  {
    absl::MutexLock lock(&mutex_);
    const bool room = log_->held_bytes() <= limits_.max_held_bytes || sending_.empty();
    if (room) ready_.TakeAll(&starved_);
    // Before those leave whose heartbeat is due, who are back at once.
    others_wait = !starved_.empty();
    const absl::Duration now = Now();
    IntrusiveList<Watcher> due;
    due.TakeAll(&wheel_[static_cast<size_t>(second) % kWheelSlots]);
    while (!due.empty()) {
      Watcher* const watcher = due.front();
      watcher->timer_.Unlink();
      const absl::Duration interval = watcher->watch_.heartbeat_interval;
      // A second early rather than late: the next look is in a second.
      const bool silent =
          !watcher->sending_.linked() && watcher->sent_at_ + interval < now + absl::Seconds(1);
      Schedule(watcher, silent ? now + interval : std::max(now, watcher->sent_at_ + interval));
      if (!silent) continue;
      watcher->heartbeat_due_ = true;
      if (!watcher->place_.linked()) continue;
      watcher->place_.Unlink();
      MakeReady(watcher);
    }
  }
  const absl::Duration patience =
      others_wait ? std::min(limits_.stall, kPatienceOfStarved) : limits_.stall;
  while (CutOffOne(Now() - patience)) {
  }
}

void WatchHub::CountSeconds() {
  int64_t next = SecondOf(Now()) + 1;
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto needed = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopped_ || count_ > 0;
      };
      mutex_.Await(absl::Condition(&needed));
      const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_; };
      mutex_.AwaitWithTimeout(absl::Condition(&stopped),
                              std::max(absl::Seconds(next) - Now(), absl::ZeroDuration()));
      if (stopped_) return;
    }
    // After a time without watches, or a machine that slept, each slot once is enough.
    const int64_t present = SecondOf(Now());
    next = std::max(next, present - static_cast<int64_t>(kWheelSlots) + 1);
    for (; next <= present; ++next) Tick(next);
  }
}

}  // namespace policytrack::rpc
