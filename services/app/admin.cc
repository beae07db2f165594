#include "services/app/admin.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "services/app/backup_file.h"
#include "services/app/times.h"

namespace policytrack::app {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
constexpr absl::Duration kBetweenProgress = absl::Seconds(1);
constexpr absl::Duration kPatience = absl::Seconds(2);

// One at a time: each reads the whole store, and a second would only slow the first.
// Who comes meanwhile waits a little, as for one that is just ending.
class Turn {
 public:
  Turn(absl::Mutex* mutex, bool* taken) : mutex_(mutex), taken_(taken) {
    absl::MutexLock lock(mutex_);
    const auto is_free = [this] { return !*taken_; };
    mine_ = mutex_->AwaitWithTimeout(absl::Condition(&is_free), kPatience);
    if (mine_) *taken_ = true;
  }
  ~Turn() {
    absl::MutexLock lock(mutex_);
    if (mine_) *taken_ = false;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool mine() const { return mine_; }

 private:
  absl::Mutex* const mutex_;
  bool* const taken_;
  bool mine_ = false;
};

absl::Status RunsAlready(absl::string_view what) {
  return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
               absl::StrCat("a ", what, " of the store runs already; try again when it is done"));
}

absl::Status CallerGone() {
  return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
               "the caller has gone, or has taken nothing for a minute; try again");
}

// Who asks the store to stop is the caller.
template <typename T>
absl::StatusOr<T> Uncancelled(absl::StatusOr<T> result) {
  if (result.status().code() == absl::StatusCode::kCancelled) return CallerGone();
  return result;
}

v1::VerifyReport ReportOf(const storage::VerifyReport& found) {
  v1::VerifyReport report;
  report.set_store_id(ToHex(found.state.first_chain_digest));
  report.set_revision(found.state.revision);
  report.set_chain_digest(ToHex(found.state.chain_digest));
  report.set_commit_count(found.commits);
  report.set_document_count(found.documents);
  report.set_point_count(found.points);
  report.set_evaluation_count(found.evaluations);
  report.set_problem_count(found.problem_count);
  for (const storage::StoreProblem& problem : found.problems) {
    v1::VerifyProblem* shown = report.add_problems();
    shown->set_resource(problem.resource);
    shown->set_message(problem.message);
  }
  return report;
}

}  // namespace

Admin::Admin(storage::Store* store, Clock* clock, AdminOptions options, Log log)
    : store_(store), clock_(clock), options_(std::move(options)), log_(std::move(log)) {
  for (const std::string& directory : {options_.backup_dir, options_.scratch_dir}) {
    if (directory.empty()) continue;
    for (const std::string& name : RemoveAbandonedBackups(directory)) {
      log_(absl::StrCat("removed ", directory, "/", name,
                        ", a backup that a server which was killed had not finished"));
    }
  }
}

absl::StatusOr<v1::Backup> Admin::CopyInto(const std::string& path, const Gone& gone) {
  PT_ASSIGN_OR_RETURN(const storage::StoreState state,
                      Uncancelled(store_->CopyTo(path, [&](int64_t, int64_t) { return !gone(); })));
  v1::Backup backup;
  *backup.mutable_create_time() = ToTimestamp(clock_->Now());
  backup.set_store_id(ToHex(state.first_chain_digest));
  backup.set_revision(state.revision);
  backup.set_chain_digest(ToHex(state.chain_digest));
  return backup;
}

absl::StatusOr<v1::Backup> Admin::CreateBackup(const v1::CreateBackupRequest& request,
                                               const Gone& gone) {
  PT_RETURN_IF_ERROR(CheckResourceId("backup_id", request.backup_id()));
  if (options_.backup_dir.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kBackupDirUnset,
                 "the server has no directory for backups; the operator must set --backup-dir, or "
                 "take the backup with DownloadBackup");
  }
  const std::string name = absl::StrCat(request.backup_id(), ".db");
  PT_RETURN_IF_ERROR(CheckNoBackup(options_.backup_dir, name));
  const Turn turn(&mutex_, &copying_);
  if (!turn.mine()) return RunsAlready("backup");
  PT_ASSIGN_OR_RETURN(BackupFile file, BackupFile::Make(options_.backup_dir));
  if (request.validate_only()) return v1::Backup();
  PT_ASSIGN_OR_RETURN(v1::Backup backup, CopyInto(file.path(), gone));
  PT_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  PT_ASSIGN_OR_RETURN(*backup.mutable_sha256(), file.Sha256());
  backup.set_size_bytes(size);
  backup.set_path(absl::StrCat(options_.backup_dir, "/", name));
  PT_RETURN_IF_ERROR(file.Publish(name));
  log_(absl::StrCat("backup ", backup.path(), " of revision ", backup.revision(), ", chain ",
                    backup.chain_digest()));
  return backup;
}

absl::Status Admin::DownloadBackup(const SendChunk& send, const Gone& gone) {
  const Turn turn(&mutex_, &copying_);
  if (!turn.mine()) return RunsAlready("backup");
  PT_ASSIGN_OR_RETURN(
      BackupFile file,
      BackupFile::Make(options_.backup_dir.empty() ? options_.scratch_dir : options_.backup_dir));
  v1::DownloadBackupResponse message;
  PT_ASSIGN_OR_RETURN(*message.mutable_backup(), CopyInto(file.path(), gone));
  PT_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  file.Hide();
  message.mutable_backup()->set_size_bytes(size);
  v1::Backup last = message.backup();
  Digest digest;
  for (int64_t offset = 0; offset < size;) {
    if (!send(message)) return CallerGone();
    message.Clear();
    PT_ASSIGN_OR_RETURN(*message.mutable_chunk(), file.Read(offset, kChunkBytes));
    if (message.chunk().empty()) return absl::InternalError("the copy became shorter");
    digest.AddRaw(message.chunk().data(), message.chunk().size());
    offset += static_cast<int64_t>(message.chunk().size());
  }
  last.set_sha256(ToHex(digest.Finish()));
  *message.mutable_backup() = last;
  if (!send(message)) return CallerGone();
  log_(absl::StrCat("backup of revision ", last.revision(), " was sent, chain ",
                    last.chain_digest()));
  return absl::OkStatus();
}

absl::Status Admin::VerifyStore(const SendProgress& send, const Gone& gone) {
  const Turn turn(&mutex_, &checking_);
  if (!turn.mine()) return RunsAlready("check");
  absl::Time told = absl::InfinitePast();
  PT_ASSIGN_OR_RETURN(const storage::VerifyReport found,
                      Uncancelled(store_->VerifyAll([&](int64_t done, int64_t all) {
                        if (gone()) return false;
                        // In real time, whatever clock commits are dated with.
                        if (absl::Now() - told < kBetweenProgress) return true;
                        told = absl::Now();
                        v1::VerifyStoreResponse progress;
                        progress.set_verified_count(done);
                        progress.set_commit_count(all);
                        return send(progress);
                      })));
  v1::VerifyStoreResponse last;
  last.set_verified_count(found.commits);
  last.set_commit_count(found.state.revision);
  *last.mutable_report() = ReportOf(found);
  for (const storage::StoreProblem& problem : found.problems) {
    log_.Error(absl::StrCat("the check found damage: ", problem.resource, ": ", problem.message));
  }
  if (!send(last)) return CallerGone();
  return absl::OkStatus();
}

}  // namespace policytrack::app
