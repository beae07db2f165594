#include "storage/sqlite/reader_pool.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "storage/sqlite/guard.h"
#include "storage/sqlite/queries.h"
#include "storage/sqlite/view_transaction.h"

namespace policytrack::storage::sqlite {
ReaderPool::ReaderPool(std::string path, int connections, absl::Duration busy_timeout, Clock* clock,
                       std::function<void()> on_io_error, Role role)
    : path_(std::move(path)),
      role_(role),
      busy_timeout_(busy_timeout),
      clock_(clock),
      on_io_error_(std::move(on_io_error)),
      free_(std::max(connections, 1)) {}

ReaderPool::~ReaderPool() = default;

absl::Status ReaderPool::Read(const Store::ReadBody& body) {
  return ReadView([&](const View& view, bool* failed) {
    ViewReadTransaction transaction(view);
    const absl::Status status = body(transaction);
    *failed = !transaction.failure().ok();
    // Also one that the body kept to itself.
    TellIoError(transaction.failure());
    return status;
  });
}

absl::Status ReaderPool::ReadView(const ViewBody& body) {
  bool in_time = false;
  std::unique_ptr<Connection> connection = Take(&in_time);
  if (!in_time) {
    return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                 "too many reads are running; try again later");
  }
  bool failed = true;
  absl::Status status = Guard([&] {
    if (connection == nullptr) {
      connection = std::make_unique<Connection>(path_, role_, busy_timeout_);
    }
    return ReadOn(connection.get(), body, &failed);
  });
  // A connection that failed is not trusted again; the next read opens another.
  if (failed) connection = nullptr;
  if (failed) TellIoError(status);
  GiveBack(std::move(connection));
  return status;
}

void ReaderPool::TellIoError(const absl::Status& status) {
  if (IsIoError(status) && !IsOpenError(status)) on_io_error_();
}

absl::Status ReaderPool::SalvageRevision() {
  return Guard([&] {
    Connection connection(path_, role_, busy_timeout_);
    Query last(connection, "SELECT max(revision) FROM changes");
    last.Step();
    salvaged_ = last.Int(0);
    return absl::OkStatus();
  });
}

absl::Status ReaderPool::ReadOn(Connection* connection, const ViewBody& body, bool* failed) {
  connection->Run("BEGIN");
  // The first query takes the snapshot that all others see.
  const int64_t revision = salvaged_.has_value() ? *salvaged_ : ReadRevision(*connection);
  const int64_t now_us = absl::ToUnixMicros(clock_->Now());
  bool body_failed = false;
  const absl::Status status = body(View{connection, revision, revision, now_us}, &body_failed);
  if (body_failed) {
    // What a damaged database says to COMMIT is of no account: the connection goes.
    connection->RollBack();
    return status;
  }
  connection->Run("COMMIT");
  *failed = false;
  return status;
}

std::unique_ptr<Connection> ReaderPool::Take(bool* in_time) {
  absl::MutexLock lock(&mutex_);
  const auto is_free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return free_ > 0; };
  *in_time = mutex_.AwaitWithTimeout(absl::Condition(&is_free), busy_timeout_);
  if (!*in_time) return nullptr;
  --free_;
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ReaderPool::GiveBack(std::unique_ptr<Connection> connection) {
  absl::MutexLock lock(&mutex_);
  ++free_;
  if (connection != nullptr) idle_.push_back(std::move(connection));
}

}  // namespace policytrack::storage::sqlite
