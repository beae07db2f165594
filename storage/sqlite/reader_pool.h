// The read-only connections, lent one transaction at a time.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_READER_POOL_H_
#define POLICYTRACK_STORAGE_SQLITE_READER_POOL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/clock.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

class ReaderPool {
 public:
  // Connections are opened when first needed, at most `connections`.
  // `on_io_error` is called from a reading thread after each I/O error but of
  // opening: many clients can use the descriptors up, and the writer has its own.
  ReaderPool(std::string path, int connections, absl::Duration busy_timeout, Clock* clock,
             std::function<void()> on_io_error, Role role = Role::kReader);
  // REQUIRES: no Read is running.
  ~ReaderPool();

  // Runs `body` in a read transaction and returns its status. A body that reads
  // again takes a second connection.
  // Returns UNAVAILABLE / STORE_BUSY when no connection is free in
  // time, and the errors of a database that fails.
  absl::Status Read(const Store::ReadBody& body);
  // The same for a body that asks the view itself, and sets `*failed` when the
  // connection is not to be used again.
  using ViewBody = std::function<absl::Status(const View& view, bool* failed)>;
  absl::Status ReadView(const ViewBody& body);

  // Of a database that nobody writes and whose commits cannot be read: makes the last
  // revision that any change is of the one that every view has. To be called first.
  // Returns INTERNAL / STORE_DAMAGED when there is none to be found either.
  absl::Status SalvageRevision();

 private:
  // Null when none is free in time.
  std::unique_ptr<Connection> Take(bool* in_time);
  void GiveBack(std::unique_ptr<Connection> connection);
  void TellIoError(const absl::Status& status);
  absl::Status ReadOn(Connection* connection, const ViewBody& body, bool* failed);

  const std::string path_;
  const Role role_;
  const absl::Duration busy_timeout_;
  Clock* const clock_;
  const std::function<void()> on_io_error_;
  std::optional<int64_t> salvaged_;  // the revision of every view
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  int free_ ABSL_GUARDED_BY(mutex_);  // how many more may be lent
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_READER_POOL_H_
