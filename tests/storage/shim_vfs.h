// A layer between SQLite and the file system that a test can look through and
// interfere with. While one lives it is SQLite's default, for this process only;
// the real files are below it. Syncs end here: only the machine that runs the
// test would lose by that, and the tests are far quicker.
#ifndef POLICYTRACK_TESTS_STORAGE_SHIM_VFS_H_
#define POLICYTRACK_TESTS_STORAGE_SHIM_VFS_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace policytrack::storage {

// kShmGrow is a kShmMap that makes the shared index of the log longer.
enum class IoCall { kOpen, kDelete, kRead, kWrite, kTruncate, kSync, kSize, kShmMap, kShmGrow };

// Sees every call before it is made. Called from whichever thread SQLite runs
// in, several at a time.
class IoObserver {
 public:
  virtual ~IoObserver() = default;

  // SQLITE_OK lets the call through; kPretend answers it with SQLITE_OK without
  // making it; another code is its answer. A write that fails has written half.
  static constexpr int kPretend = -1;
  virtual int Before(IoCall /*call*/, const std::string& /*path*/) { return SQLITE_OK; }

  // What a call that went through has changed.
  virtual void Wrote(const std::string& /*path*/, int64_t /*offset*/, absl::string_view /*bytes*/) {
  }
  virtual void Truncated(const std::string& /*path*/, int64_t /*size*/) {}
  virtual void Synced(const std::string& /*path*/) {}
  virtual void Deleted(const std::string& /*path*/) {}
};

class ShimVfs {
 public:
  // `observer` must outlive it. REQUIRES: no other ShimVfs lives.
  explicit ShimVfs(IoObserver* observer);
  // REQUIRES: every database that was opened meanwhile is closed.
  ~ShimVfs();
  ShimVfs(const ShimVfs&) = delete;
  ShimVfs& operator=(const ShimVfs&) = delete;

  IoObserver& observer() { return *observer_; }
  sqlite3_vfs* real() { return real_; }

 private:
  IoObserver* const observer_;
  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;
};

// The code with which the file system below SQLite fails a call.
int IoErrorOf(IoCall call);

}  // namespace policytrack::storage

#endif  // POLICYTRACK_TESTS_STORAGE_SHIM_VFS_H_
