#include "storage/sqlite/group_writer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/write_transaction.h"

namespace policytrack::storage::sqlite {
namespace {

// A group ends at either, so that the first of it need not wait long.
constexpr size_t kMaxGroupWrites = 256;
constexpr int64_t kMaxGroupPoints = 65536;

// From the first length on the log is moved into the database in a pause, from
// the second in any case: 16 and 64 MiB.
constexpr int kLogPages = 4000;
constexpr int kMaxLogPages = 16000;

constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kSavepoint[] = "SAVEPOINT one_write";
constexpr char kUndo[] = "ROLLBACK TO one_write";
constexpr char kRelease[] = "RELEASE one_write";

absl::Status RunSql(Connection& connection, const char* sql) {
  return Guard([&] {
    connection.Run(sql);
    return absl::OkStatus();
  });
}

absl::Status Commit(Connection& connection) {
  return GuardCommit([&] {
    connection.Run(kCommit);
    return absl::OkStatus();
  });
}

}  // namespace

GroupWriter::GroupWriter(Options options, std::unique_ptr<Connection> connection, const Head& head,
                         Clock* clock)
    : options_(std::move(options)),
      clock_(clock),
      connection_(std::move(connection)),
      revision_(head.revision),
      thread_([this] { Loop(); }) {}

GroupWriter::~GroupWriter() { Stop(); }

void GroupWriter::Enqueue(WriteOptions options, Store::WriteBody body, Store::WriteDone done) {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopping_) {
      queue_.push_back({std::move(options), std::move(body), std::move(done), 0, false});
      return;
    }
  }
  done(StoppingError());
}

int GroupWriter::AddListener(std::function<void(int64_t)> listener) {
  absl::MutexLock lock(&listeners_mutex_);
  const int id = next_listener_++;
  listeners_.emplace(id, std::move(listener));
  return id;
}

void GroupWriter::RemoveListener(int id) {
  absl::MutexLock lock(&listeners_mutex_);
  listeners_.erase(id);
}

void GroupWriter::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  absl::MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void GroupWriter::Loop() {
  while (true) {
    bool distrusted = false;
    {
      absl::MutexLock lock(&mutex_);
      const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return !queue_.empty() || distrusted_ || stopping_;
      };
      mutex_.Await(absl::Condition(&has_work));
      if (queue_.empty() && stopping_) return;
      distrusted = std::exchange(distrusted_, false);
    }
    if (distrusted) {
      connection_ = nullptr;
      SetHealthy(false);
    } else {
      RunGroup();
      TidyLog();
    }
    if (!healthy_ && !Recover()) return;
  }
}

void GroupWriter::TidyLog() {
  if (connection_ == nullptr || connection_->log_pages() < kLogPages) return;
  if (connection_->log_pages() < kMaxLogPages) {
    absl::MutexLock lock(&mutex_);
    if (!queue_.empty()) return;
  }
  const absl::Status status = Guard([&] {
    connection_->Checkpoint();
    return absl::OkStatus();
  });
  if (!status.ok()) AfterFailure(status);
}

bool GroupWriter::Pop(Pending* write) {
  absl::MutexLock lock(&mutex_);
  if (queue_.empty()) return false;
  *write = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void GroupWriter::Requeue(std::vector<Pending>* group) {
  absl::MutexLock lock(&mutex_);
  while (!group->empty()) {
    group->back().result = 0;
    group->back().changed = false;
    queue_.push_front(std::move(group->back()));
    group->pop_back();
  }
}

void GroupWriter::RunGroup() {
  std::vector<Pending> group;
  Head head;
  absl::Status failure = Begin(&head);
  if (failure.ok()) {
    failure = RunWrites(&group, &head);
    if (std::exchange(again_, false) && failure.ok()) {
      connection_->RollBack();
      careful_ = group.size();
      Requeue(&group);
      return;
    }
    if (failure.ok()) failure = Commit(*connection_);
    if (!failure.ok() && group.size() > 1 && !IsIoError(failure)) {
      AfterFailure(failure);
      alone_ = group.size();
      Requeue(&group);
      return;
    }
  } else {
    // All that waits fails now: each by itself would wait as long again.
    Pending write;
    while (group.size() < kMaxGroupWrites && Pop(&write)) group.push_back(std::move(write));
    alone_ -= std::min(alone_, group.size());
    careful_ -= std::min(careful_, group.size());
  }
  if (!failure.ok()) {
    AfterFailure(failure);
    // Also of a write that was refused: what it was held against is undone.
    for (Pending& write : group) write.result = failure;
    Answer(&group, false);
    return;
  }
  const bool committed = head.revision != revision();
  revision_.store(head.revision, std::memory_order_release);
  Count(group);
  Answer(&group, committed);
}

absl::Status GroupWriter::Begin(Head* head) {
  return Guard([&] {
    if (connection_ == nullptr) {
      connection_ =
          std::make_unique<Connection>(options_.path, options_.role, options_.busy_timeout);
    }
    connection_->Run(kBegin);
    *head = ReadHead(*connection_);
    return absl::OkStatus();
  });
}

absl::Status GroupWriter::RunWrites(std::vector<Pending>* group, Head* head) {
  int64_t points = 0;
  const size_t limit = alone_ > 0 ? 1 : kMaxGroupWrites;
  while (group->size() < limit && points < kMaxGroupPoints) {
    Pending write;
    if (!Pop(&write)) break;
    const bool undoes = alone_ > 0 || careful_ > 0 || write.options.dry_run;
    if (alone_ > 0) --alone_;
    if (careful_ > 0) --careful_;
    group->push_back(std::move(write));
    PT_RETURN_IF_ERROR(RunOne(&group->back(), undoes, head, &points));
    if (again_) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status GroupWriter::RunOne(Pending* write, bool undoes, Head* head, int64_t* points) {
  const int64_t changes = connection_->changes();
  if (undoes) PT_RETURN_IF_ERROR(RunSql(*connection_, kSavepoint));
  SqliteWriteTransaction transaction(connection_.get(), *head, absl::ToUnixMicros(clock_->Now()),
                                     &second_);
  const absl::Status status = Guard([&] { return write->body(transaction); });
  PT_RETURN_IF_ERROR(transaction.failure());
  // Some errors make SQLite roll back everything by itself.
  if (!connection_->InTransaction()) return absl::InternalError("the database rolled back");
  if (!status.ok() || write->options.dry_run) {
    if (undoes) {
      PT_RETURN_IF_ERROR(RunSql(*connection_, kUndo));
    } else if (connection_->changes() != changes) {
      again_ = true;
      return absl::OkStatus();
    }
    write->result = status.ok() ? absl::StatusOr<int64_t>(head->revision) : status;
  } else {
    if (transaction.changed()) {
      PT_ASSIGN_OR_RETURN(*head, transaction.Finish(write->options));
      write->changed = true;
    }
    *points += transaction.points();
    write->result = head->revision;
  }
  return undoes ? RunSql(*connection_, kRelease) : absl::OkStatus();
}

void GroupWriter::Count(const std::vector<Pending>& group) {
  absl::MutexLock lock(&mutex_);
  ++stats_.database_transactions;
  for (const Pending& write : group) {
    if (!write.changed) continue;
    switch (write.options.kind) {
      case CommitKind::kDocument:
        ++stats_.document_commits;
        break;
      case CommitKind::kPush:
        ++stats_.push_commits;
        break;
      case CommitKind::kEvaluation:
        ++stats_.evaluation_commits;
        break;
    }
  }
}

StoreStats GroupWriter::stats() const {
  absl::MutexLock lock(&mutex_);
  StoreStats stats = stats_;
  stats.queued_writes = static_cast<int64_t>(queue_.size());
  return stats;
}

void GroupWriter::AfterFailure(const absl::Status& failure) {
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.failed_transactions;
  }
  const bool io_error = IsIoError(failure);
  if (connection_ != nullptr) connection_->RollBack();
  if (io_error || failure.code() != absl::StatusCode::kUnavailable) connection_ = nullptr;
  if (io_error) SetHealthy(false);
}

void GroupWriter::Answer(std::vector<Pending>* group, bool committed) {
  for (Pending& write : *group) write.done(std::move(write.result));
  if (committed) TellListeners();
}

void GroupWriter::TellListeners() {
  absl::MutexLock lock(&listeners_mutex_);
  for (const auto& [id, listener] : listeners_) listener(revision());
}

}  // namespace policytrack::storage::sqlite
