// The one thread that writes: drains a queue and commits what waits together in
// one database transaction.
//
// When the database fails inside a group, everything of the group is rolled
// back and its writes run again, each in a transaction of its own, so that only
// those fail that the database cannot take.
//
// A write that is refused has mostly changed nothing. Where it has, the group is
// rolled back and run again, each write in a savepoint of its own: one for every write
// would cost a tenth of a small one. Those whose changes are always taken back have
// theirs at once.
//
// After an I/O error nothing runs again, as a commit may be stored whose end
// was an error. The connection is closed and the store unhealthy until another
// has been opened and has passed a quick check; it is tried at once, then with
// growing pauses. Writes that come meanwhile fail at once, also while the check reads
// the whole file; a stop ends the check.
#ifndef POLICYTRACK_STORAGE_SQLITE_GROUP_WRITER_H_
#define POLICYTRACK_STORAGE_SQLITE_GROUP_WRITER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/clock.h"
#include "core/second_thread.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

// What is told to a write that comes after a stop: SERVER_STOPPING.
absl::Status StoppingError();

// Thread rule: any thread, but Stop and RemoveListener not from a callback.
class GroupWriter {
 public:
  struct Options {
    std::string path;
    Role role = Role::kWriter;
    absl::Duration busy_timeout;
    // Called from the writer thread when a recovery finds that the database is damaged
    // or that something acknowledged is gone. Null for none.
    std::function<void(const absl::Status& damage)> on_damage;
  };

  // Takes the writer's connection over; `head` is its last commit.
  GroupWriter(Options options, std::unique_ptr<Connection> connection, const Head& head,
              Clock* clock);
  // Stops.
  ~GroupWriter();

  // See Store. After Stop `done` is called at once, from this thread.
  void Enqueue(WriteOptions options, Store::WriteBody body, Store::WriteDone done);
  int AddListener(std::function<void(int64_t)> listener);
  void RemoveListener(int id);
  // Calls `listener` from the writer thread when the store becomes unhealthy or
  // healthy again, and now if it is unhealthy. Null for none.
  void OnHealth(std::function<void(bool healthy)> listener);
  // Someone else met an I/O error: the writer looks for itself.
  void Distrust();
  int64_t revision() const { return revision_.load(std::memory_order_acquire); }
  // Without the sizes of files.
  StoreStats stats() const;
  // Finishes what is queued; later writes get SERVER_STOPPING.
  void Stop();

 private:
  struct Pending {
    WriteOptions options;
    Store::WriteBody body;
    Store::WriteDone done;
    absl::StatusOr<int64_t> result = 0;
    bool changed = false;
  };

  void Loop();
  void RunGroup();
  // Fills `*group` from the queue and runs each. A status that is not ok means
  // that the database failed and everything must be rolled back.
  absl::Status RunWrites(std::vector<Pending>* group, Head* head);
  // `undoes`: in a savepoint, so that it can be taken back alone.
  absl::Status RunOne(Pending* write, bool undoes, Head* head, int64_t* points);
  absl::Status Begin(Head* head);
  void Answer(std::vector<Pending>* group, bool committed);
  void Count(const std::vector<Pending>& group);
  // Puts writes back in front of the queue, to run one at a time.
  void Requeue(std::vector<Pending>* group);
  bool Pop(Pending* write);
  // Checkpoints when the log is long, after the answers: no commit waits for it
  // unless writes come so thick that there is no pause.
  void TidyLog();
  // After a failure other than busy or full the connection is not trusted again,
  // after an I/O error the database is not.
  void AfterFailure(const absl::Status& failure);

  // Tries to make the store healthy, or fails what waits; then waits for the
  // next try. False when the writer is to end.
  bool Recover();
  // A new connection to a database that is whole and has all that was acknowledged.
  // Writes that come meanwhile get `why`.
  absl::Status Reopen(const absl::Status& why);
  // SERVER_STOPPING when it was ended by a stop.
  absl::Status CheckWhole(const absl::Status& why);
  void SetHealthy(bool healthy);
  void FailQueue(const absl::Status& failure);
  void TellListeners();

  const Options options_;
  Clock* const clock_;
  std::unique_ptr<Connection> connection_;  // of the writer thread
  SecondThread second_;                     // beside the writer thread
  size_t alone_ = 0;                        // writes to run one at a time; of the writer thread
  size_t careful_ = 0;                      // writes to run in a savepoint each; likewise
  // A write of the group was refused after it had changed something, and there is no
  // savepoint to go back to; of the writer thread.
  bool again_ = false;
  std::atomic<int64_t> revision_;
  bool healthy_ = true;  // of the writer thread

  mutable absl::Mutex mutex_;
  bool distrusted_ ABSL_GUARDED_BY(mutex_) = false;
  StoreStats stats_ ABSL_GUARDED_BY(mutex_);
  std::deque<Pending> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // Held while listeners run, so that a removed one is not running.
  absl::Mutex listeners_mutex_;
  std::function<void(bool)> health_listener_ ABSL_GUARDED_BY(listeners_mutex_);
  bool told_healthy_ ABSL_GUARDED_BY(listeners_mutex_) = true;
  int next_listener_ ABSL_GUARDED_BY(listeners_mutex_) = 1;
  std::map<int, std::function<void(int64_t)>> listeners_ ABSL_GUARDED_BY(listeners_mutex_);

  absl::Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_GROUP_WRITER_H_
