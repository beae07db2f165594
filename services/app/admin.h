// What an operator does to the store as a whole: backups and the check.
//
// Thread rule: safe from any thread. The calls take as long as the store is large.
#ifndef POLICYTRACK_SERVICES_APP_ADMIN_H_
#define POLICYTRACK_SERVICES_APP_ADMIN_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/clock.h"
#include "core/log.h"
#include "policytrack/v1/admin_service.pb.h"
#include "storage/store.h"

namespace policytrack::app {

struct AdminOptions {
  std::string backup_dir;   // where backups stay; empty: nowhere
  std::string scratch_dir;  // where a copy lies while it is sent, without a backup_dir
};

class Admin {
 public:
  // Whether the caller has gone.
  using Gone = std::function<bool()>;
  // Sends a message; false when the caller takes no more.
  using SendChunk = std::function<bool(const v1::DownloadBackupResponse&)>;
  using SendProgress = std::function<bool(const v1::VerifyStoreResponse&)>;

  // Neither store nor clock is owned; both must outlive this. Removes the backups that a
  // server which was killed has left unfinished, and tells the log.
  Admin(storage::Store* store, Clock* clock, AdminOptions options, Log log);

  // The errors are those that AdminService documents; UNAVAILABLE / STORE_BUSY also
  // when the caller has gone or takes no more.
  absl::StatusOr<v1::Backup> CreateBackup(const v1::CreateBackupRequest& request, const Gone& gone);
  absl::Status DownloadBackup(const SendChunk& send, const Gone& gone);
  absl::Status VerifyStore(const SendProgress& send, const Gone& gone);

 private:
  absl::StatusOr<v1::Backup> CopyInto(const std::string& path, const Gone& gone);

  storage::Store* const store_;
  Clock* const clock_;
  const AdminOptions options_;
  const Log log_;
  absl::Mutex mutex_;
  bool copying_ ABSL_GUARDED_BY(mutex_) = false;
  bool checking_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_ADMIN_H_
