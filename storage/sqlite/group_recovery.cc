// The part of the writer that brings a database back after an I/O error.
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/error.h"
#include "storage/sqlite/group_writer.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/schema.h"

namespace policytrack::storage::sqlite {
namespace {

// Between tries to open a database that had an I/O error.
constexpr absl::Duration kFirstRetryPause = absl::Milliseconds(20);
constexpr absl::Duration kLastRetryPause = absl::Seconds(10);
// Between tries to end a check for a stop.
constexpr absl::Duration kBetweenInterrupts = absl::Milliseconds(5);

constexpr char kQuickCheck[] = "PRAGMA quick_check(1)";

}  // namespace

absl::Status StoppingError() {
  return Error(absl::StatusCode::kUnavailable, reason::kServerStopping,
               "the server is stopping, nothing was written; try again when it is back");
}

bool GroupWriter::Recover() {
  absl::Duration pause = kFirstRetryPause;
  absl::Status status = StatusOfCode(SQLITE_IOERR);
  while (true) {
    {
      // What reads have met until now is looked into by this.
      absl::MutexLock lock(&mutex_);
      distrusted_ = false;
    }
    status = Reopen(status);
    if (status.ok()) {
      SetHealthy(true);
      return true;
    }
    connection_ = nullptr;
    if (ReasonOf(status) == reason::kStoreDamaged && options_.on_damage) {
      options_.on_damage(status);
    }
    const absl::Time next_try = absl::Now() + pause;
    pause = std::min(2 * pause, kLastRetryPause);
    // What waits and what comes meanwhile is told why.
    for (bool in_time = true; in_time;) {
      FailQueue(status);
      absl::MutexLock lock(&mutex_);
      const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return !queue_.empty() || stopping_;
      };
      in_time = mutex_.AwaitWithDeadline(absl::Condition(&has_work), next_try);
      if (stopping_ && queue_.empty()) return false;
    }
  }
}

absl::Status GroupWriter::Reopen(const absl::Status& why) {
  Head head;
  PT_RETURN_IF_ERROR(Guard([&] {
    connection_ = std::make_unique<Connection>(options_.path, options_.role, options_.busy_timeout);
    return absl::OkStatus();
  }));
  PT_RETURN_IF_ERROR(CheckWhole(why));
  PT_RETURN_IF_ERROR(Guard([&] {
    // What the operating system took but may not have written is written again.
    connection_->Checkpoint();
    // And a write that changes nothing shows that it can be written.
    connection_->database().exec(absl::StrCat("PRAGMA user_version = ", kSchemaVersion));
    head = ReadHead(*connection_);
    return absl::OkStatus();
  }));
  if (head.revision < revision()) {
    return Damaged(absl::StrCat("commits/", revision(), " was acknowledged and is gone"));
  }
  // A commit that ended in an error may be there after all.
  if (head.revision == revision()) return absl::OkStatus();
  revision_.store(head.revision, std::memory_order_release);
  TellListeners();
  return absl::OkStatus();
}

// On a thread of its own, as it reads the whole file: this one has the queue to answer.
absl::Status GroupWriter::CheckWhole(const absl::Status& why) {
  bool done = false;  // guarded by mutex_
  absl::Status found;
  const auto check = [&] {
    absl::Status whole = Guard([&]() -> absl::Status {
      Query query(*connection_, kQuickCheck);
      if (query.Step() && query.View(0) == "ok") return absl::OkStatus();
      return Damaged("the database file is damaged");
    });
    absl::MutexLock lock(&mutex_);
    found = std::move(whole);
    done = true;
  };
  std::thread thread;
  PT_RETURN_IF_ERROR(Guard([&] {
    thread = std::thread(check);
    return absl::OkStatus();
  }));
  bool stopped = false;
  while (true) {
    FailQueue(why);
    absl::MutexLock lock(&mutex_);
    const auto has_news = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return done || !queue_.empty() || stopping_ != stopped;
    };
    // An interrupt that comes before the check has begun is lost, so there are several.
    mutex_.AwaitWithTimeout(absl::Condition(&has_news),
                            stopped ? kBetweenInterrupts : absl::InfiniteDuration());
    if (done) break;
    stopped = stopping_;
    if (stopped) sqlite3_interrupt(connection_->database().getHandle());
  }
  thread.join();
  return stopped ? StoppingError() : found;
}

void GroupWriter::FailQueue(const absl::Status& failure) {
  alone_ = 0;
  Pending write;
  while (Pop(&write)) write.done(failure);
}

void GroupWriter::Distrust() {
  absl::MutexLock lock(&mutex_);
  distrusted_ = true;
}

void GroupWriter::OnHealth(std::function<void(bool healthy)> listener) {
  absl::MutexLock lock(&listeners_mutex_);
  health_listener_ = std::move(listener);
  if (health_listener_ && !told_healthy_) health_listener_(false);
}

void GroupWriter::SetHealthy(bool healthy) {
  if (healthy_ == healthy) return;
  healthy_ = healthy;
  absl::MutexLock lock(&listeners_mutex_);
  told_healthy_ = healthy;
  if (health_listener_) health_listener_(healthy);
}

}  // namespace policytrack::storage::sqlite
