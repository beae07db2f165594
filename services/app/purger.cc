#include "services/app/purger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/app/request_log.h"

namespace policytrack::app {
namespace {

// A purge may be this late; nothing depends on the minute.
constexpr absl::Duration kPause = absl::Hours(1);

}  // namespace

Purger::Purger(storage::Store* store, Documents* documents, Log log)
    : store_(store), documents_(documents), log_(std::move(log)) {}

Purger::~Purger() { Stop(); }

void Purger::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Purger::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Purger::Look() {
  const absl::StatusOr<int> purged = documents_->PurgeExpired();
  if (!purged.ok()) {
    log_.Warning(
        absl::StrCat("purging deleted ", documents_->kind().collection(),
                     " failed and is tried again in an hour: ", purged.status().ToString()));
  } else if (*purged > 0) {
    log_(absl::StrCat("purged ", *purged, " deleted ", documents_->kind().collection()));
  }
  const absl::StatusOr<int64_t> dropped = DropExpiredAnswers(store_, [this] {
    absl::MutexLock lock(&mutex_);
    return !stopping_;
  });
  if (!dropped.ok()) {
    log_.Warning(
        absl::StrCat("dropping answers of old requests failed and is tried again in an hour: ",
                     dropped.status().ToString()));
  } else if (*dropped > 0) {
    log_(absl::StrCat("dropped the answers of ", *dropped, " old requests"));
  }
}

void Purger::Loop() {
  while (true) {
    Look();
    absl::MutexLock lock(&mutex_);
    const auto stopping = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping), kPause)) return;
  }
}

}  // namespace policytrack::app
