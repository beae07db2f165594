// What a check, a recovery or a copy found is kept beside the database: to find damage
// takes a look at everything, which a start has no time for.
//
// Thread rule: a DamageMark any thread; CheckMark any thread.
#ifndef POLICYTRACK_STORAGE_SQLITE_DAMAGE_MARK_H_
#define POLICYTRACK_STORAGE_SQLITE_DAMAGE_MARK_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

inline constexpr char kDamageMark[] = "policytrack.damaged";

// The mark of one data directory. It is there whole or not at all.
class DamageMark {
 public:
  explicit DamageMark(const std::string& data_dir);

  const std::string& data_dir() const { return data_dir_; }

  // Makes the mark when the report has problems, and takes it away when it has none.
  // Where that cannot be done the report says so, as one more problem.
  void Keep(VerifyReport* report);
  // Makes a mark of one problem, where there is none yet. Where that cannot be done
  // it is tried again when the same is found again.
  void Keep(const absl::Status& damage);

 private:
  absl::Status Write(const VerifyReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Remove() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string data_dir_;
  const std::string path_;
  absl::Mutex mutex_;
};

// Returns INTERNAL / STORE_DAMAGED, with what was found, when there is a mark.
absl::Status CheckMark(const std::string& data_dir);

// The same for who wants a copy, in words that a client may see.
absl::Status CheckMarkForCopy(const std::string& data_dir);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_DAMAGE_MARK_H_
