// The Store in one SQLite file.
//
// One thread writes, in groups (group_writer.h); reads run on the caller's
// thread over a pool of read-only connections, each in a snapshot of its own, so
// that neither waits for the other. Start here, then write_transaction.cc.
//
// Thread rule: any thread, but from within a WriteDone or a listener neither
// Write, Stop nor RemoveListener. Destroy it when no call is running.
#ifndef POLICYTRACK_STORAGE_SQLITE_SQLITE_STORE_H_
#define POLICYTRACK_STORAGE_SQLITE_SQLITE_STORE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/clock.h"
#include "storage/store.h"

namespace policytrack::storage {

struct SqliteOptions {
  std::string data_dir;
  int reader_connections = 4;  // reads that can run at a time
  bool sync_full = true;       // false: a power loss may take the last commits
  // Opens a damaged database too, where SQLite can open it at all: reads answer what
  // can be read, writes are refused, and nothing in it is changed.
  bool read_only_salvage = false;
  // Told by Open, in a line, what whoever runs it should know; null for nobody.
  std::function<void(absl::string_view line)> tell;
  // How long a read waits for a connection, and all for another process.
  absl::Duration busy_timeout = absl::Seconds(5);
};

class SqliteStore final : public Store {
 public:
  // Opens the store in a directory, or makes one where the directory is missing
  // or empty. `clock` must outlive it.
  // Returns FAILED_PRECONDITION, with what is wrong and what to do, when the
  // directory is not ours, is in use by another server, cannot be used, or its
  // database is of a newer version; INTERNAL / STORE_DAMAGED when the database
  // or its log is damaged, as far as a quick look or the last VerifyAll tells; else the errors of a
  // database that fails. Nothing is changed in a directory that is refused.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteOptions& options,
                                                           Clock* clock);
  // Stops.
  ~SqliteStore() override;

  absl::Status Read(const ReadBody& body) override;
  // After Stop, or open for salvage, `done` is called at once, from the calling thread.
  void WriteAsync(WriteOptions options, WriteBody body, WriteDone done) override;
  absl::Status CheckCanBeWritten() const override;
  int AddListener(std::function<void(int64_t)> listener) override;
  void RemoveListener(int id) override;
  int64_t revision() const override;
  absl::StatusOr<StoreState> CopyTo(const std::string& file, const Progress& progress) override;
  absl::StatusOr<VerifyReport> VerifyAll(const Progress& progress) override;
  StoreStats stats() const override;
  // Reads go on after it.
  void Stop() override;

  // An I/O error makes the store unhealthy: writes are refused, reads answer
  // where they can, until the database has been opened again and has passed a
  // quick check, which the store tries by itself. `listener` is called from the
  // writer thread at each change, and here if the store is unhealthy now. It must
  // not block. Null for none; none is running after it returns.
  void OnHealth(std::function<void(bool healthy)> listener);

  // VerifyAll up to the first problem, and nothing is kept in mind.
  // Returns INTERNAL / STORE_DAMAGED, with the first commit that does not match
  // (metadata `resource`) where it is one, and the errors of Read.
  absl::Status Verify();

 private:
  struct Parts;
  explicit SqliteStore(std::unique_ptr<Parts> parts);

  static absl::StatusOr<std::unique_ptr<SqliteStore>> OpenForSalvage(const SqliteOptions& options,
                                                                     Clock* clock);
  absl::StatusOr<VerifyReport> Check(const Progress& progress, bool first_only);

  std::unique_ptr<Parts> parts_;
};

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_SQLITE_SQLITE_STORE_H_
