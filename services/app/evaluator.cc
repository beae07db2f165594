#include "services/app/evaluator.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "services/app/computed_reader.h"
#include "services/app/evaluation_write.h"

namespace policytrack::app {
namespace {

// How far the stored cursor may lie behind, so that a start has little to pass again.
constexpr int64_t kMaxCursorLag = 1000;
// Pauses after a pass that the store refused, doubled from the first to the last.
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLastPause = absl::Seconds(5);

}  // namespace

Evaluator::Evaluator(storage::Store* store, plugins::Engine* engine, Log log, Auditor auditor)
    : store_(store), engine_(engine), log_(std::move(log)), auditor_(auditor) {}

Evaluator::~Evaluator() { Stop(); }

void Evaluator::Start() {
  const int id = store_->AddListener([this](int64_t revision) {
    absl::MutexLock lock(&mutex_);
    if (seen_ <= evaluated_ && revision > evaluated_) behind_since_ = absl::Now();
    seen_ = std::max(seen_, revision);
  });
  {
    absl::MutexLock lock(&mutex_);
    listener_ = id;
    seen_ = std::max(seen_, store_->revision());
    behind_since_ = absl::Now();
  }
  thread_ = std::thread([this] { Follow(); });
}

absl::Status Evaluator::Freeze() {
  absl::MutexLock pass_lock(&pass_mutex_);
  PT_RETURN_IF_ERROR(LoadCursor());
  absl::MutexLock lock(&mutex_);
  frozen_ = true;
  return absl::OkStatus();
}

void Evaluator::Stop() {
  interrupt_.store(true, std::memory_order_relaxed);
  int listener = -1;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    std::swap(listener, listener_);
  }
  if (listener >= 0) store_->RemoveListener(listener);
  if (thread_.joinable()) thread_.join();
}

void Evaluator::Follow() {
  absl::Duration pause = kFirstPause;
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto wake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || check_all_ || seen_ > evaluated_;
      };
      mutex_.Await(absl::Condition(&wake));
      if (stopping_) return;
    }
    const absl::StatusOr<bool> did = EvaluateOnce();
    if (did.ok()) {
      pause = kFirstPause;
      continue;
    }
    log_.Warning(absl::StrCat("evaluation waits ", absl::FormatDuration(pause),
                              " and tries again: ", did.status().ToString()));
    absl::MutexLock lock(&mutex_);
    const auto stopping = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping), pause)) return;
    pause = std::min(pause * 2, kLastPause);
  }
}

void Evaluator::RecheckAll() {
  absl::MutexLock lock(&mutex_);
  check_all_ = true;
}

int64_t Evaluator::evaluated_revision() const {
  absl::MutexLock lock(&mutex_);
  return evaluated_;
}

Evaluator::Stats Evaluator::stats() const {
  const int64_t present = store_->revision();
  absl::MutexLock lock(&mutex_);
  Stats stats;
  stats.lag_revisions = std::max<int64_t>(0, present - evaluated_);
  if (stats.lag_revisions > 0 && behind_since_ != absl::InfiniteFuture()) {
    stats.lag = std::max(absl::ZeroDuration(), absl::Now() - behind_since_);
  }
  stats.passes = passes_;
  stats.failures = failures_;
  return stats;
}

absl::Status Evaluator::LoadCursor() {
  if (cursor_loaded_) return absl::OkStatus();
  int64_t cursor = 0;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(cursor, tx.GetCursor(kEvaluatedCursor));
    return absl::OkStatus();
  }));
  cursor_loaded_ = true;
  stored_cursor_ = cursor;
  absl::MutexLock lock(&mutex_);
  evaluated_ = cursor;
  return absl::OkStatus();
}

absl::StatusOr<bool> Evaluator::EvaluateOnce() {
  absl::MutexLock pass_lock(&pass_mutex_);
  PT_RETURN_IF_ERROR(LoadCursor());
  int64_t after = 0;
  bool check_all = false;
  {
    absl::MutexLock lock(&mutex_);
    after = evaluated_;
    std::swap(check_all, check_all_);
  }
  // What is committed from here on may not be seen by this pass.
  const absl::Time begun = absl::Now();
  if (!check_all && store_->revision() <= after) return false;

  EvaluationPass pass(store_, engine_, &graph_, &log_, &interrupt_, check_all, auditor_, &second_);
  absl::Status status = pass.Run(after);
  const bool concerned_nothing = pass.concerned_nothing();
  EvaluationPass::Outcome outcome = pass.TakeOutcome();
  const bool empty = outcome.empty();
  // Given back only when everybody may see what was written.
  const OutputWrites writes = WritesOf(std::move(outcome.patches));
  absl::StatusOr<int64_t> reached = 0;
  if (status.ok()) {
    const int64_t upto = outcome.input_revision;
    if (concerned_nothing && upto - stored_cursor_ <= kMaxCursorLag) {
      reached = upto;
    } else {
      std::vector<v1::PluginRecord> records;
      reached = WriteOutcome(*store_, outcome, writes, &records);
      status = reached.status();
      if (status.ok()) {
        stored_cursor_ = *reached;
        for (const v1::PluginRecord& record : records) engine_->Apply(record);
        if (!outcome.findings.empty() && inconsistent_) inconsistent_();
      }
    }
  }
  absl::MutexLock lock(&mutex_);
  ++passes_;
  for (const auto& [plugin_and_reason, count] : outcome.failures) {
    failures_[plugin_and_reason] += count;
  }
  if (!status.ok()) {
    // The graph may be ahead of the cursor or half read.
    graph_.Reset();
    check_all_ = check_all_ || check_all;
    return status;
  }
  evaluated_ = *reached;
  // What else the plugin computed is not believed any more.
  if (!outcome.findings.empty()) check_all_ = true;
  behind_since_ = seen_ > evaluated_ ? begun : absl::InfiniteFuture();
  return *reached > after || !empty;
}

absl::Status Evaluator::WaitFor(int64_t revision, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto passed = [this, revision]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || frozen_ || evaluated_ >= revision;
  };
  // Waiting is in real time, whatever clock commits are dated with.
  mutex_.AwaitWithDeadline(absl::Condition(&passed), deadline);
  if (evaluated_ >= revision) return absl::OkStatus();
  if (frozen_) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kStoreReadOnly,
                 absl::StrCat("the server runs with --read-only-salvage, and what is there was "
                              "evaluated up to revision ",
                              evaluated_, "; ask for no later one"));
  }
  if (stopping_) {
    return Error(absl::StatusCode::kUnavailable, reason::kServerStopping,
                 "the server is stopping; try again when it is back");
  }
  return Error(absl::StatusCode::kDeadlineExceeded, reason::kEvaluationBehind,
               absl::StrCat("evaluation has passed revision ", evaluated_, " and not yet ",
                            revision, "; ask again, or without at_least_revision"),
               {{"evaluated_revision", absl::StrCat(evaluated_)}});
}

}  // namespace policytrack::app
